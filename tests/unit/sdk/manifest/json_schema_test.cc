// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/manifest/json_schema.h"

#include <string>

#include <gtest/gtest.h>

namespace busbar {
namespace {

json::Value value(std::string_view text) {
  auto parsed = json::parse(text);
  EXPECT_TRUE(parsed.ok()) << text;
  return parsed.ok() ? std::move(parsed).value() : json::Value();
}

struct Case {
  const char* schema;
  const char* value;
  const char* field;  // pointer of the mistake; nullptr: fits
};

class JsonSchemaCheck : public testing::TestWithParam<Case> {};

TEST_P(JsonSchemaCheck, FollowsDraft07) {
  const auto schema = JsonSchema::compile(value(GetParam().schema));
  ASSERT_TRUE(schema.ok()) << schema.error().message;
  const Status status = schema->check(value(GetParam().value));
  EXPECT_EQ(status.ok(), GetParam().field == nullptr)
      << GetParam().schema << " " << GetParam().value;
  if (!status.ok() && GetParam().field != nullptr) {
    EXPECT_EQ(status.error().field, GetParam().field);
    EXPECT_EQ(status.error().code, ErrorCode::InvalidArgument);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, JsonSchemaCheck,
    testing::Values(
        Case{"true", "1", nullptr}, Case{"false", "1", ""}, Case{"{}", "null", nullptr},
        Case{R"({"type":"integer"})", "1", nullptr}, Case{R"({"type":"integer"})", "1.0", nullptr},
        Case{R"({"type":"integer"})", "1.5", ""}, Case{R"({"type":"number"})", "1", nullptr},
        Case{R"({"type":["null","string"]})", "null", nullptr},
        Case{R"({"type":["null","string"]})", "false", ""},
        Case{R"({"enum":[1,"a"]})", "1.0", nullptr}, Case{R"({"enum":[1,"a"]})", "2", ""},
        Case{R"({"const":{"a":1}})", R"({"a":1})", nullptr},
        Case{R"({"minimum":1,"maximum":3})", "3", nullptr}, Case{R"({"minimum":1})", "0", ""},
        Case{R"({"maximum":3})", "3.5", ""}, Case{R"({"exclusiveMinimum":1})", "1", ""},
        Case{R"({"exclusiveMaximum":1})", "0.5", nullptr},
        Case{R"({"multipleOf":0.1})", "0.3", nullptr}, Case{R"({"multipleOf":2})", "3", ""},
        Case{R"({"maxLength":1})", "\"\xC3\xA9\"", nullptr},
        Case{R"({"maxLength":1})", R"("ab")", ""}, Case{R"({"minLength":1})", R"("")", ""},
        Case{R"({"pattern":"^a+$"})", R"("aa")", nullptr},
        Case{R"({"pattern":"^a+$"})", R"("b")", ""},
        Case{R"({"items":{"type":"integer"}})", "[1,2]", nullptr},
        Case{R"({"items":{"type":"integer"}})", R"([1,"a"])", "/1"},
        Case{R"({"items":[true,{"type":"string"}],"additionalItems":false})", R"([1,"a"])",
             nullptr},
        Case{R"({"items":[true],"additionalItems":false})", "[1,2]", "/1"},
        Case{R"({"minItems":1})", "[]", ""}, Case{R"({"maxItems":1})", "[1,2]", ""},
        Case{R"({"uniqueItems":true})", "[1,2,1]", "/2"},
        Case{R"({"contains":{"const":2}})", "[1,2]", nullptr},
        Case{R"({"contains":{"const":2}})", "[1]", ""}, Case{R"({"required":["a"]})", "{}", "/a"},
        Case{R"({"properties":{"a/b":{"type":"string"}}})", R"({"a/b":1})", "/a~1b"},
        Case{R"({"additionalProperties":false,"properties":{"a":true}})", R"({"a":1,"b":2})", "/b"},
        Case{R"({"additionalProperties":{"type":"string"}})", R"({"b":2})", "/b"},
        Case{R"({"patternProperties":{"^x":{"type":"string"}},"additionalProperties":false})",
             R"({"x1":""})", nullptr},
        Case{R"({"patternProperties":{"^x":{"type":"string"}}})", R"({"x1":1})", "/x1"},
        Case{R"({"propertyNames":{"maxLength":1}})", R"({"ab":1})", "/ab"},
        Case{R"({"minProperties":1})", "{}", ""}, Case{R"({"maxProperties":0})", R"({"a":1})", ""},
        Case{R"({"dependencies":{"a":["b"]}})", R"({"a":1})", "/b"},
        Case{R"({"dependencies":{"a":{"required":["b"]}}})", R"({"a":1,"b":1})", nullptr},
        Case{R"({"allOf":[{"minimum":1},{"maximum":2}]})", "3", ""},
        Case{R"({"anyOf":[{"type":"null"},{"minimum":1}]})", "null", nullptr},
        Case{R"({"anyOf":[{"type":"null"},{"minimum":1}]})", "0", ""},
        Case{R"({"oneOf":[{"type":"integer"},{"minimum":1}]})", "2", ""},
        Case{R"({"oneOf":[{"type":"integer"},{"minimum":1}]})", "0", nullptr},
        Case{R"({"not":{"type":"null"}})", "null", ""},
        Case{R"({"if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}})",
             R"({"a":1})", "/b"},
        Case{R"({"if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}})",
             "{}", "/c"},
        Case{R"({"definitions":{"t":{"type":"string"}},"items":{"$ref":"#/definitions/t"}})", "[1]",
             "/0"},
        Case{R"({"properties":{"next":{"$ref":"#"}},"required":["v"]})", R"({"v":1,"next":{}})",
             "/next/v"},
        Case{R"({"x-secret":true,"format":"ipv4","title":"t"})", "1", nullptr}));

