// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/settings/pattern.h"

#include <string>

#include <gtest/gtest.h>

namespace busbar {
namespace {

bool matches(std::string_view pattern, std::string_view text) {
  const auto compiled = Pattern::compile(pattern);
  EXPECT_TRUE(compiled.ok()) << pattern << ": " << compiled.error().message;
  return compiled.ok() && compiled->matches(text);
}

TEST(Pattern, MatchesAsEcmaScriptDoes) {
  const struct {
    const char* pattern;
    const char* text;
    bool match;
  } cases[] = {
      {"", "", true},
      {"", "x", true},
      {"a", "xay", true},
      {"^a", "ba", false},
      {"a$", "ab", false},
      {"^a$", "a", true},
      {"^(a|bc)+$", "abcbca", true},
      {"^(a|bc)+$", "abcb", false},
      {"^a?b*c+$", "bbc", true},
      {"^a?b*c+$", "aabc", false},
      {"^a{3}$", "aaa", true},
      {"^a{3}$", "aa", false},
      {"^a{2,}$", "aaaa", true},
      {"^a{0,2}$", "aaa", false},
      {"^a+?$", "aaa", true},
      {"^[0-9a-f]{4}$", "be3f", true},
      {"^[0-9a-f]{4}$", "be3g", false},
      {"^[^,]+$", "a,b", false},
      {"^[\\d\\-x]+$", "1-x", true},
      {"^[\\D]+$", "ab", true},
      {"^[\\D]+$", "a1", false},
      {"^[^\\W]+$", "a_1", true},
      {"^\\w+\\s\\S+$", "ab cd", true},
      {"^.$", "\n", false},
      {"^.$", "\xC3\xA4", true},
      {"^[\xC3\xA4-\xC3\xBC]$", "\xC3\xB6", true},
      {"^\\u00e4\\x41$",
       "\xC3\xA4"
       "A",
       true},
      {"^\\.\\/\\$$", "./$", true},
      {"^(?:a(b)?)*$", "aaba", true},
      {"^$|^\\d+$", "", true},
      {"^[]$", "", false},
      {"^[^]$", "\n", true},
      {"^\xF0\x9F\x94\x8C$", "\xF0\x9F\x94\x8C", true},
      {"(^|,)x(,|$)", "a,x", true},
      {"(a*)*b", "aaab", true},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(matches(c.pattern, c.text), c.match) << c.pattern << " on " << c.text;
  }
}

TEST(Pattern, RefusesWhatItDoesNotSupport) {
  for (const char* bad : {"(",      ")",      "(a",  "[a",    "a**",     "*",     "+a",  "a{2",
                          "a{3,2}", "a{257}", "\\1", "(?=a)", "(?<n>a)", "\\b",   "\\",  "[b-a]",
                          "\\p{L}", "\\x4",   "^*",  "{",     "]",       "a{,3}", "\xFF"}) {
    EXPECT_FALSE(Pattern::compile(bad).ok()) << bad;
  }
  EXPECT_FALSE(Pattern::compile(std::string(2000, 'a')).ok());
  EXPECT_FALSE(Pattern::compile("((a{100}){100}){100}").ok());
  EXPECT_FALSE(Pattern::compile(std::string(100, '(') + std::string(100, ')')).ok());
}

// Each of these takes a backtracking matcher longer than the universe has, or overflows its stack.
TEST(Pattern, StaysLinearOnHostilePatterns) {
  const std::string text(20'000, 'a');
  EXPECT_FALSE(matches("^(a+)+$", text + "b"));
  EXPECT_FALSE(matches("^(a|a)*$", text + "b"));
  EXPECT_FALSE(matches("(a*)*(a*)*(a*)*b$", text));
  EXPECT_TRUE(matches("^(.|x)*$", text));
}

}  // namespace
}  // namespace busbar
