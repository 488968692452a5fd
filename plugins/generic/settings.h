// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <busbar/json.hpp>

#include "plugins/generic/message.h"
#include "plugins/generic/pattern.h"

namespace busbar::generic {

struct Request {
  Message message;
  std::string expectText;  // as it was written, for errors
  std::optional<Pattern> expect;
  Captures publishes;  // when it has succeeded
  uint32_t timeoutMs = 0;
  uint32_t retries = 0;
};

struct Matcher {
  Pattern pattern;
  Captures publishes;
};

// The settings of a module, read and checked as a whole. Shape: manifest.json "settings".
struct Settings {
  std::map<std::string, Request> commands;
  std::vector<Matcher> matchers;
  std::vector<std::string> poll;
  std::chrono::milliseconds pollInterval{0};  // 0: only when connecting
  uint32_t delayMs = 0;
  std::string framingJson;  // of generic_tcp, for the link; else empty

  // Throws Failure::invalid with a sentence that names the setting and the rule.
  static Settings fromJson(const Json& json);
};

}  // namespace busbar::generic
