// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sdk/base/pattern.h"

// The first line is the expression, the rest the text.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t split = input.find('\n');
  const auto pattern = busbar::Pattern::compile(input.substr(0, split));
  if (pattern.ok() && split != std::string_view::npos) {
    (void)pattern->matches(input.substr(split + 1));
  }
  return 0;
}
