// Mutants of clients that change what they send.
// Not for: what they print (client_output.cc).
#include <utility>

#include "absl/strings/str_replace.h"
#include "properties/mutants/client_mutants.h"

namespace verbatim {
namespace {

using std::string;

// Up to one byte, which ends the input as its own end would.
struct UpTo : ClientHooks {
  explicit UpTo(char end) : end_(end) {}
  string Input(Conversation& talk, string data) override {
    const size_t at = data.find(end_);
    if (at == string::npos) return data;
    talk.input_ended = true;
    return data.substr(0, at);
  }
  const char end_;
};

struct NulEndsInput : UpTo {
  NulEndsInput() : UpTo('\0') {}
};
struct Byte255EndsInput : UpTo {
  Byte255EndsInput() : UpTo('\xff') {}
};
struct ControlDQuits : UpTo {
  ControlDQuits() : UpTo('\x04') {}
};
struct ControlZEndsInput : UpTo {
  ControlZEndsInput() : UpTo('\x1a') {}
};

// As the first byte of what one read returns: a command.
struct QQuits : ClientHooks {
  string Input(Conversation& talk, string data) override {
    if (data[0] != 'Q') return data;
    talk.input_ended = true;
    return "";
  }
};

struct BlankLineQuits : ClientHooks {
  string Input(Conversation& talk, string data) override {
    if (data != "\n") return data;
    talk.input_ended = true;
    return "";
  }
};

struct InputLfIsCrLf : ClientHooks {
  string Input(Conversation&, string data) override {
    return absl::StrReplaceAll(data, {{"\n", "\r\n"}});
  }
};

struct IacDoubled : ClientHooks {
  string Input(Conversation&, string data) override {
    return absl::StrReplaceAll(data, {{"\xff", "\xff\xff"}});
  }
};

// It is held back for what follows; the end forgets it.
struct CrLostAtEnd : ClientHooks {
  string Input(Conversation&, string data) override {
    data.insert(0, held_);
    held_ = data.back() == '\r' ? "\r" : "";
    data.resize(data.size() - held_.size());
    return data;
  }
  string held_;
};

struct UnfinishedLineLost : ClientHooks {
  string Input(Conversation&, string data) override {
    held_ += data;
    const size_t whole = held_.rfind('\n') + 1;  // 0 for none
    string lines = held_.substr(0, whole);
    held_.erase(0, whole);
    return lines;
  }
  string held_;
};

// Whole buffers, and the rest once the input has ended.
template <size_t kHeldBytes>
struct SendsOnceItHas : ClientHooks {
  string Input(Conversation&, string data) override {
    held_ += data;
    if (held_.size() < kHeldBytes) return "";
    return std::exchange(held_, "");
  }
  void InputEnds(Conversation& talk) override { talk.to_socket.Append(held_); }
  string held_;
};

using BufferedInput = SendsOnceItHas<4096>;
using ReadsAllFirst = SendsOnceItHas<size_t{1} << 30>;

// fgets and select: the lines behind the first are in stdio's buffer, of which select knows
// nothing.
struct FirstLineOfARead : ClientHooks {
  string Input(Conversation&, string data) override {
    held_ += data;
    const size_t line = held_.find('\n') + 1;  // 0 for none
    string first = held_.substr(0, line);
    held_.erase(0, line);
    return first;
  }
  void InputEnds(Conversation& talk) override { talk.to_socket.Append(held_); }
  string held_;
};

}  // namespace

std::vector<Mutant> ClientInputMutants() {
  const std::vector<absl::string_view> every_byte = {"client.exact.every-byte"};
  return {
      ClientRow<NulEndsInput>("nul-ends-input", "a NUL ends the input",
                              "clients that treat their input as a string", every_byte),
      ClientRow<Byte255EndsInput>("byte-255-ends-input", "0xFF is taken for the input's end",
                                  "getc's result kept in a char", every_byte),
      ClientRow<ControlDQuits>("control-d-quits", "0x04 in the input ends it",
                               "clients with an escape character", every_byte),
      ClientRow<ControlZEndsInput>("control-z-ends-input", "0x1A in the input ends it",
                                   "files read in the text mode of Windows", every_byte),
      ClientRow<QQuits>("q-quits", "a read of the input that begins with Q is a command to quit",
                        "clients of lectures", every_byte),
      ClientRow<BlankLineQuits>("blank-line-quits", "an empty line alone ends the input",
                                "clients of lectures", every_byte),
      ClientRow<InputLfIsCrLf>("input-lf-is-cr-lf", "LF is sent as CR LF", "nc -C", every_byte),
      ClientRow<IacDoubled>("iac-doubled", "0xFF is sent twice", "telnet (RFC 854)", every_byte),
      ClientRow<CrLostAtEnd>("cr-lost-at-end", "a CR at the end of the input is not sent",
                             "clients that look for CR LF", every_byte),
      ClientRow<UnfinishedLineLost>("unfinished-line-lost",
                                    "what follows the last newline of the input is not sent",
                                    "clients that read by lines", {"client.exact.sizes"}),
      ClientRow<ReadsAllFirst>("reads-all-first", "sends nothing before its input has ended",
                               "sys.stdin.read()", {"client.sends-each-line"}),
      ClientRow<BufferedInput>("buffered-input", "sends 4,096 bytes, and the rest at the end",
                               "fread", {"client.sends-each-line"}),
      ClientRow<FirstLineOfARead>("first-line-of-a-read",
                                  "of several lines in one read the first is sent, the others at "
                                  "the end",
                                  "fgets under select", {"client.sends-each-line"}),
  };
}

}  // namespace verbatim
