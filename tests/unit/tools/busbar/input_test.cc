// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/input.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"
#include "tools/busbar/exit_code.h"

namespace busbar::cli {
namespace {

std::string callOf(const std::vector<std::string>& words) {
  const auto value = toCallArguments(words);
  return value ? json::write(*value) : value.error().reason;
}

TEST(CallArguments, TakeEveryForm) {
  EXPECT_EQ(callOf({}), "[]");
  EXPECT_EQ(callOf({"5", "true", "on", "\"5\"", "[1]"}), "[5,true,\"on\",\"5\",[1]]");
  EXPECT_EQ(callOf({"value=5", "label=a b"}), R"({"value":5,"label":"a b"})");
  EXPECT_EQ(callOf({R"({"value":{"a":1}})"}), R"({"value":{"a":1}})");
  EXPECT_EQ(callOf({"[1,2]"}), "[1,2]");
  EXPECT_EQ(callOf({"a=b=c"}), R"({"a":"b=c"})");
  EXPECT_EQ(callOf({"http://x/?a=b"}), R"(["http://x/?a=b"])");
}

TEST(CallArguments, MixturesAndBrokenJsonAreUsageErrors) {
  EXPECT_EQ(callOf({"a=1", "2"}), "usage");
  EXPECT_EQ(callOf({"{\"a\":"}), "usage");
}

TEST(Assignments, MakeNestedObjects) {
  const auto object = toAssignments({"poll.interval_ms=5", "poll.on=true", "name=x"});
  ASSERT_TRUE(object.ok());
  EXPECT_EQ(json::write(*object), R"({"poll":{"interval_ms":5,"on":true},"name":"x"})");
  EXPECT_FALSE(toAssignments({"nothing"}).ok());
  EXPECT_FALSE(toAssignments({".a=1"}).ok());
}

TEST(ReadInput, NamesTheMissingFile) {
  const auto text = readInput("/nonexistent/x");
  ASSERT_FALSE(text.ok());
  EXPECT_NE(text.error().message.find("/nonexistent/x"), std::string::npos);
}

TEST(ToDocument, ReadsJsonAndYaml) {
  const auto json = toDocument(R"({"name":"Lamp","at":12})", "t.json");
  const auto yaml = toDocument("name: Lamp\nat: 12\n", "t.yaml");
  ASSERT_TRUE(json.ok() && yaml.ok());
  EXPECT_EQ(*json, *yaml);
}

TEST(ToDocument, JsonMayBeLongerThanSettings) {
  const auto long_ = toDocument(R"({"text":")" + std::string(200'000, 'x') + R"("})", "t.json");
  ASSERT_TRUE(long_.ok()) << long_.error().message;
}

TEST(ToDocument, MistakesAreFindingsAndNameTheFileAndTheLine) {
  const auto broken = toDocument("name: Lamp\nb: [1, 2\n", "t.yaml");
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(toExitCode(broken.error()), ExitCode::Findings);
  EXPECT_TRUE(broken.error().message.starts_with("read t.yaml: line ")) << broken.error().message;
  for (const char* other : {"[1]", "5", "\"text\"", "- a\n- b\n"}) {
    const auto refused = toDocument(other, "-");
    ASSERT_FALSE(refused.ok()) << other;
    EXPECT_TRUE(refused.error().message.starts_with("read stdin: ")) << refused.error().message;
    EXPECT_EQ(refused.error().message.find("settings:"), std::string::npos);
  }
}

}  // namespace
}  // namespace busbar::cli
