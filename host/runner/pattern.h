// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "sdk/base/result.h"

namespace busbar::runner {

// A status key pattern of the manifest: a small part of ECMA-262 regular expressions, matched byte
// by byte in time proportional to text times pattern (no backtracking). Understood: literals, `.`,
// classes `[a-z_]` and `[^…]`, escapes `\d \w \s` and of punctuation, the quantifiers
// `* + ? {n} {n,} {n,m}`, and the anchors `^` first and `$` last. No groups, no alternatives.
// Value type.
class Pattern {
 public:
  static constexpr size_t kMaxAtoms = 255;  // after quantifiers are written out

  // InvalidArgument with the position of what is not understood.
  static Result<Pattern> compile(std::string_view text);
  bool matches(std::string_view text) const;

 private:
  friend class PatternParser;
  enum class Repeat : uint8_t { Once, Optional, Star };
  using Set = std::bitset<256>;
  struct Atom {
    uint16_t set;  // index in sets_
    Repeat repeat;
  };
  Pattern() = default;
  std::vector<Set> sets_;
  std::vector<Atom> atoms_;
  bool fromStart_ = false;
  bool toEnd_ = false;
};

}  // namespace busbar::runner
