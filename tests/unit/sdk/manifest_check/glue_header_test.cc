// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/manifest_check/glue_header.h"

#include <string>

#include <gtest/gtest.h>

namespace busbar {
namespace {

Manifest parsedManifest(const std::string& more) {
  auto parsed = Manifest::parse(
      R"({"manifest_version":1,"id":"a.b","version":"1.0.0","name":"n","module_name":"N",)"
      R"("vendor":"v","license":"l","role":"device",)" +
      more + "}");
  EXPECT_TRUE(parsed.ok()) << parsed.error().message;
  return parsed.ok() ? std::move(parsed).value() : Manifest();
}

TEST(GlueHeader, ListsParametersInPositionalOrder) {
  const auto header =
      glueHeader(parsedManifest(R"("functions":{"go":{"params":{"type":"object","properties":{
      "a":{"type":["string","null"]},"b":{"enum":[1,2]},"c":{"anyOf":[{"type":"null"}]}},
      "required":["b"],"additionalProperties":false},"order":["b","a","c"],"result":{"type":"number"}}})"));
  ASSERT_TRUE(header.ok());
  EXPECT_NE(header->find("{\"b\", 4, true},\n    {\"a\", 17, false},\n    {\"c\", 127, false},"),
            std::string::npos)
      << *header;
  EXPECT_NE(header->find("{\"go\", kParams_go, 3, 12},"), std::string::npos) << *header;
}

TEST(GlueHeader, MakesNamesOfStatusKeys) {
  const auto header = glueHeader(parsedManifest(
      R"("status":[{"key":"Rack/1.power","schema":{"type":"boolean"}},{"key":"default"},{"pattern":"^x$"}])"));
  ASSERT_TRUE(header.ok());
  EXPECT_NE(header->find("StatusSpec Rack_1_power{\"Rack/1.power\", 2};"), std::string::npos)
      << *header;
  EXPECT_NE(header->find("StatusSpec default_{\"default\", 127};"), std::string::npos) << *header;
  EXPECT_EQ(header->find("^x$"), std::string::npos);
}

TEST(GlueHeader, RefusesKeysThatBecomeTheSameName) {
  EXPECT_FALSE(glueHeader(parsedManifest(R"("status":[{"key":"a.b"},{"key":"a_b"}])")).ok());
}

}  // namespace
}  // namespace busbar
