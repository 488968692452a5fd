// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "api/auth/access_tokens.h"
#include "api/auth/argon2_hasher.h"
#include "api/auth/auth_events.h"
#include "api/auth/auth_journal.h"
#include "api/auth/authorization_codes.h"
#include "api/auth/key_ring.h"
#include "api/auth/known_devices.h"
#include "api/auth/oauth/exchange.h"
#include "api/auth/oauth/password_sign_in.h"
#include "api/auth/oauth/user_changes.h"
#include "api/auth/sessions.h"
#include "api/auth/token_families.h"
#include "api/http/front/request.h"
#include "registry/model/ids.h"
#include "registry/site/site.h"
#include "registry/store/config_store.h"

namespace busbar::oauth {

// What the routes of this folder work with. Everything referred to outlives the routes. Loop-only.
struct AuthParts {
  EventLoop& loop;
  const Site& site;
  ConfigStore& store;
  model::IdGenerator& ids;
  auth::AuthEvents& events;
  auth::AuthJournal& journal;
  auth::KeyRing& keys;
  auth::Sessions& sessions;
  auth::TokenFamilies& families;
  auth::AuthorizationCodes& codes;
  auth::KnownDevices& devices;
  auth::Argon2Hasher& hasher;
  auth::AccessTokens& tokens;
  UserChanges& users;
  PasswordSignIn& signIn;
};

// The domain that answers for the request's Host; null before the first one is made.
const model::Domain* domainOf(const AuthParts& parts, std::string_view host);

// The living session of the request's cookie with its user, who is of `domain` and was not signed
// out since. Both null: there is none. Counts as a use.
struct SignedIn {
  const SessionRecord* session = nullptr;
  const model::User* user = nullptr;
};
SignedIn signedIn(AuthParts& parts, const http::Request& request, const model::Domain& domain);

// The user of that id, alive and of the domain; null otherwise.
const model::User* findLivingUser(const AuthParts& parts, const std::string& id,
                                  const model::Domain& domain);

}  // namespace busbar::oauth
