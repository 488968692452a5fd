// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/http_json/pointer.h"

#include <gtest/gtest.h>

namespace busbar::http_json {
namespace {

// The document of RFC 6901 s. 5.
constexpr const char* kDocument = R"({"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,)"
                                  R"("i\\j":5,"k\"l":6," ":7,"m~n":8})";

TEST(Pointer, FindsWhatTheRfcSays) {
  const JsonDocument document = JsonDocument::parse(kDocument);
  const std::pair<const char*, const char*> cases[] = {{"/foo", R"(["bar","baz"])"},
                                                       {"/foo/0", R"("bar")"},
                                                       {"/", "0"},
                                                       {"/a~1b", "1"},
                                                       {"/c%d", "2"},
                                                       {"/e^f", "3"},
                                                       {"/g|h", "4"},
                                                       {"/i\\j", "5"},
                                                       {"/k\"l", "6"},
                                                       {"/ ", "7"},
                                                       {"/m~0n", "8"}};
  for (const auto& [text, expected] : cases) {
    const auto pointer = Pointer::parse(text);
    ASSERT_TRUE(pointer.has_value()) << text;
    EXPECT_EQ(pointer->find(document.root()).text(), expected) << text;
  }
  EXPECT_TRUE(Pointer::parse("")->find(document.root()).isObject());
}

TEST(Pointer, WhatIsNotThereIsNull) {
  const JsonDocument document = JsonDocument::parse(R"({"a":[1,2],"b":{"c":null},"01":3})");
  for (const char* text : {"/x", "/a/2", "/a/-", "/a/01", "/a/1x", "/a/-1", "/a/", "/b/c", "/b/c/d",
                           "/a/0/0", "/a/99999999999999999999999"}) {
    EXPECT_TRUE(Pointer::parse(text)->find(document.root()).isNull()) << text;
  }
  EXPECT_EQ(Pointer::parse("/01")->find(document.root()).text(), "3");
}

TEST(Pointer, RefusesWhatIsNone) {
  for (const char* text : {"a", "a/b", "/a~", "/~2", "/a~x/b", "#/a"}) {
    EXPECT_FALSE(Pointer::parse(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace busbar::http_json
