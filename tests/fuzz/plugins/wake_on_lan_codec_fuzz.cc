// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// Text as a MAC address and as a SecureOn password.

#include <cstdlib>

#include "plugins/wake_on_lan/codec.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace busbar::wake_on_lan;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto password = parsePassword(text);
  if (password && password->size() != 4 && password->size() != 6) {
    std::abort();
  }
  if (const auto mac = parseMac(text)) {
    if (parseMac(toText(*mac)) != mac || magicPacket(*mac, password.value_or("")).size() < 102) {
      std::abort();
    }
  }
  return 0;
}
