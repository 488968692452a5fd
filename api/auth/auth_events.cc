// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/auth_events.h"

#include <array>

namespace busbar::auth {

std::string_view toString(AuthEvent::Kind kind) {
  constexpr std::array<std::string_view, 10> kNames{
      "signed_in",     "sign_in_refused", "signed_out",  "token_issued", "token_refused",
      "token_revoked", "reused",          "legacy_used", "key_rotated",  "set_up"};
  return kNames[static_cast<size_t>(kind)];
}

}  // namespace busbar::auth
