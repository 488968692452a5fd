// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "api/auth/authenticator.h"
#include "api/auth/failure_limiter.h"
#include "api/auth/key_usage.h"
#include "registry/model/records.h"
#include "sdk/base/callback.h"
#include "sdk/base/clock.h"

namespace busbar::auth {

// The rows that an API key stands on; null: there is none. Borrowed until the next turn of the
// loop.
struct ApiKeyRows {
  const model::ApiKey* key = nullptr;
  const model::User* user = nullptr;
};

// Accepts API keys: as such, else as a bearer token (`Authorization: Bearer <key>`). The role is
// the lower of the user's and the key's. Built principals are kept while the revisions of both rows
// stand, so that a change, a new role or a deletion counts from the next request on. Unknown id and
// wrong secret look the same from outside. Loop-only.
class ApiKeyAuthenticator : public Authenticator {
 public:
  using LookUp = Callback<ApiKeyRows(const std::string& keyId)>;

  // `clock` and `usage` must outlive this; good keys are noted there.
  ApiKeyAuthenticator(const Clock& clock, LookUp lookUp, KeyUsage* usage = nullptr);

  AuthOutcome authenticate(const Credentials& credentials) override;
  AuthOutcome recheck(const Principal& principal) override;

 private:
  struct Known {
    int64_t keyRevision = 0;
    int64_t userRevision = 0;
    std::shared_ptr<const Principal> principal;
  };
  AuthOutcome refuse(const Credentials& credentials, std::string reason, std::string message);
  std::shared_ptr<const Principal> principalOf(const ApiKeyRows& rows);
  bool isExpired(const model::ApiKey& key) const;

  static constexpr size_t kMaxKnown = 10'000;

  const Clock& clock_;
  LookUp lookUp_;
  KeyUsage* const usage_;
  FailureLimiter failures_;
  std::unordered_map<std::string, Known> known_;  // by key id
};

}  // namespace busbar::auth
