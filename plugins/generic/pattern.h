// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace busbar::generic {

using Value = std::variant<bool, int64_t, double, std::string>;
using Captures = std::vector<std::pair<std::string, Value>>;  // key, value

inline constexpr size_t kMaxValueBytes = 1024;  // of a text

// True for what may be a status key: a letter, then letters, digits and _ . -, at most 64.
bool isKey(std::string_view text);

// What a message must look like, "VOL={volume:int};{*}", and which parts of it become values. It is
// about the whole message. Fields are {key}, {key:type} and {*}, which skips; types are text, int,
// number, bool (1 0 on off true false yes no), hex (an integer in hexadecimal) and bytes (any
// bytes, as hexadecimal text). A field reaches to the first place where the text behind it stands,
// the last one to the end of the message, less the text behind it. Nothing is tried twice, so a
// match takes time linear in the message, whatever a device sends (Knuth, Morris, Pratt 1977).
class Pattern {
 public:
  // Empty, or a sentence about what is wrong.
  std::string build(std::string_view text);
  // False: no match, or a part does not fit its type; `captures` is unchanged.
  bool match(std::string_view message, Captures& captures) const;
  std::vector<std::string> keys() const;

 private:
  enum class Type { Skip, Text, Int, Number, Bool, Hex, Bytes };
  struct Step {
    Type type = Type::Skip;
    std::string key;
    std::string after;               // the text behind the field
    std::vector<uint16_t> fallback;  // of `after`: longest proper prefix that is also a suffix
  };

  std::string addField(std::string_view field);
  static size_t find(const Step& step, std::string_view message, size_t from);
  static bool read(Type type, std::string_view raw, Value& value);

  std::string before_;  // the text before the first field
  std::vector<Step> steps_;
};

}  // namespace busbar::generic
