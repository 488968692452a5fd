// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/generic/text.h"

namespace busbar::generic {

inline constexpr size_t kMaxParameterBytes = 256;

// What is sent: bytes with fields {name}, which parameters fill.
class Message {
 public:
  // Empty, or a sentence about what is wrong.
  std::string buildText(std::string_view text);
  std::string buildHex(std::string_view hex);
  // Empty and `bytes`, or a sentence: a parameter is missing, unknown, too long or holds control
  // characters, with which it could smuggle in a second message.
  std::string render(const std::map<std::string, std::string>& parameters,
                     std::string& bytes) const;

 private:
  std::vector<Token> tokens_;
};

}  // namespace busbar::generic
