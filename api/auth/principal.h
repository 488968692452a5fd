// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "registry/model/records.h"

namespace busbar::auth {

// Who makes a request. Value type. An anonymous principal has an empty userId.
struct Principal {
  std::string userId;
  std::string keyId;  // of the API key that was shown; empty for other credentials
  model::UserRole role = model::UserRole::User;  // already the lower of the user's and the key's
  std::vector<std::string> scopes;
  std::vector<std::string> groups = {};  // of the user

  bool isAnonymous() const { return userId.empty(); }
  bool isSupport() const { return role >= model::UserRole::Support; }
  bool isAdmin() const { return role == model::UserRole::Admin; }
  // True if `scopes` holds "public", `scope`, or its ".read" / ".write" half.
  bool hasScope(std::string_view scope, bool writes) const;
  bool operator==(const Principal&) const = default;
};

}  // namespace busbar::auth
