// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "codec.h"

namespace example {

std::string encodePower(bool on) {
  return on ? "POWER ON\r\n" : "POWER OFF\r\n";
}

std::string encodeInput(std::string_view input) {
  return "INPUT " + std::string(input) + "\r\n";
}

std::string encodePowerQuery() {
  return "POWER?\r\n";
}

std::string encodeInputQuery() {
  return "INPUT?\r\n";
}

Reply parseReply(std::string_view line) {
  const size_t split = line.find_first_of("= ");
  const std::string_view word = line.substr(0, split);
  const std::string rest(split == std::string_view::npos ? "" : line.substr(split + 1));
  if (line == "OK") {
    return {Reply::Kind::Ok, {}};
  }
  if (word == "ERR") {
    return {Reply::Kind::Refused, rest};
  }
  if (word == "POWER" && (rest == "ON" || rest == "OFF")) {
    return {Reply::Kind::Power, rest};
  }
  if (word == "INPUT" && !rest.empty()) {
    return {Reply::Kind::Input, rest};
  }
  return {Reply::Kind::Unknown, {}};
}

}  // namespace example
