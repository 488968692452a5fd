// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/json.h"

#include <gtest/gtest.h>

#include "sdk/base/json_cursor.h"

namespace busbar::json {
namespace {

TEST(Json, RoundTripsEveryType) {
  const std::string text =
      R"({"a":null,"b":true,"c":-9223372036854775808,"d":1.5,"e":"x\"\\\u0001é","f":[1,[],{}]})";
  const auto value = parse(text);
  ASSERT_TRUE(value.ok()) << value.error().message;
  EXPECT_EQ(write(*value), text);
  EXPECT_EQ(*value, *parse(writePretty(*value)));
}

TEST(Json, DoublesStayDoubles) {
  EXPECT_EQ(write(*parse("[1.0,1e3]")), "[1.0,1000.0]");
}

TEST(Json, RefusesWhatFollowsANul) {
  for (const std::string_view text : {std::string_view("[1]\0x", 5), std::string_view("[1]\0", 4),
                                      std::string_view("\"a\0b\"", 5)}) {
    EXPECT_FALSE(parse(text).ok());
    EXPECT_FALSE(check(text).ok());
  }
}

TEST(Json, RefusesByteOrderMarksWholeAndInPart) {
  for (const char* text : {"\xef\xbb\xbf{}", "\xef{}", "\xbb{}", "\xbf{}", "\xef"}) {
    EXPECT_FALSE(parse(text).ok());
    EXPECT_FALSE(check(text).ok());
  }
}

class JsonRefuses : public testing::TestWithParam<const char*> {};
TEST_P(JsonRefuses, ByParseAndByCheckAlike) {
  EXPECT_FALSE(parse(GetParam()).ok());
  EXPECT_FALSE(check(GetParam()).ok());
}
INSTANTIATE_TEST_SUITE_P(Inputs, JsonRefuses,
                         testing::Values("", "{", "[1,]", "{\"a\":1,}", "{\"a\":1,\"a\":2}", "1 2",
                                         "nul", "NaN", "Infinity", "[1e999]", "\"\xff\"", "'a'",
                                         "\"\xed\xa0\x80\"", "{\"a\":{\"b\":1,\"b\":1}}", "01",
                                         "\"\t\"", "/*c*/1", "{\"a\":1,\"\\u0061\":2}"));

TEST(Json, DepthIsLimitedWithoutRecursion) {
  const auto nest = [](size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  EXPECT_TRUE(parse(nest(64)).ok());
  EXPECT_FALSE(parse(nest(65)).ok());
  EXPECT_FALSE(check(std::string(1'000'000, '[')).ok());
}

TEST(Json, SizeIsLimited) {
  EXPECT_FALSE(check("[1,2,3]", {.maxBytes = 6}).ok());
  EXPECT_TRUE(check("[1,2,3]", {.maxBytes = 7}).ok());
}

TEST(Json, SiblingObjectsMayShareKeys) {
  EXPECT_TRUE(check(R"([{"a":1},{"a":1}])").ok());
  EXPECT_TRUE(check(R"({"a":{"a":{"a":1}},"b":{"a":1}})").ok());
}

TEST(Json, ErrorsNameTheByte) {
  EXPECT_NE(parse("{\"a\":tru}").error().message.find("byte 8"), std::string::npos)
      << parse("{\"a\":tru}").error().message;
}

TEST(Json, NumbersAreExactIntegersOrTheNearestDouble) {
  const std::string zeros = "0." + std::string(400, '0');
  const std::pair<std::string, Value> cases[] = {{"-0", int64_t{0}},
                                                 {"9223372036854775807", INT64_MAX},
                                                 {"-9223372036854775808", INT64_MIN},
                                                 {"9223372036854775808", 9223372036854775808.0},
                                                 {"0.1", 0.1},
                                                 {"1e3", 1000.0},
                                                 {zeros, 0.0},
                                                 {zeros + "1", 0.0},
                                                 {zeros + "1e401", 1.0},
                                                 {"1e-400", 0.0},
                                                 {"-123e-99999999999999999999", -0.0},
                                                 {std::string(300, '9') + "e-300", 1.0},
                                                 {"1.7976931348623157e308", 1.7976931348623157e308},
                                                 {"5e-324", 5e-324}};
  for (const auto& [text, value] : cases) {
    const auto parsed = parse(text);
    ASSERT_TRUE(parsed.ok()) << text << ": " << parsed.error().message;
    EXPECT_EQ(*parsed, value) << text;
    EXPECT_TRUE(check(text).ok()) << text;
  }
  for (const std::string text : {"1e309", "-1e400", "1e99999999999999999999", "0.001e400"}) {
    EXPECT_FALSE(parse(text).ok()) << text;
    EXPECT_FALSE(check(text).ok()) << text;
  }
  EXPECT_FALSE(check(std::string(310, '9')).ok());
  EXPECT_FALSE(parse(std::string(310, '9')).ok());
}

std::vector<std::pair<std::string_view, std::string_view>> membersOf(std::string_view text) {
  static std::string kept;  // what the views point into
  kept = text;
  std::vector<std::pair<std::string_view, std::string_view>> members;
  MemberCursor cursor(kept);
  for (std::pair<std::string_view, std::string_view> m; cursor.next(m.first, m.second);) {
    members.push_back(m);
  }
  return members;
}

TEST(Json, TopLevelPartsAreViewsOfCheckedText) {
  EXPECT_EQ(elementsOf(R"( [1, "a,]\\\"", {"b":[2,3]} ,[] ] )"),
            (std::vector<std::string_view>{"1", R"("a,]\\\"")", R"({"b":[2,3]})", "[]"}));
  EXPECT_TRUE(elementsOf("[ ]").empty());
  EXPECT_TRUE(elementsOf("{}").empty());
  using Members = std::vector<std::pair<std::string_view, std::string_view>>;
  EXPECT_EQ(membersOf(R"( {"a" : 1, "b:,": {"c":[1,"}\""]} ,"":"\u0041\\"})"),
            (Members{{"a", "1"}, {"b:,", R"({"c":[1,"}\""]})"}, {"", R"("\u0041\\")"}}));
  const std::string longText(100, 'x');
  EXPECT_EQ(membersOf("{\"k\":\"" + longText + "\"}"), (Members{{"k", "\"" + longText + "\""}}));
  EXPECT_EQ(membersOf("{\"k\":\"" + longText + "\xc3\xa4\"}"),
            (Members{{"k", "\"" + longText + "\xc3\xa4\""}}));
  EXPECT_TRUE(membersOf("{ }").empty());
  EXPECT_TRUE(membersOf("[1]").empty());
  EXPECT_TRUE(membersOf("7").empty());
}

TEST(Json, AppendStringReplacesInvalidUtf8) {
  std::string out;
  appendString(out,
               "a\xff"
               "b");
  EXPECT_EQ(out,
            "\"a\xEF\xBF\xBD"
            "b\"");
  EXPECT_TRUE(isUtf8(out));
  EXPECT_FALSE(isUtf8("\xC0\x80"));
}

}  // namespace
}  // namespace busbar::json
