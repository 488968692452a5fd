// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/http_json/mapping.h"

#include <gtest/gtest.h>

namespace busbar::http_json {
namespace {

struct Case {
  Type type;
  const char* json;
  Value expected;
  double scale = 1;
  double offset = 0;
};

Mapped map(const Case& each) {
  Point point;
  point.name = "p";
  point.pointerText = "/v";
  point.pointer = *Pointer::parse("/v");
  point.type = each.type;
  point.scale = each.scale;
  point.offset = each.offset;
  const JsonDocument document = JsonDocument::parse("{\"v\":" + std::string(each.json) + "}");
  return mapPoint(point, document.root());
}

TEST(Mapping, ConvertsWhereNothingIsLost) {
  const Case cases[] = {
      {Type::Auto, "true", true},
      {Type::Auto, "5", int64_t{5}},
      {Type::Auto, "5.5", 5.5},
      {Type::Auto, "\"x\"", std::string("x")},
      {Type::Auto, "[1,{\"a\":2}]", Document{"[1,{\"a\":2}]"}},
      {Type::Auto, "5", 0.5, 0.1},
      {Type::Auto, "\"5\"", std::string("5"), 0.1},
      {Type::Boolean, "1", true},
      {Type::Boolean, "0", false},
      {Type::Boolean, "\"on\"", true},
      {Type::Boolean, "\"off\"", false},
      {Type::Integer, "3.0", int64_t{3}},
      {Type::Integer, "\"42\"", int64_t{42}},
      {Type::Integer, "9007199254740993", int64_t{9007199254740993}},
      {Type::Integer, "7", int64_t{4}, 0.5},
      {Type::Number, "7", int64_t{7}},
      {Type::Number, "\"21.5\"", 21.5},
      {Type::Number, "10", 32.0 + 18.0, 1.8, 32},
      {Type::String, "7", std::string("7")},
      {Type::String, "\"x\"", std::string("x")},
      {Type::String, "[1]", std::string("[1]")},
  };
  for (const Case& each : cases) {
    const Mapped mapped = map(each);
    EXPECT_EQ(mapped.value, each.expected) << toText(each.type) << " " << each.json;
    EXPECT_EQ(mapped.problem, "") << each.json;
  }
}

TEST(Mapping, WhatIsNotThereIsUnknownWithoutAProblem) {
  const Mapped mapped = map({Type::Number, "null", {}});
  EXPECT_EQ(mapped.value, Value());
  EXPECT_EQ(mapped.problem, "");
}

TEST(Mapping, AnotherTypeIsAProblemThatNamesThePoint) {
  const Case cases[] = {{Type::Boolean, "\"maybe\"", {}}, {Type::Boolean, "[]", {}},
                        {Type::Integer, "3.5", {}},       {Type::Integer, "\"3x\"", {}},
                        {Type::Integer, "1e300", {}},     {Type::Integer, "\"\"", {}},
                        {Type::Number, "\"nan?\"", {}},   {Type::Number, "true", {}},
                        {Type::Number, "{}", {}},         {Type::Number, "\"inf\"", {}},
                        {Type::Number, "\" 1\"", {}},     {Type::Number, "1e308", {}, 10}};
  for (const Case& each : cases) {
    const Mapped mapped = map(each);
    EXPECT_EQ(mapped.value, Value()) << each.json;
    EXPECT_NE(mapped.problem.find("point p"), std::string::npos) << each.json;
    EXPECT_NE(mapped.problem.find("/v is no " + std::string(toText(each.type))), std::string::npos);
  }
}

TEST(Mapping, TypesHaveNames) {
  for (const char* name : {"auto", "boolean", "integer", "number", "string"}) {
    EXPECT_EQ(toText(*typeFromText(name)), name);
  }
  EXPECT_FALSE(typeFromText("float").has_value());
}

}  // namespace
}  // namespace busbar::http_json
