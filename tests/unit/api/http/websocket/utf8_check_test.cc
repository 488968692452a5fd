// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/websocket/utf8_check.h"

#include <string>

#include <gtest/gtest.h>

#include "sdk/base/json.h"

namespace busbar::http {
namespace {

struct Utf8Case {
  const char* name;
  std::string bytes;
  bool isValid;
  bool isComplete;
};

class Utf8CheckTest : public testing::TestWithParam<Utf8Case> {};

TEST_P(Utf8CheckTest, JudgesBytesHoweverTheyAreCut) {
  const Utf8Case& wanted = GetParam();
  for (size_t piece = 1; piece <= wanted.bytes.size() + 1; ++piece) {
    Utf8Check check;
    bool isValid = true;
    for (size_t at = 0; at < wanted.bytes.size(); at += piece) {
      isValid = check.add(std::string_view(wanted.bytes).substr(at, piece));
    }
    EXPECT_EQ(isValid, wanted.isValid) << piece;
    EXPECT_EQ(check.isComplete(), wanted.isComplete) << piece;
  }
  EXPECT_EQ(json::isUtf8(wanted.bytes), wanted.isComplete);
}

INSTANTIATE_TEST_SUITE_P(
    All, Utf8CheckTest,
    testing::Values(Utf8Case{"empty", "", true, true},
                    Utf8Case{"ascii", "0123456789abcdef!", true, true},
                    Utf8Case{"two", "\xC3\xA9", true, true},
                    Utf8Case{"three", "x\xE2\x82\xACx", true, true},
                    Utf8Case{"four", "\xF0\x9F\x92\xA9", true, true},
                    Utf8Case{"first_of_three", "\xE0\xA0\x80", true, true},
                    Utf8Case{"last", "\xF4\x8F\xBF\xBF", true, true},
                    Utf8Case{"before_surrogates", "\xED\x9F\xBF", true, true},
                    Utf8Case{"after_surrogates", "\xEE\x80\x80", true, true},
                    Utf8Case{"unfinished", "abcdefgh\xE2\x82", true, false},
                    Utf8Case{"surrogate", "\xED\xA0\x80", false, false},
                    Utf8Case{"overlong_two", "\xC0\xAF", false, false},
                    Utf8Case{"overlong_three", "\xE0\x9F\xBF", false, false},
                    Utf8Case{"overlong_four", "\xF0\x8F\xBF\xBF", false, false},
                    Utf8Case{"above_last", "\xF4\x90\x80\x80", false, false},
                    Utf8Case{"five_bytes", "\xF8\x88\x80\x80\x80", false, false},
                    Utf8Case{"lone_tail", "abcdefgh\x80", false, false},
                    Utf8Case{"cut_short", "\xE2\x82g", false, false}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace busbar::http
