// The bytes of a scenario in Python: as a literal while it is short, else computed as
// scenario/payload.cc does it, so that a defect which depends on a value shows in the script too.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "properties/report/python_parts.h"

namespace verbatim::python {
namespace {

using Kind = Step::Kind;

constexpr size_t kShortBytes = 200;
constexpr size_t kLineChars = 84;
constexpr absl::string_view kUnlike = "  # no 16 bytes of it come twice";

// As in scenario/payload.cc; a test compares what the script computes.
uint64_t Hash(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
  return value ^ (value >> 31);
}

std::string Escaped(char byte) {
  const unsigned char value = static_cast<unsigned char>(byte);
  if (byte == '\'' || byte == '\\') return absl::StrCat("\\", absl::string_view(&byte, 1));
  if (byte == '\n') return "\\n";
  if (byte == '\r') return "\\r";
  if (byte == '\t') return "\\t";
  return absl::ascii_isprint(value) ? std::string(1, byte) : absl::StrFormat("\\x%02x", value);
}

// Of any length, on several lines where one is not enough.
void AddLiteral(const std::string& name, absl::string_view bytes, Lines* lines) {
  std::vector<std::string> rows(1);
  for (const char byte : bytes) {
    if (rows.back().size() + 4 > kLineChars) rows.emplace_back();
    rows.back() += Escaped(byte);
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    const bool many = rows.size() > 1;
    const std::string head =
        i == 0 ? absl::StrCat(name, " = ", many ? "(" : "") : std::string(name.size() + 4, ' ');
    lines->Add(0, absl::StrCat(head, "b'", rows[i], "'", many && i + 1 == rows.size() ? ")" : ""));
  }
}

uint32_t SymbolBits(uint32_t connections) {
  if (connections <= 1) return 8;
  if (connections <= 2) return 7;
  return connections <= 4 ? 6 : 5;
}

void AddBlocks(const Scenario& scenario, const Plan& plan, Lines* lines) {
  const uint32_t symbol_bits = SymbolBits(plan.connections), bits = 8 * symbol_bits;
  const auto mixed = [&](absl::string_view factor) {
    return absl::StrCat("x = (x ^ x >> ", bits / 2, ") * ", factor, " % 2**", bits);
  };
  lines->Add(1, "data = bytearray()");
  lines->Add(1, "for i in range(size // 8 + 1):");
  lines->Add(2, absl::StrFormat("x = (i + 0x%x) * 0x9e3779b97f4a7c15 %% 2**%u",
                                Hash(scenario.payload.seed + 1), bits));
  lines->Add(2, mixed("0xbf58476d1ce4e5b9"));
  lines->Add(2, mixed("0x9e3779b97f4a7c15"));
  if (symbol_bits == 8) return lines->Add(2, "data += x.to_bytes(8, \"little\")");
  lines->Add(
      2, absl::StrFormat("data += bytes((x >> %u * k << %u & 0x%x) + number - 1 for k in range(8))",
                         symbol_bits, 8 - symbol_bits, 0xff & ~((1u << (8 - symbol_bits)) - 1)));
}

bool HasRuns(Overlay overlay) {
  return overlay == Overlay::kNulRuns || overlay == Overlay::kTokens;
}

void AddMix(Overlay overlay, Lines* lines) {
  if (overlay == Overlay::kTokens) {
    std::string all;
    lines->Add(0, "TOKENS = [");
    for (const absl::string_view token : PayloadTokens()) {
      const std::string literal = absl::StrCat(BytesLiteral(token), ",");
      if (all.size() + literal.size() > kLineChars) {
        lines->Add(1, all);
        all.clear();
      }
      absl::StrAppend(&all, all.empty() ? "" : " ", literal);
    }
    lines->Add(1, all);
    lines->Add(0, "]");
    lines->Gap();
  }
  lines->Add(0, "def mix(x):");
  lines->Add(1, "x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9 % 2**64");
  lines->Add(1, "x = (x ^ x >> 27) * 0x94d049bb133111eb % 2**64");
  lines->Add(1, "return x ^ x >> 31");
  lines->Gap();
}

// `ends`: the payload's end is among the bytes.
void AddOverlay(Overlay overlay, bool ends, Lines* lines) {
  if (overlay == Overlay::kNoNewline) lines->Add(1, R"(data = data.replace(b"\n", b"\x8a"))");
  if (overlay == Overlay::kCrlfAtCuts) {
    lines->Add(1, "for cut in cuts:  # one piece ends with CR, the next begins with LF");
    lines->Add(2, R"(data[cut - 1:cut + 1] = b"\r\n")");
  }
  if (overlay == Overlay::kLines) {
    lines->Add(1,
               "letters = b\"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/\"");
    lines->Add(1, "data = data[:size].translate(letters * 4)");
    lines->Add(1, absl::StrCat("for end in range(", kLineBytes - 1, ", size, ", kLineBytes, "):"));
    lines->Add(2, "data[end] = 10");
    lines->AddIf(ends, 1, "data[-1] = 10");
  }
  if (!HasRuns(overlay)) return;
  const bool nuls = overlay == Overlay::kNulRuns;
  lines->Add(1, nuls ? "for group in range(size // 32 + 1):  # zeros here and there"
                     : "for group in range(size // 32 + 1):  # here and there one of TOKENS");
  lines->Add(2, "x = mix(key ^ group)");
  lines->Add(2, "at = 32 * group + x % 24");
  lines->Add(2, nuls ? "run = bytes(1 + (x >> 8) % 8)" : "run = TOKENS[(x >> 8) % len(TOKENS)]");
  lines->Add(2, "data[at:at + len(run)] = run");
}

// What coded() is called with: size, number, and the overlay's own.
std::string Arguments(const Scenario& scenario, const Plan& plan, uint32_t connection) {
  std::string text = absl::StrCat(plan.used_bytes);
  if (plan.Several()) absl::StrAppend(&text, ", ", connection);
  if (HasRuns(scenario.payload.overlay)) {
    const uint64_t key = Hash(scenario.payload.seed * kMaxConnections + connection);
    absl::StrAppend(&text, absl::StrFormat(", 0x%x", key));
  }
  if (scenario.payload.overlay != Overlay::kCrlfAtCuts) return text;
  std::vector<uint64_t> cuts;
  for (const Move& move : plan.moves) {
    const bool cuts_here = move.step.kind == Kind::kSend || move.step.kind == Kind::kReply;
    if (!cuts_here || move.step.connection != connection) continue;
    if (move.to > 0 && move.to < scenario.payload.size_bytes) cuts.push_back(move.to);
  }
  return absl::StrCat(text, ", [", absl::StrJoin(cuts, ", "), "]");
}

void AddCoded(const Scenario& scenario, const Plan& plan, Lines* lines) {
  const Overlay overlay = scenario.payload.overlay;
  if (HasRuns(overlay)) AddMix(overlay, lines);
  lines->Add(0, absl::StrCat("def coded(size", plan.Several() ? ", number" : "",
                             overlay == Overlay::kCrlfAtCuts ? ", cuts"
                             : HasRuns(overlay)              ? ", key"
                                                             : "",
                             "):", overlay == Overlay::kNone ? kUnlike : ""));
  AddBlocks(scenario, plan, lines);
  AddOverlay(overlay, plan.used_bytes == scenario.payload.size_bytes, lines);
  lines->Add(1, "return bytes(data[:size])");
  lines->Gap();
}

}  // namespace

std::string BytesLiteral(absl::string_view bytes) {
  std::string text = "b'";
  for (const char byte : bytes) text += Escaped(byte);
  return text + "'";
}

void AddData(const Scenario& scenario, const Plan& plan, Lines* lines) {
  const bool literal = scenario.payload.literal || plan.used_bytes <= kShortBytes;
  if (!literal) AddCoded(scenario, plan, lines);
  const Payload payload = MakePayload(scenario);
  // A literal payload is every connection's.
  const uint32_t last = scenario.payload.literal ? 1 : plan.connections;
  for (uint32_t connection = 1; connection <= last; ++connection) {
    const std::string name = last > 1 ? absl::StrCat("DATA", connection) : "DATA";
    if (literal) {
      AddLiteral(name, payload.Bytes(connection, 0, static_cast<size_t>(plan.used_bytes)), lines);
    } else {
      lines->Add(0, absl::StrCat(name, " = coded(", Arguments(scenario, plan, connection), ")"));
    }
  }
}

}  // namespace verbatim::python
