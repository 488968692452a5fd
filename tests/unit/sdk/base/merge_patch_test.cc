// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/merge_patch.h"

#include <gtest/gtest.h>

namespace busbar::json {
namespace {

// The examples of RFC 7396, appendix A, and a deeper one.
TEST(MergePatch, FollowsRfc7396) {
  struct Row {
    const char* document;
    const char* patch;
    const char* result;
  };
  for (const Row& row :
       {Row{R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
        Row{R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
        Row{R"({"a":"b"})", R"({"a":null})", R"({})"},
        Row{R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
        Row{R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
        Row{R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
        Row{R"(["a","b"])", R"(["c","d"])", R"(["c","d"])"},
        Row{R"({"a":"b"})", R"(["c"])", R"(["c"])"}, Row{R"({"a":"foo"})", R"(null)", R"(null)"},
        Row{R"({"e":null})", R"({"a":1})", R"({"e":null,"a":1})"},
        Row{R"([1,2])", R"({"a":"b","c":null})", R"({"a":"b"})"},
        Row{R"({})", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
        Row{R"({"c":{"d":"e","f":"g"}})", R"({"c":{"f":null},"n":{"x":1}})",
            R"({"c":{"d":"e"},"n":{"x":1}})"}}) {
    Value document = *parse(row.document);
    mergePatch(document, *parse(row.patch));
    EXPECT_EQ(document, *parse(row.result)) << row.document << " + " << row.patch;
  }
}

}  // namespace
}  // namespace busbar::json
