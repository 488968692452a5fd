// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace busbar::auth {

// The names that limit keys, applications and tokens, "public" first. Those of PlaceOS that no
// route here asks for are accepted too, so that its keys can be made again here.
std::span<const std::string_view> scopeNames();

// True for a name of the list, also with ".read" or ".write" behind it.
bool isScope(std::string_view text);
// The same, and what OpenID Connect adds for applications: openid, profile, email, offline_access.
bool isApplicationScope(std::string_view text);

}  // namespace busbar::auth
