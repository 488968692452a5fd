// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sdk/manifest/manifest.h"

// A manifest comes from a driver that nobody trusts. One that is accepted must also be usable: its
// schemas check values and its patterns match text.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto manifest = busbar::Manifest::parse(text);
  if (!manifest.ok()) {
    return 0;
  }
  const busbar::json::Value samples[] = {{}, {1}, {"text"}, {busbar::json::Object()}};
  for (const busbar::json::Value& sample : samples) {
    (void)manifest->settings.check(manifest->settings.withDefaults(sample)).ok();
    for (const auto& [name, function] : manifest->functions) {
      (void)function.checkedArgs(sample).ok();
    }
  }
  (void)manifest->findStatus("status_1");
  return 0;
}
