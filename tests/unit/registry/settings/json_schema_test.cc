// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/settings/json_schema.h"

#include <gtest/gtest.h>

namespace busbar {
namespace {

std::string refusedAt(std::string_view schema) {
  const auto compiled = Schema::compileText(schema);
  EXPECT_FALSE(compiled.ok()) << schema;
  return compiled.ok() ? "accepted" : compiled.error().field;
}

// "pointer rule; pointer rule"
std::string violations(std::string_view schema, std::string_view value) {
  const auto compiled = Schema::compileText(schema);
  EXPECT_TRUE(compiled.ok()) << schema << ": " << compiled.error().message;
  if (!compiled.ok()) {
    return "not compiled";
  }
  std::string out;
  for (const SchemaViolation& v : compiled->validate(*json::parse(value))) {
    out += (out.empty() ? "" : "; ") + v.pointer + " " + v.rule;
  }
  return out;
}

constexpr const char* kSettings = R"({
  "$schema": "http://json-schema.org/draft-07/schema#", "$id": "https://example.org/s",
  "type": "object", "required": ["host"], "additionalProperties": false,
  "properties": {
    "host": {"type": "string", "minLength": 1, "title": "Host", "default": "x"},
    "port": {"type": "integer", "minimum": 1, "maximum": 65535},
    "mac": {"type": "string", "pattern": "^([0-9a-f]{2}:){5}[0-9a-f]{2}$", "x-secret": true},
    "mode": {"enum": ["tcp", "udp"]},
    "rows": {"type": "array", "maxItems": 2, "uniqueItems": true,
             "items": {"$ref": "#/definitions/row"}},
    "a/b~c": {"type": ["boolean", "null"]}
  },
  "definitions": {"row": {"type": "object", "required": ["at"], "properties": {"at": {"type": "number"}}}}
})";

TEST(JsonSchema, ValidValuesBreakNoRule) {
  EXPECT_EQ(violations(kSettings, R"({"host":"h"})"), "");
  EXPECT_EQ(
      violations(
          kSettings,
          R"({"host":"h","port":80,"mac":"00:11:22:33:44:ff","mode":"udp","rows":[{"at":1},{"at":1.5}],"a/b~c":null})"),
      "");
  EXPECT_EQ(violations(kSettings, R"({"host":"h","port":80.0})"), "")
      << "80.0 is an integer in draft-07";
}

TEST(JsonSchema, ViolationsNameTheValueAndTheRule) {
  EXPECT_EQ(violations(kSettings, "[]"), " must be object");
  EXPECT_EQ(violations(kSettings, "{}"), "/host is required");
  EXPECT_EQ(violations(kSettings, R"({"host":""})"),
            "/host must be no fewer than 1 characters in length.");
  EXPECT_EQ(violations(kSettings, R"({"host":1})"), "/host must be string");
  EXPECT_EQ(violations(kSettings, R"({"host":"h","port":"80"})"), "/port must be integer");
  EXPECT_EQ(violations(kSettings, R"({"host":"h","port":80.5})"), "/port must be integer");
  EXPECT_NE(violations(kSettings, R"({"host":"h","port":0})")
                .find("/port must be a number greater than or equal to 1"),
            std::string::npos);
  EXPECT_EQ(violations(kSettings, R"({"host":"h","mode":"x"})"),
            "/mode must be one of the values that the schema lists");
  EXPECT_EQ(violations(kSettings, R"({"host":"h","x":1})"), "/x is not known to the schema");
  EXPECT_EQ(violations(kSettings, R"({"host":"h","rows":[{"at":1},{}]})"),
            "/rows/1/at is required");
  EXPECT_EQ(violations(kSettings, R"({"host":"h","rows":[{"at":"1"}]})"),
            "/rows/0/at must be number");
  EXPECT_EQ(violations(kSettings, R"({"host":"h","rows":[{"at":1},{"at":1}]})"),
            "/rows must not hold the same element twice");
  EXPECT_EQ(violations(kSettings, R"({"host":"h","a/b~c":1})"), "/a~1b~0c must be boolean or null");
  EXPECT_NE(
      violations(kSettings, R"({"host":"h","mac":"00"})").find("/mac must match the pattern ^("),
      std::string::npos);
  EXPECT_EQ(violations(kSettings, R"({"port":"x","mode":1})"),
            "/mode must be one of the values that the schema lists; /port must be integer; /host "
            "is required");
}

