// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/pattern.h"

#include <string>

#include <gtest/gtest.h>

namespace busbar {
namespace {

struct MatchCase {
  const char* pattern;
  const char* text;
  bool matches;
};

class PatternMatches : public testing::TestWithParam<MatchCase> {};

TEST_P(PatternMatches, AsEcmaScriptDoes) {
  const auto pattern = Pattern::compile(GetParam().pattern);
  ASSERT_TRUE(pattern.ok()) << pattern.error().message;
  EXPECT_EQ(pattern->matches(GetParam().text), GetParam().matches)
      << GetParam().pattern << " on " << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Table, PatternMatches,
    testing::Values(
        MatchCase{"", "", true}, MatchCase{"b", "abc", true}, MatchCase{"^b", "abc", false},
        MatchCase{"c$", "abc", true}, MatchCase{"b$", "abc", false}, MatchCase{"^$", "", true},
        MatchCase{"^$", "a", false}, MatchCase{"^input_[0-9]+_level$", "input_12_level", true},
        MatchCase{"^input_[0-9]+_level$", "input__level", false},
        MatchCase{"^[a-z][a-z0-9_]{0,3}$", "abcd", true},
        MatchCase{"^[a-z][a-z0-9_]{0,3}$", "abcde", false}, MatchCase{"^(ab|cd)*$", "abcdab", true},
        MatchCase{"^(ab|cd)*$", "abc", false}, MatchCase{"^(?:a|b|)c$", "c", true},
        MatchCase{"^a{2}$", "aa", true}, MatchCase{"^a{2}$", "a", false},
        MatchCase{"^a{2,}$", "aaaaa", true}, MatchCase{"^a+?b??$", "aab", true},
        MatchCase{"^.$", "\xC3\xA9", true}, MatchCase{"^.$", "\n", false},
        MatchCase{"^[^a-c]$", "d", true}, MatchCase{"^[^a-c]$", "b", false},
        MatchCase{"^[\\d.-]+$", "1.2-3", true}, MatchCase{"^\\D$", "1", false},
        MatchCase{"^[\\w-]+$", "a_B-9", true}, MatchCase{"^\\S+$", "a b", false},
        MatchCase{"^\\u00e9\\x41$",
                  "\xC3\xA9"
                  "A",
                  true},
        MatchCase{"^a\\.b$", "a.b", true}, MatchCase{"^a\\.b$", "axb", false},
        MatchCase{"^[]$", "a", false}, MatchCase{"a|^$", "", true},
        MatchCase{"(^a|b)$", "xb", true}));

class PatternRefuses : public testing::TestWithParam<const char*> {};

TEST_P(PatternRefuses, WithOffset) {
  const auto pattern = Pattern::compile(GetParam());
  ASSERT_FALSE(pattern.ok());
  EXPECT_EQ(pattern.error().code, ErrorCode::InvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(Table, PatternRefuses,
                         testing::Values("(", ")", "[a", "*", "a**", "a{3,2}", "a{1001}", "a{x}",
                                         "\\", "\\1", "\\b", "(?=a)", "(?<n>a)", "[z-a]", "\\xZ0",
                                         "((a{100}){100}){100}"));

TEST(Pattern, TakesLinearTimeOnHostileExpressions) {
  const auto pattern = Pattern::compile("^(a+)+(a|aa)*(a*)*$");
  ASSERT_TRUE(pattern.ok());
  EXPECT_FALSE(pattern->matches(std::string(20000, 'a') + "b"));
}

TEST(Pattern, RefusesNestingBeyondItsLimit) {
  EXPECT_FALSE(Pattern::compile(std::string(100, '(') + std::string(100, ')')).ok());
}

TEST(Pattern, NeverMatchesBeyondItsTextLimit) {
  const auto pattern = Pattern::compile("a");
  ASSERT_TRUE(pattern.ok());
  EXPECT_FALSE(pattern->matches(std::string(Pattern::kMaxTextBytes + 1, 'a')));
}

TEST(Pattern, KnowsWhetherItIsAnchored) {
  EXPECT_TRUE(Pattern::compile("^a$").value().isAnchored());
  EXPECT_FALSE(Pattern::compile("^a").value().isAnchored());
  EXPECT_FALSE(Pattern::compile("^a|b$").value().isAnchored());
  EXPECT_FALSE(Pattern::compile("^a\\$").value().isAnchored());
  EXPECT_TRUE(Pattern::compile("^a\\\\$").value().isAnchored());
}

}  // namespace
}  // namespace busbar
