// Mutants of clients that change what they print.
// Not for: what they send (client_input.cc).
#include <deque>
#include <utility>

#include "absl/strings/str_replace.h"
#include "properties/mutants/client_mutants.h"

namespace verbatim {
namespace {

using std::string;

struct Prompts : ClientHooks {
  void Start(Conversation& talk) override { talk.to_output.Append("> "); }
};

struct OutputLfIsCrLf : ClientHooks {
  string Received(Conversation&, string data) override {
    return absl::StrReplaceAll(data, {{"\n", "\r\n"}});
  }
};

struct NonAsciiReplaced : ClientHooks {
  string Received(Conversation&, string data) override {
    for (char& c : data) c = static_cast<unsigned char>(c) < 0x80 ? c : '?';
    return data;
  }
};

struct StripsReplies : ClientHooks {
  string Received(Conversation&, string data) override {
    data.resize(data.find_last_not_of(" \t\n\v\f\r") + 1);  // none: npos, and so 0
    return data;
  }
};

// Telnet's "interpret as command", and the command.
struct IacDropped : ClientHooks {
  string Received(Conversation&, string data) override {
    string kept;
    for (const char c : data) {
      const bool iac = c == '\xff' && !command_;
      if (!iac && !std::exchange(command_, false)) kept += c;
      command_ = iac;
    }
    return kept;
  }
  bool command_ = false;
};

// Each read is printed by a thread of its own, and the newer one is faster.
struct WritersReorder : ClientHooks {
  static constexpr auto kPatience = std::chrono::milliseconds(400);
  int TimeoutMs(const Conversation&) override { return held_.empty() ? -1 : 20; }
  void Tick(Conversation& talk) override {
    if (!held_.empty() && Conversation::Clock::now() > held_at_ + kPatience) {
      talk.to_output.Append(std::exchange(held_, ""));
    }
  }
  string Received(Conversation&, string data) override {
    if (!held_.empty()) return data + std::exchange(held_, "");
    held_ = std::move(data);
    held_at_ = Conversation::Clock::now();
    return "";
  }
  string AtEnd(Conversation&) override { return held_; }
  string held_;
  Conversation::Clock::time_point held_at_;
};

struct ReplyOf80 : ClientHooks {
  string Received(Conversation&, string data) override { return data.substr(0, 80); }
};

struct ReplyCutWhenFull : ClientHooks {
  size_t ReplyBytes() const override { return 1024; }
  string Received(Conversation&, string data) override {
    if (data.size() == ReplyBytes()) data.pop_back();  // room for a NUL
    return data;
  }
};

// It knows how long the reply to each piece of input is, and drops what follows in the same read.
struct OneReplyARead : ClientHooks {
  string Input(Conversation&, string data) override {
    due_.push_back(data.size());
    return data;
  }
  string Received(Conversation&, string data) override {
    if (due_.empty()) return data;
    if (data.size() > due_.front()) data.resize(due_.front());
    due_.front() -= data.size();
    if (due_.front() == 0) due_.pop_front();
    return data;
  }
  std::deque<size_t> due_;
};

struct ReplyTotalWrapsAt64K : ClientHooks {
  string Received(Conversation& talk, string data) override {
    talk.over = talk.received % 65'536 == 0;
    return talk.over ? "" : data;
  }
};

// stdio's: whole blocks at once, and the rest at the end.
struct Blocks : ClientHooks {
  string Received(Conversation&, string data) override {
    held_ += data;
    string blocks = held_.substr(0, held_.size() / 4096 * 4096);
    held_.erase(0, blocks.size());
    return blocks;
  }
  string held_;
};

// _exit, without fflush.
struct LastBlockLost : Blocks {};

// Two processes after a fork, and both flush.
struct LastBlockTwice : Blocks {
  string AtEnd(Conversation&) override { return held_ + held_; }
};

struct LastByteWithheld : ClientHooks {
  string Received(Conversation&, string data) override {
    data.insert(0, held_);
    held_ = data.back();
    data.pop_back();
    return data;
  }
  string held_;
};

struct PrintsNewlineAtEnd : ClientHooks {
  string Received(Conversation&, string data) override {
    last_ = data.back();
    return data;
  }
  string AtEnd(Conversation& talk) override {
    return talk.received == 0 || last_ == '\n' ? "" : "\n";
  }
  char last_ = '\n';
};

// What it sends is what will come back, so why wait?
struct PrintsItsInput : ClientHooks {
  string Input(Conversation& talk, string data) override {
    talk.to_output.Append(data);
    return data;
  }
  string Received(Conversation&, string) override { return ""; }
};

}  // namespace

std::vector<Mutant> ClientOutputMutants() {
  const std::vector<absl::string_view> every_byte = {"client.exact.every-byte"};
  const std::vector<absl::string_view> sizes = {"client.exact.sizes"};
  return {
      ClientRow<Prompts>("prompts", "a prompt is printed on standard output",
                         "clients for people alone", {"client.exact.sizes"}),
      ClientRow<OutputLfIsCrLf>("output-lf-is-cr-lf", "LF is printed as CR LF",
                                "standard output in the text mode of Windows", every_byte),
      ClientRow<NonAsciiReplaced>("non-ascii-replaced", "bytes from 0x80 on are printed as ?",
                                  "encoders with errors='replace'", every_byte),
      ClientRow<StripsReplies>("strips-replies", "white space at the end of a read is not printed",
                               "clients that print recv(...).strip()", every_byte),
      ClientRow<IacDropped>("iac-dropped", "0xFF and the byte behind it are not printed",
                            "telnet (RFC 854)", every_byte),
      ClientRow<WritersReorder>("writers-reorder", "of two reads the second is printed first",
                                "a thread for each reply",
                                {"client.exact.split-replies", "client.bulk.no-deadlock"}),
      ClientRow<ReplyOf80>("reply-of-80", "of each read 80 bytes are printed",
                           "arrays of a line's length", sizes),
      ClientRow<ReplyCutWhenFull>("reply-cut-when-full",
                                  "a read that fills the buffer of 1,024 loses its last byte",
                                  "room kept for a NUL", sizes),
      ClientRow<OneReplyARead>("one-reply-a-read",
                               "of each read at most one reply is printed: as much as one read of "
                               "the input was",
                               "clients that take a read for a message",
                               {"client.exact.merged-replies"}),
      ClientRow<ReplyTotalWrapsAt64K>(
          "reply-total-wraps-at-64k",
          "a read that makes the total a multiple of 65,536 is taken for "
          "the end",
          "totals kept in 16 bits", sizes),
      ClientRow<LastBlockLost>("last-block-lost",
                               "output is buffered in blocks of 4,096, and the last is lost",
                               "stdio and _exit", sizes),
      ClientRow<LastBlockTwice>("last-block-twice",
                                "output is buffered in blocks of 4,096, and the last is printed "
                                "twice",
                                "stdio and fork", sizes),
      ClientRow<LastByteWithheld>("reply-last-byte-withheld",
                                  "the last byte of a read waits for the next, and is lost",
                                  "parsers that look ahead by one", sizes),
      ClientRow<PrintsNewlineAtEnd>("prints-newline-at-end", "a missing last newline is printed",
                                    "clients for people alone", sizes),
      ClientRow<PrintsItsInput>("prints-its-input", "its own input is printed, not the replies",
                                "a local echo", {"client.server-closes.prints"}),
  };
}

}  // namespace verbatim