class JsonSchemaCompile : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(JsonSchemaCompile, NamesTheMistake) {
  const auto schema = JsonSchema::compile(value(GetParam().first), "/settings");
  ASSERT_FALSE(schema.ok());
  EXPECT_EQ(schema.error().field, std::string("/settings") + GetParam().second);
}

using Mistake = std::pair<const char*, const char*>;
INSTANTIATE_TEST_SUITE_P(
    Table, JsonSchemaCompile,
    testing::Values(
        Mistake{R"({"minimun":1})", "/minimun"}, Mistake{"1", ""},
        Mistake{R"({"type":"int"})", "/type"}, Mistake{R"({"enum":[]})", "/enum"},
        Mistake{R"({"pattern":"("})", "/pattern"}, Mistake{R"({"required":"a"})", "/required"},
        Mistake{R"({"properties":{"a":{"maxLength":-1}}})", "/properties/a/maxLength"},
        Mistake{R"({"$ref":"http://example.com/x"})", "/$ref"},
        Mistake{R"({"$ref":"#/definitions/none"})", "/$ref"},
        Mistake{R"({"$schema":"https://json-schema.org/draft/2020-12/schema"})", "/$schema"},
        Mistake{R"({"anyOf":[]})", "/anyOf"}, Mistake{R"({"multipleOf":0})", "/multipleOf"}));

TEST(JsonSchema, NeverShowsTheValueInItsMessage) {
  const auto schema = JsonSchema::compile(value(R"({"type":"integer"})"));
  ASSERT_TRUE(schema.ok());
  const Status status = schema->check(value(R"("hunter2")"), "/settings/password");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().field, "/settings/password");
  EXPECT_EQ(status.error().message, "/settings/password must be an integer");
}

TEST(JsonSchema, EndsOnReferencesThatReadNothing) {
  const auto schema = JsonSchema::compile(value(R"({"allOf":[{"$ref":"#"}]})"));
  ASSERT_TRUE(schema.ok());
  EXPECT_FALSE(schema->check(value("1")).ok());
}

TEST(JsonSchema, EndsOnSchemasThatMultiply) {
  // Each level asks the next one twice: 2^20 steps and more without a budget.
  std::string text = R"({"definitions":{"d0":{"type":"string"})";
  for (int i = 1; i <= 40; ++i) {
    const std::string below = "{\"$ref\":\"#/definitions/d" + std::to_string(i - 1) + "\"}";
    text += ",\"d" + std::to_string(i) + "\":{\"anyOf\":[" + below + "," + below + "]}";
  }
  text += R"(},"not":{"$ref":"#/definitions/d40"}})";
  const auto schema = JsonSchema::compile(value(text));
  ASSERT_TRUE(schema.ok()) << schema.error().message;
  EXPECT_FALSE(schema->check(value("1")).ok());
}

TEST(JsonSchema, FillsInDefaultsAtAllDepths) {
  const auto schema = JsonSchema::compile(value(
      R"({"properties":{"a":{"default":1},"o":{"properties":{"b":{"default":"x"}}},
          "l":{"items":{"properties":{"c":{"default":null}}}},"m":{"properties":{"d":{"default":1}}}}})"));
  ASSERT_TRUE(schema.ok());
  EXPECT_EQ(schema->withDefaults(value(R"({"o":{},"l":[{},{"c":2}]})")),
            value(R"({"a":1,"o":{"b":"x"},"l":[{"c":null},{"c":2}]})"));
}

}  // namespace
}  // namespace busbar
