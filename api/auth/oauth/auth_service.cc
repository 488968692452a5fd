// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/oauth/auth_service.h"

#include <utility>
#include <vector>

#include "api/auth/oauth/authorize_routes.h"
#include "api/auth/oauth/discovery_routes.h"
#include "api/auth/oauth/login_page.h"
#include "api/auth/oauth/session_routes.h"
#include "api/auth/oauth/token_info_routes.h"
#include "api/auth/oauth/token_routes.h"

namespace busbar::oauth {
namespace {

constexpr Milliseconds kLoadLimit{30'000};

void append(std::vector<AuthWrite>& writes, std::vector<AuthWrite> more) {
  for (AuthWrite& write : more) {
    writes.push_back(std::move(write));
  }
}

}  // namespace

AuthService::AuthService(Surroundings s)
    : loop_(s.loop),
      site_(s.site),
      store_(s.store),
      journal_(s.store, s.loop.clock()),
      keys_(s.loop, journal_),
      sessions_(journal_, s.ids),
      families_(journal_, s.ids),
      codes_(journal_, families_),
      devices_(journal_),
      hasher_(s.loop, s.cost),
      tokens_(s.site, journal_, keys_, families_),
      authenticator_(s.next, s.site, journal_, tokens_),
      users_(s.loop, s.site, s.config),
      signIn_({s.loop, s.site, hasher_, devices_, s.events, users_}),
      parts_{s.loop,    s.site, s.config, s.ids,   s.events, journal_, keys_,  sessions_,
             families_, codes_, devices_, hasher_, tokens_,  users_,   signIn_},
      setup_(parts_) {
  subscription_ = site_.subscribe(
      [this](const ConfigChange& change, const model::Record* before) { follow(change, before); });
}

AuthService::~AuthService() {
  *alive_ = false;
  loop_.cancel(sweepTimer_);
}

void AuthService::start(Callback<void(Status)> done) {
  store_.loadAuth(journal_.now(), loop_.clock().now() + kLoadLimit,
                  [this, alive = alive_,
                   done = std::move(done)](Result<std::vector<AuthRecord>> loaded) mutable {
                    if (!*alive) {
                      return;
                    }
                    if (!loaded.ok()) {
                      done(loaded.error());
                      return;
                    }
                    for (AuthRecord& record : *loaded) {
                      if (Status adopted = adopt(std::move(record)); !adopted.ok()) {
                        done(std::move(adopted));
                        return;
                      }
                    }
                    sweep();
                    keys_.begin(std::move(done));
                  });
}

Status AuthService::adopt(AuthRecord record) {
  if (auto* session = std::get_if<SessionRecord>(&record)) {
    sessions_.adopt(std::move(*session));
  } else if (auto* family = std::get_if<TokenFamilyRecord>(&record)) {
    families_.adopt(std::move(*family));
  } else if (auto* code = std::get_if<AuthorizationCodeRecord>(&record)) {
    codes_.adopt(std::move(*code));
  } else if (auto* device = std::get_if<KnownDeviceRecord>(&record)) {
    devices_.adopt(std::move(*device));
  } else if (auto* revocation = std::get_if<RevocationRecord>(&record)) {
    families_.adopt(*revocation);
  } else if (auto* key = std::get_if<SigningKeyRecord>(&record)) {
    return keys_.adopt(*key);
  }
  return {};
}

void AuthService::addRoutes(http::Router& router) {
  addTokenRoutes(router, parts_);
  addAuthorizeRoutes(router, parts_);
  addTokenInfoRoutes(router, parts_);
  addDiscoveryRoutes(router, parts_);
  addSessionRoutes(router, parts_, authenticator_);
  addLoginPage(router);
  setup_.addRoutes(router);
}

void AuthService::follow(const ConfigChange& change, const model::Record* before) {
  const bool isGone = change.kind == ConfigWrite::Kind::Erase;
  if (const auto* user = std::get_if<model::User>(&change.record)) {
    followUser(before == nullptr ? nullptr : std::get_if<model::User>(before),
               isGone ? nullptr : user);
  } else if (const auto* app = std::get_if<model::OauthApp>(&change.record)) {
    journal_.countRevocation();
    if (isGone) {
      journal_.write(families_.endAllOfClient(app->uid), [](const Status&) {});
    }
  } else if (std::holds_alternative<model::Domain>(change.record)) {
    journal_.countRevocation();
  }
}

// Null: the row is not there.
void AuthService::followUser(const model::User* before, const model::User* after) {
  if (before == nullptr) {
    return;
  }
  const bool isOver = after == nullptr || after->deleted;
  const bool hasNewPassword = after != nullptr && after->passwordHash != before->passwordHash &&
                              !signIn_.isOwnRehash(after->id, after->passwordHash);
  const bool isSignedOut = after != nullptr && after->loggedOutAt > before->loggedOutAt;
  if (!isOver && !hasNewPassword && !isSignedOut) {
    return;
  }
  journal_.countRevocation();
  std::vector<AuthWrite> writes = sessions_.endAllOf(before->id);
  append(writes, families_.endAllOf(before->id));
  append(writes, codes_.endAllOf(before->id));
  if (!writes.empty()) {
    journal_.write(std::move(writes), [](const Status&) {});
  }
  if (isOver || hasNewPassword) {
    devices_.forgetAllOf(before->id);
  }
}

void AuthService::sweep() {
  sessions_.sweep();
  families_.sweep();
  codes_.sweep();
  devices_.sweep();
  keys_.sweep();
  store_.purgeAuth(journal_.now(), loop_.clock().now() + kLoadLimit, [](const Result<int64_t>&) {});
  sweepTimer_ = loop_.runAfter(kSweepInterval, [this] { sweep(); });
}

}  // namespace busbar::oauth
