// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/store/module_store.h"

#include "sdk/base/code_point.h"
#include "sdk/base/json.h"

namespace busbar {
namespace {

bool isPrintable(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const char32_t c = nextCodePoint(text, at);
    if (c < 0x20 || (c >= 0x7F && c < 0xA0)) {
      return false;
    }
  }
  return true;
}

}  // namespace

Status ModuleStore::checkKey(std::string_view key) {
  if (key.empty()) {
    return Error::at(ErrorCode::InvalidArgument, "key", "the key is empty");
  }
  return checkPrefix(key);
}

Status ModuleStore::checkPrefix(std::string_view prefix) {
  if (prefix.size() > kMaxKeyBytes || !json::isUtf8(prefix) || !isPrintable(prefix)) {
    return Error::at(ErrorCode::InvalidArgument, "key",
                     "the key must be UTF-8 of at most " + std::to_string(kMaxKeyBytes) +
                         " bytes without control characters");
  }
  return {};
}

Status ModuleStore::checkValue(std::string_view value) {
  if (value.size() > kMaxValueBytes) {
    return Error::at(ErrorCode::InvalidArgument, "value",
                     "the value has " + std::to_string(value.size()) + " bytes, more than " +
                         std::to_string(kMaxValueBytes));
  }
  return {};
}

Error ModuleStore::overQuota() {
  return Error::because(ErrorCode::ResourceExhausted, "store_quota",
                        "a module may keep " + std::to_string(kMaxKeys) + " keys and " +
                            std::to_string(kMaxBytes) + " bytes in all");
}

}  // namespace busbar
