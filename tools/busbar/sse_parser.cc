// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/sse_parser.h"

#include <utility>

namespace busbar::cli {
namespace {

constexpr size_t kMaxEventBytes = 4 << 20;

}  // namespace

Status SseParser::feed(std::string_view bytes) {
  for (const char c : bytes) {
    const bool endsReturn = std::exchange(sawReturn_, c == '\r');
    if (c == '\n' && endsReturn) {
      continue;
    }
    if (c == '\n' || c == '\r') {
      takeLine(line_);
      line_.clear();
      continue;
    }
    line_ += c;
    if (line_.size() + event_.data.size() > kMaxEventBytes) {
      return Error::of(ErrorCode::ResourceExhausted, "an event of the server is above 4 MiB");
    }
  }
  return {};
}

void SseParser::takeLine(std::string_view line) {
  if (line.empty()) {
    if (hasData_) {
      if (event_.name.empty()) {
        event_.name = "message";
      }
      onEvent_(event_);
    }
    event_.name.clear();
    event_.data.clear();
    hasData_ = false;
    return;
  }
  const size_t colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
  if (value.starts_with(' ')) {
    value.remove_prefix(1);
  }
  if (field == "data") {
    if (hasData_) {
      event_.data += '\n';
    }
    event_.data += value;
    hasData_ = true;
  } else if (field == "event") {
    event_.name = value;
  } else if (field == "id") {
    event_.id = value;
  }
}

}  // namespace busbar::cli
