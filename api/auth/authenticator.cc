// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/authenticator.h"

#include <algorithm>

namespace busbar::auth {
namespace {

bool startsIgnoringCase(std::string_view text, std::string_view lowerStart) {
  return text.size() >= lowerStart.size() &&
         std::equal(lowerStart.begin(), lowerStart.end(), text.begin(), [](char ours, char c) {
           return ours == (c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c);
         });
}

}  // namespace

std::string_view Credentials::token() const {
  if (authorization.empty()) {
    return bearer;
  }
  for (const std::string_view scheme : {"bearer ", "token "}) {
    if (startsIgnoringCase(authorization, scheme)) {
      return authorization.substr(scheme.size());
    }
  }
  return {};
}

}  // namespace busbar::auth
