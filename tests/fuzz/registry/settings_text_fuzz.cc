// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>
#include <string>

#include "registry/settings/settings_text.h"

// Whatever a user writes either is refused or becomes an object that survives its own JSON: checked
// text, within the limits, the same when read again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto object =
      busbar::parseSettings(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!object.ok()) {
    return 0;
  }
  const std::string text = busbar::json::write(*object);
  if (!busbar::json::check(text, {16 << 20, busbar::kMaxSettingsDepth}).ok()) {
    std::abort();
  }
  const auto again = busbar::json::parse(text, {16 << 20, busbar::kMaxSettingsDepth});
  if (!again.ok() || busbar::json::write(*again) != text) {
    std::abort();
  }
  return 0;
}
