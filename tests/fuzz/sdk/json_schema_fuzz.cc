// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string_view>

#include "sdk/manifest/json_schema.h"

// Input: a schema, a zero byte, a value. Neither may crash or stall the check.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t split = text.find('\0');
  const auto source = busbar::json::parse(text.substr(0, split), {64 * 1024, 32});
  if (!source.ok() || split == std::string_view::npos) {
    return 0;
  }
  const auto schema = busbar::JsonSchema::compile(*source);
  const auto value = busbar::json::parse(text.substr(split + 1), {64 * 1024, 32});
  if (schema.ok() && value.ok()) {
    static_cast<void>(schema->check(*value));
  }
  return 0;
}
