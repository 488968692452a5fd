// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "api/auth/oauth/auth_parts.h"
#include "api/auth/oauth/setup.h"
#include "api/auth/token_authenticator.h"
#include "api/http/router/router.h"
#include "registry/store/auth_store.h"

namespace busbar::oauth {

// Everything about signing in: the tables over the AuthStore, the OAuth 2 server, sessions, the
// login page and the first setup. Follows the site, so that credentials end with their user,
// password or application. Loop-only.
class AuthService {
 public:
  // All must outlive this; `next` is asked about everything that is no access token.
  struct Surroundings {
    EventLoop& loop;
    Site& site;
    ConfigStore& config;
    AuthStore& store;
    model::IdGenerator& ids;
    auth::AuthEvents& events;
    auth::Authenticator& next;
    auth::Argon2Hasher::Cost cost = {};
  };
  explicit AuthService(Surroundings surroundings);
  AuthService(const AuthService&) = delete;
  AuthService& operator=(const AuthService&) = delete;
  ~AuthService();

  // Loads what is alive, and makes the first signing key. Nothing is issued before it is done.
  void start(Callback<void(Status)> done);
  void addRoutes(http::Router& router);

  // Told whenever a credential ends before its time, as AuthJournal::onRevocation says.
  void onRevocation(Callback<void()> told) { journal_.onRevocation(std::move(told)); }

  auth::TokenAuthenticator& authenticator() { return authenticator_; }
  auth::PasswordHasher& passwords() { return hasher_; }
  Setup& setup() { return setup_; }
  AuthParts& parts() { return parts_; }

 private:
  Status adopt(AuthRecord record);
  void follow(const ConfigChange& change, const model::Record* before);
  void followUser(const model::User* before, const model::User* after);
  void sweep();

  static constexpr Milliseconds kSweepInterval{10 * 60 * 1000};

  EventLoop& loop_;
  Site& site_;
  AuthStore& store_;
  auth::AuthJournal journal_;
  auth::KeyRing keys_;
  auth::Sessions sessions_;
  auth::TokenFamilies families_;
  auth::AuthorizationCodes codes_;
  auth::KnownDevices devices_;
  auth::Argon2Hasher hasher_;
  auth::AccessTokens tokens_;
  auth::TokenAuthenticator authenticator_;
  UserChanges users_;
  PasswordSignIn signIn_;
  AuthParts parts_;
  Setup setup_;
  Site::Subscription subscription_;
  TimerId sweepTimer_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with completions
};

}  // namespace busbar::oauth
