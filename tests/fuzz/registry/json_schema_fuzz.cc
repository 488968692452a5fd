// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string_view>

#include "registry/settings/json_schema.h"

// Input: a schema, a zero byte, a value. No schema may crash or stall, and one without rules
// accepts all.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t split = text.find('\0');
  const auto schema = busbar::Schema::compileText(text.substr(0, split));
  if (!schema.ok() || split == std::string_view::npos) {
    return 0;
  }
  if (const auto value = busbar::json::parse(text.substr(split + 1), {64 * 1024, 32}); value.ok()) {
    static_cast<void>(schema->validate(*value));
  }
  return 0;
}
