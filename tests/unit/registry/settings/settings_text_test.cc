// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/settings/settings_text.h"

#include <gtest/gtest.h>

namespace busbar {
namespace {

// The document as compact JSON, or "refused: …".
std::string parsed(std::string_view text) {
  const auto object = parseSettings(text);
  if (!object.ok()) {
    EXPECT_EQ(object.error().code, ErrorCode::InvalidArgument);
    EXPECT_EQ(object.error().field, "settings_string");
    return "refused: " + object.error().message;
  }
  return json::write(*object);
}
bool isRefused(std::string_view text, std::string_view why = "") {
  const std::string answer = parsed(text);
  return answer.starts_with("refused: ") && answer.find(why) != std::string::npos;
}

TEST(SettingsText, BlankAndCommentsAreTheEmptyObject) {
  for (const char* text : {"", "  \n\t", "# nothing\n", "---\n", "{}", "null", "~"}) {
    EXPECT_EQ(parsed(text), "{}") << text;
  }
}

TEST(SettingsText, ReadsJson) {
  EXPECT_EQ(parsed(R"( {"a": 1, "b": [true, null, 1.5, "x"]} )"),
            R"({"a":1,"b":[true,null,1.5,"x"]})");
}

TEST(SettingsText, ReadsYaml) {
  EXPECT_EQ(parsed("port: 23\nname: main hall\nlist:\n  - 1\n  - {x: y}\nmulti: |\n  one\n  two\n"),
            R"({"port":23,"name":"main hall","list":[1,{"x":"y"}],"multi":"one\u000atwo\u000a"})");
  EXPECT_EQ(parsed("{a: 1, b: [x, y]}"), R"({"a":1,"b":["x","y"]})")
      << "flow style that is no JSON";
}

TEST(SettingsText, PlainScalarsFollowTheCoreSchema) {
  const std::pair<const char*, const char*> cases[] = {
      {"no", R"("no")"},
      {"NO", R"("NO")"},
      {"yes", R"("yes")"},
      {"on", R"("on")"},
      {"off", R"("off")"},
      {"y", R"("y")"},
      {"true", "true"},
      {"False", "false"},
      {"TRUE", "true"},
      {"tRUE", R"("tRUE")"},
      {"null", "null"},
      {"~", "null"},
      {"", "null"},
      {"12", "12"},
      {"-7", "-7"},
      {"+7", "7"},
      {"0", "0"},
      {"0x1F", "31"},
      {"0o17", "15"},
      {"017", R"("017")"},
      {"0049", R"("0049")"},
      {"12:30", R"("12:30")"},
      {"1_000", R"("1_000")"},
      {"1.5", "1.5"},
      {".5", "0.5"},
      {"5.", "5.0"},
      {"1e3", "1000.0"},
      {"1e", R"("1e")"},
      {".", R"(".")"},
      {"-", R"("-")"},
      {"0x", R"("0x")"},
      {"0x-1", R"("0x-1")"},
      {"1.2.3", R"("1.2.3")"},
      {"2024-01-01", R"("2024-01-01")"},
      {"9223372036854775807", "9223372036854775807"},
  };
  for (const auto& [scalar, json] : cases) {
    if (std::string_view(scalar) == "-") {
      continue;  // a list entry in this place
    }
    const auto want = json::parse("{\"k\":" + std::string(json) + "}");
    const auto got = parseSettings("k: " + std::string(scalar));
    ASSERT_TRUE(got.ok()) << scalar << ": " << got.error().message;
    EXPECT_EQ(json::write(*got), json::write(*want)) << scalar;
  }
}

TEST(SettingsText, QuotesAndTagsDecideTheType) {
  EXPECT_EQ(parsed("a: '1'\nb: \"true\"\nc: !!str 5\nd: !!int 5\ne: '.inf'\nf: ! 7"),
            R"({"a":"1","b":"true","c":"5","d":5,"e":".inf","f":"7"})");
  EXPECT_TRUE(isRefused("a: !!int x", "tag"));
  EXPECT_TRUE(isRefused("a: !!python/object x", "tag"));
  EXPECT_TRUE(isRefused("a: !!map [1]", "tag"));
  EXPECT_TRUE(isRefused("a: !custom {b: c}", "tag"));
}

TEST(SettingsText, RefusesWhatHasNoPlaceInSettings) {
  EXPECT_TRUE(isRefused("a: &x 1\nb: *x", "aliases"));
  EXPECT_TRUE(isRefused("a: 1\na: 2", "twice"));
  EXPECT_TRUE(isRefused(R"({"a":1,"a":2})", "twice"));
  EXPECT_TRUE(isRefused("a: .inf"));
  EXPECT_TRUE(isRefused("a: -.NaN"));
  EXPECT_TRUE(isRefused("? [a, b]\n: c", "key"));
  EXPECT_TRUE(isRefused("~: c", "key"));
  EXPECT_TRUE(isRefused("a: 1\n---\nb: 2", "one document"));
  EXPECT_TRUE(isRefused("- a\n- b", "map"));
  EXPECT_TRUE(isRefused("[1]", "map"));
  EXPECT_TRUE(isRefused("just text", "map"));
  EXPECT_TRUE(isRefused("a: [1, 2"));
  EXPECT_TRUE(isRefused("a: b: c"));
  EXPECT_TRUE(isRefused(std::string_view("a: \0b", 5), "control"));
  EXPECT_TRUE(isRefused("a: \x1B[0m", "control"));
  EXPECT_TRUE(isRefused("a: \xFF", "UTF-8"));
  EXPECT_TRUE(isRefused("a: \"\\ud800\""));
}

TEST(SettingsText, ErrorsOfYamlSayWhere) {
  EXPECT_TRUE(isRefused("a: 1\nb: *x\n", "line 2, column 4"));
  EXPECT_TRUE(isRefused("a: 1\n b: 2\n", "line 2"));
}

TEST(SettingsText, SizeAndDepthAreBounded) {
  EXPECT_EQ(parsed("a: " + std::string(kMaxSettingsBytes - 3, 'x')).substr(0, 8), R"({"a":"xx)");
  EXPECT_TRUE(isRefused("a: " + std::string(kMaxSettingsBytes - 2, 'x'), "longer"));
  const auto nested = [](size_t depth) {
    return "a: " + std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_FALSE(isRefused(nested(31)));
  EXPECT_TRUE(isRefused(nested(32), "deeper"));
  EXPECT_TRUE(isRefused(nested(30'000), "deeper"));
  EXPECT_TRUE(isRefused("{\"a\":" + std::string(30'000, '[')));
  std::string wide;
  for (int i = 0; i < 5000; ++i) {
    wide += "k" + std::to_string(i) + ": 1\n";
  }
  EXPECT_TRUE(isRefused(wide, "4096"));
}

}  // namespace
}  // namespace busbar
