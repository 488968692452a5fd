// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "sdk/base/callback.h"
#include "sdk/base/result.h"

namespace busbar::cli {

struct ServerEvent {
  std::string id;
  std::string name;  // "message" when the stream names none
  std::string data;
};

// Server-sent events out of a byte stream (WHATWG HTML, section 9.2.6). Fed in any pieces.
// Thread-compatible.
class SseParser {
 public:
  explicit SseParser(Callback<void(const ServerEvent&)> onEvent) : onEvent_(std::move(onEvent)) {}

  // ResourceExhausted when one line or one event is above 4 MiB.
  Status feed(std::string_view bytes);

 private:
  void takeLine(std::string_view line);

  Callback<void(const ServerEvent&)> onEvent_;
  std::string line_;
  ServerEvent event_;
  bool hasData_ = false;
  bool sawReturn_ = false;  // the last byte was CR: an LF that follows belongs to it
};

}  // namespace busbar::cli
