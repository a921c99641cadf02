// A visitor of the fields, beside those of report/json.cc.
#include "fuzz/filled_report.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "properties/report/json_fields.h"
#include "properties/scenario/bytes.h"

namespace verbatim {
namespace {

constexpr size_t kMostOfAList = 4;

class Filler {
 public:
  explicit Filler(absl::string_view bytes) : bytes_(bytes) {}

  template <class T>
  void operator()(const char*, T& value) {
    if constexpr (std::is_enum_v<T>) {
      value = static_cast<T>(Byte() % Words(value).size());
    } else if constexpr (std::is_same_v<T, std::string>) {
      value = Text();
    } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
      value.resize(Byte() % kMostOfAList);
      for (std::string& text : value) text = Text();
    } else if constexpr (std::is_same_v<T, Scenario>) {
      const std::string bytes = Text();
      if (!bytes.empty()) value = DecodeScenario(bytes);
    } else if constexpr (std::is_same_v<T, double>) {
      value = static_cast<double>(static_cast<int32_t>(Number())) / 1024;  // never not a number
    } else {
      value = static_cast<T>(Number());
    }
  }
  void Hex(const char*, std::string& bytes) { bytes = Text(); }
  template <class T, class Fields>
  void Object(const char*, T& value, Fields fields) {
    fields(*this, value);
  }
  template <class T, class Fields>
  void Optional(const char*, T& value, Fields fields) {
    if (Byte() % 2 == 1) fields(*this, value);
  }
  template <class T, class Fields>
  void List(const char*, std::vector<T>& values, Fields fields) {
    values.resize(Byte() % kMostOfAList);
    for (T& value : values) fields(*this, value);
  }

 private:
  uint8_t Byte() {
    if (bytes_.empty()) return 0;
    const auto byte = static_cast<uint8_t>(bytes_[0]);
    bytes_.remove_prefix(1);
    return byte;
  }
  uint32_t Number() {
    const uint32_t first = Byte();
    if (first % 2 == 0) return first / 2;
    return first << 24 | uint32_t{Byte()} << 16 | uint32_t{Byte()} << 8 | Byte();
  }
  std::string Text() {
    const size_t size = std::min<size_t>(Byte(), bytes_.size());
    std::string text(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
    return text;
  }

  absl::string_view bytes_;
};

}  // namespace

Report ReadFilledReport(absl::string_view input) {
  Report report;
  Filler filler(input);
  ReportFields(filler, report);
  return report;
}

}  // namespace verbatim