TEST(JsonSchema, EveryKeywordOfDraft07Works) {
  const struct {
    const char* schema;
    const char* good;
    const char* bad;
  } cases[] = {
      {R"(true)", "1", nullptr},
      {R"(false)", nullptr, "1"},
      {R"({"const":{"a":1}})", R"({"a":1})", R"({"a":2})"},
      {R"({"multipleOf":5})", "10", "11"},
      {R"({"exclusiveMinimum":1})", "2", "1"},
      {R"({"exclusiveMaximum":1})", "0", "1"},
      {R"({"maximum":1})", "1", "2"},
      {R"({"minLength":2})", R"("ää")", R"("ä")"},
      {R"({"maxLength":1})", R"("ä")", R"("ää")"},
      {R"({"items":[{"type":"string"}],"additionalItems":false})", R"(["a"])", R"(["a",1])"},
      {R"({"items":[{"type":"string"}],"additionalItems":{"type":"integer"}})", R"(["a",1])",
       R"(["a","b"])"},
      {R"({"minItems":1})", "[1]", "[]"},
      {R"({"contains":{"type":"null"}})", "[1,null]", "[1]"},
      {R"({"minProperties":1})", R"({"a":1})", "{}"},
      {R"({"maxProperties":1})", R"({"a":1})", R"({"a":1,"b":2})"},
      {R"({"propertyNames":{"pattern":"^[a-z]+$"}})", R"({"ab":1})", R"({"aB":1})"},
      {R"({"propertyNames":{"type":"string","maxLength":2}})", R"({"ab":1})", R"({"abc":1})"},
      {R"({"additionalProperties":{"type":"integer"}})", R"({"a":1})", R"({"a":"1"})"},
      {R"({"dependencies":{"a":["b"]}})", R"({"a":1,"b":2})", R"({"a":1})"},
      {R"({"dependencies":{"a":{"required":["b"]}}})", R"({"a":1,"b":2})", R"({"a":1})"},
      {R"({"if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}})",
       R"({"a":1,"b":1})", R"({"a":1})"},
      {R"({"if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}})",
       R"({"c":1})", "{}"},
      {R"({"allOf":[{"minimum":1},{"maximum":2}]})", "1", "3"},
      {R"({"anyOf":[{"type":"string"},{"minimum":5}]})", "5", "4"},
      {R"({"oneOf":[{"minimum":1},{"minimum":5}]})", "2", "6"},
      {R"({"not":{"type":"null"}})", "1", "null"},
      {R"({"type":"array"})", "[]", "{}"},
      {R"({"type":"boolean"})", "false", "0"},
      {R"({"type":"null"})", "null", "false"},
      {R"({"type":"number"})", "1.5", R"("1.5")"},
      {R"({"enum":[1,"a",null]})", "null", "2"},
  };
  for (const auto& c : cases) {
    if (c.good != nullptr) {
      EXPECT_EQ(violations(c.schema, c.good), "") << c.schema;
    }
    if (c.bad != nullptr) {
      EXPECT_NE(violations(c.schema, c.bad), "") << c.schema;
    }
  }
}

TEST(JsonSchema, RefusesSchemasWithThePlaceOfTheMistake) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"propertis":{}})", "/propertis"},
      {R"({"properties":{"a":{"typ":"x"}}})", "/properties/a/typ"},
      {R"({"definitions":{"a":{"typ":"x"}}})", "/definitions/a/typ"},
      {R"({"properties":{"a":{"$ref":"#/definitions/b","typ":1}},"definitions":{"b":true}})",
       "/properties/a/typ"},
      {R"({"$schema":"https://json-schema.org/draft/2020-12/schema"})", "/$schema"},
      {R"({"properties":{"a":{"$id":"x"}}})", "/properties/a/$id"},
      {R"({"$ref":"http://example.org/schema"})", "/$ref"},
      {R"({"$ref":"#/definitions/none"})", "/$ref"},
      {R"({"type":"text"})", "/type"},
      {R"({"type":[]})", "/type"},
      {R"({"minimum":"1"})", "/minimum"},
      {R"({"multipleOf":0})", "/multipleOf"},
      {R"({"maxLength":-1})", "/maxLength"},
      {R"({"uniqueItems":1})", "/uniqueItems"},
      {R"({"required":"a"})", "/required"},
      {R"({"enum":[]})", "/enum"},
      {R"({"properties":[]})", "/properties"},
      {R"({"allOf":[]})", "/allOf"},
      {R"({"items":1})", "/items"},
      {R"({"dependencies":{"a":[1]}})", "/dependencies/a"},
      {R"({"pattern":"("})", "/pattern"},
      {R"({"patternProperties":{}})", "/patternProperties"},
      {R"({"not":[]})", "/not"},
  };
  for (const auto& [schema, place] : cases) {
    EXPECT_EQ(refusedAt(schema), place) << schema;
  }
  EXPECT_FALSE(Schema::compileText("{").ok());
  EXPECT_FALSE(Schema::compileText("[]").ok());
}

TEST(JsonSchema, RefusesRecursionAndExplosion) {
  EXPECT_EQ(refusedAt(R"({"$ref":"#"})"), "/$ref");
  EXPECT_FALSE(Schema::compileText(R"({"properties":{"child":{"$ref":"#"}}})").ok());
  EXPECT_FALSE(
      Schema::compileText(
          R"({"$ref":"#/definitions/a","definitions":{"a":{"$ref":"#/definitions/b"},"b":{"$ref":"#/definitions/a"}}})")
          .ok());
  std::string billion = R"({"definitions":{"d0":{"type":"null"})";
  for (int i = 1; i < 20; ++i) {
    const std::string ref = R"({"$ref":"#/definitions/d)" + std::to_string(i - 1) + "\"}";
    billion += ",\"d" + std::to_string(i) + R"(":{"allOf":[)" + ref + "," + ref + "]}";
  }
  EXPECT_FALSE(Schema::compileText(billion + "}}").ok());
  std::string deep;
  for (int i = 0; i < 60; ++i) {
    deep += R"({"not":)";
  }
  EXPECT_FALSE(Schema::compileText(deep + "true" + std::string(60, '}')).ok());
}

TEST(JsonSchema, CopiesShareOneSchemaThatOutlivesTheFirst) {
  std::vector<Schema> copies;
  {
    const auto first = Schema::compileText(R"({"type":"integer"})");
    copies.assign(3, *first);
  }
  for (const Schema& copy : copies) {
    EXPECT_TRUE(copy.validate(1).empty());
    EXPECT_EQ(copy.validate("x").size(), 1u);
  }
}

}  // namespace
}  // namespace busbar
