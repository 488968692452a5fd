// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "sdk/base/result.h"

namespace busbar {

// A regular expression from a schema, matched in time linear in the text: simulates all states of
// the automaton at once (R. Cox, "Regular Expression Matching: the Virtual Machine Approach"), so
// that no pattern of a vendor can stall or exhaust the process, which std::regex would allow. The
// syntax is ECMA 262's without back references, look-around and \b; groups, classes, alternatives,
// anchors and (lazy) quantifiers up to 256 are there. Works on code points. Value type.
class Pattern {
 public:
  // InvalidArgument says what is wrong or not supported.
  static Result<Pattern> compile(std::string_view expression);
  // True if any part of `text` (valid UTF-8) matches.
  bool matches(std::string_view text) const;

  struct Range {
    char32_t from;
    char32_t to;
  };
  struct CharSet {
    std::vector<Range> ranges;
    bool negated = false;
    bool contains(char32_t c) const;
  };
  enum class Op : uint8_t { Char, Split, Jump, Begin, End, Match };
  struct Instruction {
    Op op;
    uint32_t a = 0;  // Char: index of the set; Split, Jump: target
    uint32_t b = 0;  // Split: the other target
  };

 private:
  void follow(size_t at, bool atBegin, bool atEnd, std::vector<size_t>& states,
              std::vector<bool>& on) const;

  std::vector<Instruction> program_;
  std::vector<CharSet> sets_;
};

}  // namespace busbar
