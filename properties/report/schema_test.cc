// The documented schema and what is written are the same: each field that is written is in it with
// its type, and each field in it is written.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>

#include "properties/report/json.h"
#include "properties/report/json_fields.h"
#include "properties/report/test_reports.h"

namespace verbatim {
namespace {

using nlohmann::json;

// The few words of JSON Schema (2020-12) that the schema uses. Notes which fields it has seen.
class Validator {
 public:
  explicit Validator(json schema) : schema_(std::move(schema)) {}

  // What is wrong with `value`; empty if nothing is.
  std::string Check(const json& value) { return Check(schema_, value, "report"); }

  // "run.seed" for each field of the schema, by the definition that it stands in.
  std::set<std::string> Fields() const {
    std::set<std::string> fields;
    Collect(schema_, "report", &fields);
    for (const auto& [name, definition] : schema_["$defs"].items())
      Collect(definition, name, &fields);
    return fields;
  }
  const std::set<std::string>& seen() const { return seen_; }

 private:
  static void Collect(const json& schema, const std::string& where, std::set<std::string>* fields) {
    const json properties = schema.value("properties", json::object());
    for (const auto& [name, unused] : properties.items()) fields->insert(where + "." + name);
    for (const json& any : schema.value("anyOf", json::array())) Collect(any, where, fields);
  }

  static bool IsOf(const std::string& type, const json& value) {
    if (type == "integer") return value.is_number_integer();
    if (type == "number") return value.is_number();
    return type == value.type_name();
  }

  std::string Check(const json& schema, const json& value, const std::string& where) {
    const std::string problem = CheckValue(schema, value);
    if (!problem.empty()) return where + ": " + problem + ": " + value.dump().substr(0, 80);
    if (schema.contains("$ref")) {
      const std::string name = schema["$ref"].get<std::string>().substr(8);  // behind "#/$defs/"
      return Check(schema_["$defs"].at(name), value, name);
    }
    if (schema.contains("anyOf")) return CheckAny(schema["anyOf"], value, where);
    if (schema.contains("properties")) return CheckFields(schema, value, where);
    for (size_t i = 0; schema.contains("items") && i < value.size(); ++i) {
      const std::string wrong = Check(schema["items"], value[i], where + "[]");
      if (!wrong.empty()) return wrong;
    }
    return "";
  }

  static std::string CheckValue(const json& schema, const json& value) {
    const json types = schema.value("type", json::array());
    bool of_type = types.empty();
    for (const json& type : types.is_array() ? types : json::array({types}))
      of_type = of_type || IsOf(type, value);
    if (!of_type) return "it is not of the type";
    if (schema.contains("const") && value != schema["const"]) return "it is not the constant";
    if (schema.contains("minimum") && value < schema["minimum"]) return "it is too small";
    if (schema.contains("pattern") &&
        !std::regex_match(value.get<std::string>(),
                          std::regex(schema["pattern"].get<std::string>())))
      return "it is not of the pattern";
    if (!schema.contains("enum")) return "";
    for (const json& word : schema["enum"]) {
      if (word == value) return "";
    }
    return "it is not one of the words";
  }

  std::string CheckAny(const json& schemas, const json& value, const std::string& where) {
    std::string problems;
    for (const json& schema : schemas) {
      const std::string problem = Check(schema, value, where);
      if (problem.empty()) return "";
      problems += problem + "; ";
    }
    return problems;
  }

  std::string CheckFields(const json& schema, const json& value, const std::string& where) {
    for (const json& name : schema["required"]) {
      if (!value.contains(name)) return where + " has no " + name.get<std::string>();
    }
    for (const auto& [name, field] : value.items()) {
      if (!schema["properties"].contains(name)) return where + "." + name + " is not in the schema";
      seen_.insert(where + "." + name);
      const std::string problem = Check(schema["properties"][name], field, where + "." + name);
      if (!problem.empty()) return problem;
    }
    return "";
  }

  const json schema_;
  std::set<std::string> seen_;
};

Validator TheSchema() {
  std::ifstream file(VERBATIM_REPORT_SCHEMA);
  return Validator(json::parse(file));
}

TEST(Schema, EveryFieldThatIsWrittenIsInItAndTheOtherWayRound) {
  Validator validator = TheSchema();
  EXPECT_EQ(validator.Check(json::parse(WriteJson(TestReport()))), "");
  EXPECT_EQ(validator.Check(json::parse(WriteJson(HostileReport()))), "");
  EXPECT_EQ(validator.seen(), validator.Fields());
}

TEST(Schema, EveryFieldIsRequired) {
  std::ifstream file(VERBATIM_REPORT_SCHEMA);
  const json schema = json::parse(file);
  for (const auto& [name, definition] : schema["$defs"].items()) {
    if (!definition.contains("properties")) continue;
    EXPECT_EQ(definition["required"].size(), definition["properties"].size()) << name;
  }
}

TEST(Schema, HasTheWordsThatAreWritten) {
  std::ifstream file(VERBATIM_REPORT_SCHEMA);
  const json definitions = json::parse(file)["$defs"];
  EXPECT_EQ(definitions["outcome"]["properties"]["result"]["enum"], Words(Outcome::Result()));
  EXPECT_EQ(definitions["failure"]["properties"]["control"]["enum"], Words(Control()));
  EXPECT_EQ(definitions["verdict"]["properties"]["kind"]["enum"], Words(Verdict::Kind()));
  EXPECT_EQ(definitions["verdict"]["properties"]["ending"]["enum"], Words(Ending()));
}

TEST(Schema, WhatIsWrongIsFound) {
  Validator validator = TheSchema();
  json report = json::parse(WriteJson(TestReport()));
  report["run"]["more"] = 1;
  EXPECT_EQ(validator.Check(report), "run.more is not in the schema");
  report = json::parse(WriteJson(TestReport()));
  report["outcomes"][1]["failure"]["verdict"]["ending"] = "gone";
  EXPECT_NE(validator.Check(report), "");
  report = json::parse(WriteJson(TestReport()));
  report["outcomes"][1]["failure"]["verdict"]["seen"] = "4";
  EXPECT_NE(validator.Check(report), "");
  report["schema"] = "verbatim report 2";
  EXPECT_NE(validator.Check(report), "");
}

}  // namespace
}  // namespace verbatim
