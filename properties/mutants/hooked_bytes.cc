// Mutants that change what is sent back, where few scenarios come: at a cut, at one size, at the
// beginning or the end.
// Not for: defects of content that the first byte shows (bytes.h).
#include <utility>

#include "properties/mutants/hooked_mutants.h"
#include "properties/mutants/hooked_server.h"

namespace verbatim {
namespace {

using std::string;

constexpr int kIac = 0xFF;

bool Begins(const string& data, int byte) {
  return !data.empty() && static_cast<unsigned char>(data[0]) == byte;
}

// Telnet doubles 0xFF; here the halves of a pair are made one where a read ends between them.
struct IacPairAtCut : StreamHooks {
  string Received(HookedServer&, HookedPeer& peer, string data) override {
    return peer.last_byte == kIac && Begins(data, kIac) ? data.substr(1) : data;
  }
};

// Telnet sends CR as CR NUL (RFC 854).
struct CrNulIsCr : StreamHooks {
  string Received(HookedServer&, HookedPeer&, string data) override {
    const string pair("\r\0", 2);
    for (size_t at = data.find(pair); at != string::npos; at = data.find(pair, at + 1)) {
      data.erase(at + 1, 1);
    }
    return data;
  }
};

// The first byte of a character of UTF-8 went out already, and goes out again with the second.
struct Utf8Cut : StreamHooks {
  string Received(HookedServer&, HookedPeer& peer, string data) override {
    const bool lead = peer.last_byte >= 0xC2 && peer.last_byte <= 0xF4;
    const int first = static_cast<unsigned char>(data[0]);
    if (lead && first >= 0x80 && first <= 0xBF)
      data.insert(0, 1, static_cast<char>(peer.last_byte));
    return data;
  }
};

struct BomDropped : StreamHooks {
  string Received(HookedServer&, HookedPeer& peer, string data) override {
    const bool bom = peer.received == 0 && data.compare(0, 3, "\xEF\xBB\xBF") == 0;
    return bom ? data.substr(3) : data;
  }
};

// ESC [, parameters, a letter: what sets colours and moves the cursor (ECMA-48).
struct EscapesDropped : StreamHooks {
  string Received(HookedServer&, HookedPeer&, string data) override {
    for (size_t at = data.find("\x1b["); at != string::npos; at = data.find("\x1b[", at)) {
      const size_t last = data.find_first_not_of("0123456789;", at + 2);
      if (last == string::npos) break;
      data.erase(at, last - at + 1);
    }
    return data;
  }
};

// Waits for the whole header, to know whether this is TLS.
struct TlsSniffer : StreamHooks {
  string Received(HookedServer&, HookedPeer& peer, string data) override {
    peer.marked |= peer.received == 0 && Begins(data, 0x16);
    if (!peer.marked) return data;
    peer.held += data;
    if (peer.held.size() < 5) return "";
    peer.marked = false;
    return std::move(peer.held);
  }
  string AtEnd(HookedPeer& peer) override { return peer.marked ? std::move(peer.held) : ""; }
};

struct CrWaitsForNext : StreamHooks {
  string Received(HookedServer&, HookedPeer& peer, string data) override {
    data.insert(0, peer.held);
    peer.held = data.back() == '\r' ? "\r" : "";
    data.resize(data.size() - peer.held.size());
    return data;
  }
  string AtEnd(HookedPeer& peer) override { return peer.held; }
};

// Reads until a read is short: after a full one nothing is sent before the next.
struct FullReadWaits : StreamHooks {
  static constexpr size_t kBuffer = 16 * 1024;
  size_t BufferBytes() const override { return kBuffer; }
  string Received(HookedServer&, HookedPeer& peer, string data) override {
    peer.held += data;
    if (data.size() == kBuffer && peer.held.size() < kMostKept) return "";
    return std::exchange(peer.held, "");
  }
  string AtEnd(HookedPeer& peer) override { return peer.held; }
};

// The total is kept in 16 bits, and 0 is taken for "nothing came".
struct TotalWrapsAt64K : StreamHooks {
  string Received(HookedServer&, HookedPeer& peer, string data) override {
    return (peer.received + data.size()) % 65536 == 0 ? "" : data;
  }
};

// The total is kept in 24 bits, and its wrapping round costs a byte.
struct ByteLostAt16M : StreamHooks {
  static constexpr uint64_t kWraps = 1 << 24;
  string Received(HookedServer&, HookedPeer& peer, string data) override {
    const bool here = peer.received < kWraps && peer.received + data.size() >= kWraps;
    if (here) data.erase(static_cast<size_t>(kWraps - 1 - peer.received), 1);
    return data;
  }
};

struct NewlineAtEnd : StreamHooks {
  string AtEnd(HookedPeer& peer) override {
    return peer.received == 0 || peer.last_byte == '\n' ? "" : "\n";
  }
};

// The end flushes the block that a full one has flushed already.
struct LastBlockAgain : StreamHooks {
  static constexpr size_t kBlock = 4096;
  string Received(HookedServer&, HookedPeer& peer, string data) override {
    peer.held += data;
    if (peer.held.size() > kBlock) peer.held.erase(0, peer.held.size() - kBlock);
    return data;
  }
  string AtEnd(HookedPeer& peer) override {
    return peer.received > 0 && peer.received % kBlock == 0 ? peer.held : "";
  }
};

// What is sent at a stretch goes by whole blocks; the last one waits for its end.
struct BlocksOf4096 : StreamHooks {
  static constexpr uint64_t kManyBytes = 256 * 1024;
  string Received(HookedServer&, HookedPeer& peer, string data) override {
    if (peer.received + data.size() < kManyBytes) return data;
    peer.held += data;
    const size_t whole = peer.held.size() - (peer.received + data.size()) % 4096;
    if (peer.held.size() < (peer.received + data.size()) % 4096) return "";
    string blocks = peer.held.substr(0, whole);
    peer.held.erase(0, whole);
    return blocks;
  }
  string AtEnd(HookedPeer& peer) override { return std::exchange(peer.held, ""); }
};

}  // namespace

std::vector<Mutant> HookedByteMutants() {
  return {
      StreamRow<BlocksOf4096>("blocks-of-4096",
                              "beyond 256 KiB only whole blocks of 4,096 bytes are sent on",
                              "ciphers and disks that work in blocks", {"stream.exact.bulk"}),
      StreamRow<IacPairAtCut>("iac-pair-at-cut", "two 0xFF become one where a read ends between",
                              "telnet's code left in", {"stream.exact.every-byte"}),
      StreamRow<CrNulIsCr>("cr-nul-is-cr", "a NUL behind a CR is dropped",
                           "servers with telnet's line ends (RFC 854)",
                           {"stream.exact.every-byte"}),
      StreamRow<Utf8Cut>("utf8-cut", "a character that two reads share has its first byte twice",
                         "decoders that are fed one read at a time", {"stream.exact.every-byte"}),
      StreamRow<BomDropped>("bom-dropped", "a byte order mark that comes first is dropped",
                            "decoders of text", {"stream.exact.every-byte"}),
      StreamRow<EscapesDropped>("escapes-dropped", "escape sequences of terminals are dropped",
                                "servers that clean what they log", {"stream.exact.every-byte"}),
      StreamRow<TlsSniffer>("tls-sniffer", "0x16 as the first byte waits for four more",
                            "servers that guess the protocol",
                            {"stream.exact.every-byte", "stream.prompt.single-byte"}),
      StreamRow<CrWaitsForNext>("cr-waits-for-next", "a CR waits for what follows",
                                "servers that look for CR LF",
                                {"stream.exact.every-byte", "stream.prompt.single-byte"}),
      StreamRow<FullReadWaits>("full-read-waits",
                               "after a read that filled the buffer of 16 KiB nothing is sent "
                               "before the next read",
                               "servers that read until a read is short",
                               {"stream.exact.buffer-edges"}),
      StreamRow<TotalWrapsAt64K>("total-wraps-at-64k",
                                 "a read that makes the total a multiple of 65,536 is dropped",
                                 "totals kept in 16 bits", {"stream.exact.buffer-edges"}),
      StreamRow<ByteLostAt16M>("byte-lost-at-16m", "byte 16,777,216 of a connection is lost",
                               "totals kept in 24 bits", {"stream.exact.bulk"}),
      StreamRow<NewlineAtEnd>("newline-at-end", "a missing last newline is added at end-of-file",
                              "filters of text", {"stream.silent.after"}),
      StreamRow<LastBlockAgain>("last-block-again",
                                "after whole blocks of 4,096 the last is sent again at end-of-file",
                                "flushes that don't see that nothing is left",
                                {"stream.exact.buffer-edges", "stream.silent.after"}),
  };
}

}  // namespace verbatim
