// How values look in JSON, and how they are read back without trusting any.
#include "properties/report/json.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "properties/report/json_fields.h"
#include "properties/report/plain_text.h"
#include "properties/scenario/text.h"

namespace verbatim {
namespace {

using Json = nlohmann::ordered_json;

bool IsUtf8(absl::string_view text) {
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

// JSON's strings hold UTF-8 alone; other bytes are {"escaped": "with C's escapes"}.
Json TextJson(const std::string& text) {
  if (IsUtf8(text)) return text;
  return Json{{"escaped", absl::CHexEscape(text)}};
}

// What ASCII escapes into is bounded by what it was, so this can't be large.
bool ReadText(const Json& value, std::string* text) {
  if (value.is_string()) {
    *text = value.get_ref<const std::string&>();
    return true;
  }
  if (!value.is_object() || !value.contains("escaped") || !value["escaped"].is_string())
    return false;
  return absl::CUnescape(value["escaped"].get_ref<const std::string&>(), text);
}

class Writer {
 public:
  template <class T>
  void operator()(const char* name, const T& value) {
    if constexpr (std::is_enum_v<T>) {
      json_[name] = Words(value).at(static_cast<size_t>(value));
    } else if constexpr (std::is_same_v<T, std::string>) {
      json_[name] = TextJson(value);
    } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
      Json& list = json_[name] = Json::array();
      for (const std::string& text : value) list.push_back(TextJson(text));
    } else if constexpr (std::is_same_v<T, Scenario>) {
      json_[name] = value == Scenario{} ? Json() : Json(PrintScenario(value));
    } else {
      json_[name] = value;
    }
  }

  void Hex(const char* name, const std::string& bytes) {
    json_[name] = absl::BytesToHexString(bytes);
  }

  template <class T, class Fields>
  void Object(const char* name, const T& value, Fields fields) {
    json_[name] = Made(value, fields);
  }

  // null where it says no more than a new T does.
  template <class T, class Fields>
  void Optional(const char* name, const T& value, Fields fields) {
    Json object = Made(value, fields);
    json_[name] = object == Made(T{}, fields) ? Json() : std::move(object);
  }

  template <class T, class Fields>
  void List(const char* name, const std::vector<T>& values, Fields fields) {
    Json& list = json_[name] = Json::array();
    for (const T& value : values) list.push_back(Made(value, fields));
  }

  const Json& json() const { return json_; }

 private:
  template <class T, class Fields>
  static Json Made(const T& value, Fields fields) {
    Writer writer;
    fields(writer, value);
    return std::move(writer.json_);
  }

  Json json_ = Json::object();
};

// Reads an object; the first thing that is wrong stays in *status.
class Reader {
 public:
  Reader(const Json& object, std::string where, absl::Status* status)
      : object_(object), where_(std::move(where)), status_(status) {
    if (!object_.is_object()) Wrong("an object");
  }

  template <class T>
  void operator()(const char* name, T& value) {
    const Json* const json = Find(name);
    if (json == nullptr) return;
    if constexpr (std::is_enum_v<T>) {
      Word(name, *json, value);
    } else if constexpr (std::is_same_v<T, std::string>) {
      if (!ReadText(*json, &value)) Wrong(name, "a text");
    } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
      Texts(name, *json, value);
    } else if constexpr (std::is_same_v<T, Scenario>) {
      Text(name, *json, value);
    } else if constexpr (std::is_same_v<T, bool>) {
      if (!json->is_boolean()) return Wrong(name, "true or false");
      value = json->get<bool>();
    } else if constexpr (std::is_same_v<T, double>) {
      if (!json->is_number()) return Wrong(name, "a number");
      value = json->get<double>();
    } else {
      Integer(name, *json, value);
    }
  }

  void Hex(const char* name, std::string& bytes) {
    std::string digits;
    (*this)(name, digits);
    const bool hex = digits.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
    if (!hex || digits.size() % 2 != 0) return Wrong(name, "bytes, two hex digits each");
    bytes = absl::HexStringToBytes(digits);
  }

  template <class T, class Fields>
  void Object(const char* name, T& value, Fields fields) {
    const Json* const json = Find(name);
    if (json == nullptr) return;
    Reader reader(*json, Place(name), status_);
    fields(reader, value);
  }

  template <class T, class Fields>
  void Optional(const char* name, T& value, Fields fields) {
    const Json* const json = Find(name);
    if (json != nullptr && !json->is_null()) Object(name, value, fields);
  }

