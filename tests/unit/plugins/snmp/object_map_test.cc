// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/snmp/object_map.h"

#include <gtest/gtest.h>

namespace busbar::snmp {
namespace {

Variable octets(std::string bytes) {
  Variable variable;
  variable.type = ValueType::OctetString;
  variable.bytes = std::move(bytes);
  return variable;
}

Variable integerVariable(int64_t value) {
  Variable variable;
  variable.type = ValueType::Integer;
  variable.integer = value;
  return variable;
}

TEST(ObjectMap, FindsObjectsByKey) {
  ObjectMap map;
  ASSERT_EQ(map.build({{.oid = "1.3.6.1", .key = "name", .form = "text", .scale = 1}}), "");
  ASSERT_NE(map.find("name"), nullptr);
  EXPECT_EQ(map.find("name")->oid.toText(), "1.3.6.1");
  EXPECT_EQ(map.find("other"), nullptr);
}

TEST(ObjectMap, RefusesWithASentenceAndStaysAsItWas) {
  ObjectMap map;
  ASSERT_EQ(map.build({{.oid = "1.3", .key = "a", .form = "auto", .scale = 1}}), "");
  const std::vector<std::pair<ObjectSpec, const char*>> cases = {
      {{.oid = "sysName.0", .key = "a", .form = "auto"}, "object \"a\": oid sysName.0"},
      {{.oid = "1.3", .key = "1a", .form = "auto"}, "key must"},
      {{.oid = "1.3", .key = "online", .form = "auto"}, "key must"},
      {{.oid = "1.3", .key = "a", .form = "int"}, "type must"},
      {{.oid = "1.3", .key = "a", .form = "auto", .scale = 0}, "scale must"}};
  for (const auto& [spec, expected] : cases) {
    EXPECT_NE(map.build({spec}).find(expected), std::string::npos) << map.build({spec});
  }
  const ObjectSpec twice = {.oid = "1.3", .key = "b", .form = "auto"};
  EXPECT_EQ(map.build({twice, twice}), "object \"b\": the key is used twice");
  EXPECT_NE(map.find("a"), nullptr);
}

TEST(SnmpValue, NumbersFollowTheForm) {
  EXPECT_EQ(toValue(integerVariable(7), Form::Auto, 1), Value(int64_t{7}));
  EXPECT_EQ(toValue(integerVariable(7), Form::Auto, 0.5), Value(3.5));
  EXPECT_EQ(toValue(integerVariable(1), Form::Boolean, 1), Value(true));
  EXPECT_EQ(toValue(integerVariable(2), Form::Boolean, 1), Value(false));
  EXPECT_EQ(toValue(integerVariable(7), Form::Text, 1), Value(std::string("7")));
  Variable counter;
  counter.type = ValueType::Counter64;
  counter.number = ~uint64_t{0};
  EXPECT_EQ(toValue(counter, Form::Auto, 1), Value(0x1p64));
}

TEST(SnmpValue, OctetsAreTextWhereTheyAreText) {
  EXPECT_EQ(toValue(octets("caf\xC3\xA9"), Form::Auto, 1), Value(std::string("caf\xC3\xA9")));
  EXPECT_EQ(toValue(octets(std::string("\0\x1B\xFF", 3)), Form::Auto, 1),
            Value(std::string("00:1b:ff")));
  EXPECT_EQ(toValue(octets("a\xFF"), Form::Text, 1), Value(std::string("a?")));
  EXPECT_EQ(toValue(octets("ab"), Form::Hex, 1), Value(std::string("61:62")));
  EXPECT_EQ(toValue(octets(" 21.5 "), Form::Number, 2), Value(43.0));
  EXPECT_EQ(toValue(octets("warm"), Form::Number, 1), Value());
}

TEST(SnmpValue, OtherTypesHaveTheirUsualForm) {
  Variable variable;
  variable.type = ValueType::IpAddress;
  variable.bytes = "\x7F\x01\x02\xFF";
  EXPECT_EQ(toValue(variable, Form::Auto, 1), Value(std::string("127.1.2.255")));
  variable.type = ValueType::ObjectId;
  variable.oid = *Oid::fromText("1.3.6");
  EXPECT_EQ(toValue(variable, Form::Auto, 1), Value(std::string("1.3.6")));
  variable.type = ValueType::NoSuchInstance;
  EXPECT_EQ(toValue(variable, Form::Auto, 1), Value());
}

TEST(SnmpValue, BecomesAVariableOfTheTypeAsked) {
  Variable out;
  EXPECT_EQ(toVariable(int64_t{-5}, "integer", out), "");
  EXPECT_EQ(out, integerVariable(-5));
  EXPECT_EQ(toVariable(true, "integer", out), "");
  EXPECT_EQ(out.integer, 1);
  EXPECT_EQ(toVariable(std::string("x"), "string", out), "");
  EXPECT_EQ(out, octets("x"));
  EXPECT_EQ(toVariable(std::string("00:1B ff"), "hex", out), "");
  EXPECT_EQ(out, octets(std::string("\0\x1B\xFF", 3)));
  EXPECT_EQ(toVariable(std::string("1.3.6"), "oid", out), "");
  EXPECT_EQ(out.oid.toText(), "1.3.6");
  EXPECT_EQ(toVariable(std::string("10.0.0.255"), "ip", out), "");
  EXPECT_EQ(out.bytes, std::string("\x0A\0\0\xFF", 4));
  EXPECT_EQ(toVariable(int64_t{4294967295}, "gauge32", out), "");
  EXPECT_EQ(out.number, 4294967295U);
}

TEST(SnmpValue, RefusesWhatDoesNotFit) {
  Variable out;
  for (const auto& [value, type] :
       std::vector<std::pair<Value, const char*>>{{Value(int64_t{1} << 31), "integer"},
                                                  {Value(1.5), "integer"},
                                                  {Value(std::string("1")), "integer"},
                                                  {Value(int64_t{-1}), "counter32"},
                                                  {Value(int64_t{1} << 32), "timeticks"},
                                                  {Value(int64_t{1}), "string"},
                                                  {Value(std::string("abc")), "hex"},
                                                  {Value(std::string("zz")), "hex"},
                                                  {Value(std::string("1")), "oid"},
                                                  {Value(std::string("1.2.3")), "ip"},
                                                  {Value(std::string("1.2.3.256")), "ip"},
                                                  {Value(std::string("1.2.3.4.5")), "ip"},
                                                  {Value(std::string("x")), "noSuchObject"}}) {
    EXPECT_NE(toVariable(value, type, out), "") << type;
  }
}

}  // namespace
}  // namespace busbar::snmp
