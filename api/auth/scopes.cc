// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/scopes.h"

#include <algorithm>
#include <array>

namespace busbar::auth {
namespace {

constexpr std::array<std::string_view, 44> kScopes{
    "public",
    "guest",
    "control",
    "alert_dashboards",
    "alerts",
    "api_keys",
    "asset_categories",
    "asset_purchase_orders",
    "asset_types",
    "assets",
    "audit",
    "brokers",
    "build_monitor",
    "busbar",
    "chat_gpt",
    "cluster",
    "domains",
    "drivers",
    "edge-control",
    "edges",
    "flux",
    "groups",
    "ldap_authentications",
    "metadata",
    "modules",
    "mqtt",
    "o_auth_applications",
    "o_auth_authentications",
    "repositories",
    "root",
    "saml_authentications",
    "schema",
    "settings",
    "short_url",
    "signage",
    "storages",
    "system_triggers",
    "systems",
    "triggers",
    "uploads",
    "users",
    "web_rtc",
    "webhook",
    "zones",
};

}  // namespace

std::span<const std::string_view> scopeNames() {
  return kScopes;
}

bool isScope(std::string_view text) {
  for (const std::string_view half : {".read", ".write"}) {
    if (text.ends_with(half)) {
      text.remove_suffix(half.size());
      break;
    }
  }
  return std::find(kScopes.begin(), kScopes.end(), text) != kScopes.end();
}

bool isApplicationScope(std::string_view text) {
  return text == "openid" || text == "profile" || text == "email" || text == "offline_access" ||
         isScope(text);
}

}  // namespace busbar::auth