  template <class T, class Fields>
  void List(const char* name, std::vector<T>& values, Fields fields) {
    const Json* const json = Find(name);
    if (json == nullptr) return;
    if (!json->is_array()) return Wrong(name, "a list");
    for (size_t i = 0; i < json->size() && status_->ok(); ++i) {
      Reader reader((*json)[i], absl::StrCat(Place(name), "[", i, "]"), status_);
      fields(reader, values.emplace_back());
    }
  }

 private:
  std::string Place(absl::string_view name) const {
    return where_.empty() ? std::string(name) : absl::StrCat(where_, ".", name);
  }

  void Wrong(absl::string_view what) {
    if (status_->ok())
      *status_ = absl::InvalidArgumentError(absl::StrCat(where_, " is not ", what));
  }
  void Wrong(absl::string_view name, absl::string_view what) {
    if (status_->ok())
      *status_ = absl::InvalidArgumentError(absl::StrCat(Place(name), " is not ", what));
  }

  // nullptr if there is none, or something was wrong before.
  const Json* Find(const char* name) {
    if (!status_->ok()) return nullptr;
    const auto found = object_.find(name);
    if (found != object_.end()) return &*found;
    *status_ = absl::InvalidArgumentError(absl::StrCat(Place(name), " is missing"));
    return nullptr;
  }

  template <class T>
  void Word(const char* name, const Json& json, T& value) {
    const std::vector<std::string>& words = Words(value);
    for (size_t i = 0; i < words.size(); ++i) {
      if (json == words[i]) {
        value = static_cast<T>(i);
        return;
      }
    }
    Wrong(name, absl::StrCat("one of ", absl::StrJoin(words, ", ")));
  }

  void Texts(const char* name, const Json& json, std::vector<std::string>& texts) {
    if (!json.is_array()) return Wrong(name, "a list of texts");
    for (const Json& text : json) {
      if (!ReadText(text, &texts.emplace_back())) return Wrong(name, "a list of texts");
    }
  }

  void Text(const char* name, const Json& json, Scenario& scenario) {
    if (json.is_null()) return;
    if (!json.is_string()) return Wrong(name, "a scenario's text, or null");
    absl::StatusOr<Scenario> parsed = ParseScenario(json.get_ref<const std::string&>());
    if (!parsed.ok()) return Wrong(name, absl::StrCat("a scenario: ", parsed.status().message()));
    scenario = *std::move(parsed);
  }

  template <class T>
  void Integer(const char* name, const Json& json, T& value) {
    constexpr auto kMax = static_cast<uint64_t>(std::numeric_limits<T>::max());
    if (json.is_number_unsigned() && json.get<uint64_t>() <= kMax) {
      value = static_cast<T>(json.get<uint64_t>());
    } else if (std::is_signed_v<T> && json.is_number_integer() && !json.is_number_unsigned() &&
               json.get<int64_t>() >= static_cast<int64_t>(std::numeric_limits<T>::min())) {
      value = static_cast<T>(json.get<int64_t>());
    } else {
      Wrong(name, absl::StrCat("a whole number of at most ", kMax));
    }
  }

  const Json& object_;
  const std::string where_;
  absl::Status* const status_;
};

absl::Status CheckSchema(const Json& json) {
  if (json.is_discarded()) return absl::InvalidArgumentError("it is not JSON");
  if (!json.is_object() || !json.contains("schema") || !json["schema"].is_string())
    return absl::InvalidArgumentError("it is no report of Verbatim's: it has no field \"schema\"");
  const std::string& schema = json["schema"].get_ref<const std::string&>();
  if (schema == std::string(kReportSchema)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("its schema is \"", PlainText(schema),
                                                 "\"; this program reads \"", kReportSchema, "\""));
}

}  // namespace

std::string WriteJson(const Report& report) {
  Writer writer;
  writer("schema", std::string(kReportSchema));
  ReportFields(writer, report);
  return writer.json().dump(2, ' ', true) + "\n";
}

absl::StatusOr<Report> ReadJson(absl::string_view text) {
  const Json json = Json::parse(text.begin(), text.end(), nullptr, false);
  absl::Status status = CheckSchema(json);
  Report report;
  if (!status.ok()) return status;
  Reader reader(json, "", &status);
  ReportFields(reader, report);
  if (!status.ok()) return absl::InvalidArgumentError(PlainText(status.message()));
  return report;
}

}  // namespace verbatim
