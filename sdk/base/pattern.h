// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sdk/base/result.h"

namespace busbar {

// A regular expression from outside (status key patterns, JSON Schema `pattern`). Matching takes
// time linear in the text whatever the expression is, by simulating its automaton (Thompson 1968),
// so a hostile one cannot hold a thread.
//
// Syntax, a part of ECMA-262: literals, `.`, classes, \d \w \s and their opposites, \t \n \r \f \v
// \0,
// \xHH, \uHHHH, escaped punctuation, ( ), (?: ), |, ^, $, and the quantifiers * + ? {n} {n,} {n,m},
// lazy ones too. Look-around, back-references and \b are refused. Works on code points.
// Value type; thread-compatible.
class Pattern {
 public:
  static constexpr size_t kMaxExpressionBytes = 1024;
  static constexpr size_t kMaxTextBytes = 65'536;
  static constexpr size_t kMaxSteps = 2000;  // length of the compiled program

  // InvalidArgument, naming the byte offset and the reason.
  static Result<Pattern> compile(std::string_view expression);

  // True if `text` holds a match anywhere (^ and $ anchor). A text over kMaxTextBytes never
  // matches.
  bool matches(std::string_view text) const;
  const std::string& expression() const { return expression_; }
  // True if every match spans the whole text: the expression begins with ^ and ends with $.
  bool isAnchored() const;
  bool operator==(const Pattern& other) const { return expression_ == other.expression_; }

  // The compiled form, shared with the compiler in pattern.cc.
  struct CharSet {
    std::vector<std::pair<char32_t, char32_t>> ranges;
    bool negated = false;
    bool contains(char32_t c) const;
  };
  enum class Op : uint8_t { Set, Split, Jump, Begin, End, Match };
  struct Step {
    Op op = Op::Match;
    uint32_t x = 0;  // Set: index of the set. Split, Jump: target
    uint32_t y = 0;  // Split: other target
  };

 private:
  class Run;
  std::string expression_;
  std::vector<Step> program_;
  std::vector<CharSet> sets_;
};

}  // namespace busbar
