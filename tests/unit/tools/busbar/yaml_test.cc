// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/yaml.h"

#include <string>

#include <gtest/gtest.h>

namespace busbar::cli {
namespace {

std::string yaml(std::string_view text) {
  const auto value = json::parse(text);
  EXPECT_TRUE(value.ok()) << text;
  return toYaml(*value);
}

TEST(Yaml, WritesBlocks) {
  EXPECT_EQ(yaml(R"({"id":"sys-1","m":3,"tags":["a","b"],"deep":{"x":[{"k":1,"l":2}]}})"),
            "id: sys-1\nm: 3\ntags:\n- a\n- b\ndeep:\n  x:\n  - k: 1\n    l: 2\n");
}

TEST(Yaml, WritesEmptyAndScalars) {
  EXPECT_EQ(yaml("[]"), "[]\n");
  EXPECT_EQ(yaml("{\"a\":{},\"b\":[]}"), "a: {}\nb: []\n");
  EXPECT_EQ(yaml("null"), "null\n");
  EXPECT_EQ(yaml("[[1,2],[]]"), "- - 1\n  - 2\n- []\n");
}

TEST(Yaml, QuotesWhatAReaderCouldMistake) {
  for (const char* word : {"yes", "No", "NULL", "true", "1.0", "-", "", "a: b", "#x", " x", "x ",
                           "~", "0x1f", "2001-01-01", "@a", "a\nb"}) {
    const std::string text = toYaml(json::Value(word));
    EXPECT_EQ(text.front(), '"') << text;
  }
  EXPECT_EQ(toYaml(json::Value("Demo room 1.2")), "Demo room 1.2\n");
}

}  // namespace
}  // namespace busbar::cli
