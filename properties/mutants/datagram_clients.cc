// The mutants of clients of datagrams, and the sound ones.
// Not for: servers of datagrams (datagram_bytes.cc, datagram_peers.cc).
#include <chrono>
#include <cstring>

#include "absl/strings/str_replace.h"
#include "properties/mutants/client_mutants.h"

namespace verbatim {
namespace {

using std::string;
using std::chrono::milliseconds;

// One at a time; it goes on after kLostAfter.
struct StopAndWait : DatagramClientHooks {
  bool MayReadInput(const DatagramTalk& talk) override { return talk.due == 0; }
};

// The same, and it never does.
struct WaitsForLost : StopAndWait {
  void Lost(DatagramTalk&) override {}
};

struct LostEnds : DatagramClientHooks {
  void Lost(DatagramTalk& talk) override { talk.over = true; }
};

struct EmptyEnds : DatagramClientHooks {
  string Received(DatagramTalk& talk, string data) override {
    talk.over |= data.empty();
    return data;
  }
};

struct PrintsStrangers : DatagramClientHooks {
  bool Connects() const override { return false; }
};

struct LeavesAtEnd : DatagramClientHooks {
  bool MayEnd(const DatagramTalk& talk) override { return talk.input_ended; }
};

// Whatever comes later is thrown away.
struct LateIgnored : DatagramClientHooks {
  void Send(DatagramTalk& talk, const string& data) override {
    DatagramClientHooks::Send(talk, data);
    sent_at_ = DatagramTalk::Clock::now();
  }
  string Received(DatagramTalk&, string data) override {
    return DatagramTalk::Clock::now() - sent_at_ < milliseconds(200) ? data : "";
  }
  DatagramTalk::Clock::time_point sent_at_;
};

struct SoonGivesUp : DatagramClientHooks {
  bool MayEnd(const DatagramTalk& talk) override {
    const bool patient = DatagramTalk::Clock::now() - talk.moved_at < milliseconds(100);
    return DatagramClientHooks::MayEnd(talk) || (talk.input_ended && !patient);
  }
};

struct DatagramByStrlen : DatagramClientHooks {
  string Received(DatagramTalk&, string data) override {
    data.resize(::strnlen(data.data(), data.size()));
    return data;
  }
};

struct DatagramLines : DatagramClientHooks {
  string Received(DatagramTalk&, string data) override { return data + "\n"; }
};

struct DatagramCrLf : DatagramClientHooks {
  string Received(DatagramTalk&, string data) override {
    return absl::StrReplaceAll(data, {{"\n", "\r\n"}});
  }
};

template <size_t kBytes>
struct AnswerOf : DatagramClientHooks {
  size_t AnswerBytes() const override { return kBytes; }
};

// Neither a refusal nor a lost answer ends it.
struct WaitsForEver : DatagramClientHooks {
  bool MayEnd(const DatagramTalk& talk) override {
    // As if something had just come.
    const_cast<DatagramTalk&>(talk).moved_at = DatagramTalk::Clock::now();
    return DatagramClientHooks::MayEnd(talk);
  }
};

// That nothing came is nothing to speak of.
struct ContentWithNothing : DatagramClientHooks {
  bool MayEnd(const DatagramTalk& talk) override {
    const auto silent = DatagramTalk::Clock::now() - talk.moved_at;
    return DatagramClientHooks::MayEnd(talk) || (talk.input_ended && silent > milliseconds(2000));
  }
};

// Its own copy is not told from a loss.
struct SendsTwice : DatagramClientHooks {
  void Send(DatagramTalk& talk, const string& data) override {
    DatagramClientHooks::Send(talk, data);
    DatagramClientHooks::Send(talk, data);
  }
};

struct DatagramByte255Ends : DatagramClientHooks {
  string Input(DatagramTalk& talk, string data) override {
    const size_t at = data.find('\xff');
    talk.input_ended = at != string::npos;
    return data.substr(0, at);
  }
};

struct DatagramNulEnds : DatagramClientHooks {
  string Input(DatagramTalk&, string data) override {
    data.resize(::strnlen(data.data(), data.size()));
    return data;
  }
};

}  // namespace

std::vector<Mutant> DatagramClientRows() {
  const std::vector<absl::string_view> exact = {"client.datagram.exact"};
  const std::vector<absl::string_view> every_byte = {"client.datagram.every-byte"};
  return {
      DatagramClientRow<WaitsForLost>("waits-for-lost",
                                      "an answer that never comes is waited for for ever",
                                      "one blocking read for each write", {"client.datagram.lost"}),
      DatagramClientRow<LostEnds>("lost-ends", "ends when an answer has not come for 400 ms",
                                  "a time-out taken for the end", {"client.datagram.lost"}),
      DatagramClientRow<EmptyEnds>("empty-ends", "an empty datagram is taken for the end",
                                   "loops while (recv(...) > 0)", {"client.datagram.empty"}),
      DatagramClientRow<PrintsStrangers>("prints-strangers", "what anybody sends is printed",
                                         "recvfrom whose sender is not looked at",
                                         {"client.datagram.stranger"}),
      DatagramClientRow<LeavesAtEnd>("leaves-at-end", "ends as soon as its input does",
                                     "nc -u -q 0", {"client.datagram.drains"}),
      DatagramClientRow<LateIgnored>("late-ignored", "an answer later than 200 ms is not printed",
                                     "SO_RCVTIMEO", {"client.datagram.delayed"}),
      DatagramClientRow<SoonGivesUp>("soon-gives-up",
                                     "ends 100 ms after its input without an answer",
                                     "clients for one network", {"client.datagram.drains"}),
      DatagramClientRow<DatagramByStrlen>("answers-by-strlen",
                                          "what is printed is measured by strlen",
                                          "clients that print by puts or %s", every_byte),
      DatagramClientRow<DatagramLines>("answers-as-lines",
                                       "a newline is printed behind each answer",
                                       "clients for people alone", exact),
      DatagramClientRow<DatagramCrLf>("answers-lf-is-cr-lf", "LF is printed as CR LF",
                                      "standard output in the text mode of Windows", every_byte),
      DatagramClientRow<AnswerOf<80>>("answer-of-80", "an answer is cut at 80 bytes",
                                      "arrays of a line's length",
                                      {"client.datagram.exact", "client.datagram.every-byte"}),
      DatagramClientRow<SendsTwice>("sends-twice", "each datagram is sent twice",
                                    "repeats that wait for nothing", exact),
      DatagramClientRow<DatagramByte255Ends>("datagram-byte-255-ends",
                                             "0xFF is taken for the end of the input",
                                             "getc's result kept in a char", every_byte),
      DatagramClientRow<DatagramNulEnds>("datagram-nul-ends", "what is sent is measured by strlen",
                                         "clients that treat their input as a string", every_byte),
      DatagramClientRow<AnswerOf<1472>>("answer-of-1472", "an answer is cut at 1,472 bytes",
                                        "buffers of one packet of Ethernet", exact),
      DatagramClientRow<AnswerOf<1500>>("answer-of-1500", "an answer is cut at 1,500 bytes",
                                        "buffers of one packet of Ethernet", exact),
      DatagramClientRow<WaitsForEver>("waits-for-ever", "it waits for an answer without a limit",
                                      "recvfrom without a time-out (UNP, dg_cli)",
                                      {"client.datagram.refused"}),
      DatagramClientRow<ContentWithNothing>("content-with-nothing",
                                            "it ends well when nothing comes for 2 s", "nc -u -w 2",
                                            {"client.datagram.refused"}),
  };
}

std::vector<Mutant> SoundDatagramClientRows() {
  return {
      DatagramClientRow<DatagramClientHooks>("none-datagram-client", "several datagrams at a time",
                                             "", {}),
      DatagramClientRow<StopAndWait>("none-datagram-client-stop-and-wait",
                                     "one datagram at a time, 400 ms for a lost one", "", {}),
  };
}

}  // namespace verbatim
