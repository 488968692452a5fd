// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

// The device's protocol and nothing else: no Busbar, no sockets, so it is tested by itself.
namespace example {

struct Reply {
  enum class Kind { Ok, Refused, Power, Input, Unknown };
  Kind kind = Kind::Unknown;
  std::string value;  // Refused: the reason. Power: "ON" or "OFF". Input: its name
};

std::string encodePower(bool on);
std::string encodeInput(std::string_view input);
std::string encodePowerQuery();
std::string encodeInputQuery();

// One line without its end. Anything is allowed: what is not understood is Unknown.
Reply parseReply(std::string_view line);

}  // namespace example
