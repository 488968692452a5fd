// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/api_key_authenticator.h"

#include <algorithm>

#include "api/auth/api_key.h"

namespace busbar::auth {
namespace {

constexpr int64_t kNsPerSecond = 1'000'000'000;

}  // namespace

ApiKeyAuthenticator::ApiKeyAuthenticator(const Clock& clock, LookUp lookUp, KeyUsage* usage)
    : clock_(clock), lookUp_(std::move(lookUp)), usage_(usage) {}

AuthOutcome ApiKeyAuthenticator::authenticate(const Credentials& credentials) {
  const std::string_view text =
      credentials.apiKey.empty() ? credentials.token() : credentials.apiKey;
  const std::optional<ShownApiKey> shown = parseApiKey(text);
  if (!shown) {
    return refuse(credentials, "malformed_key",
                  "this is not an API key of the form bb_<id>_<secret>");
  }
  const ApiKeyRows rows = lookUp_(shown->keyId);
  // An absent row is compared too, so that both cases take the same time.
  static const std::string kNoHash(64, '0');
  const bool isRight = matches(shown->digest, rows.key != nullptr ? rows.key->secretHash : kNoHash);
  if (rows.key == nullptr || rows.user == nullptr || rows.user->deleted || !isRight) {
    return refuse(credentials, "unknown_key", "unknown X-API-Key");
  }
  if (isExpired(*rows.key)) {
    return refuse(credentials, "expired_key", "API key has expired");
  }
  if (usage_ != nullptr) {
    usage_->note(rows.key->id, clock_.utcNs() / kNsPerSecond);
  }
  return {principalOf(rows), {}, 0};
}

AuthOutcome ApiKeyAuthenticator::recheck(const Principal& principal) {
  const ApiKeyRows rows = principal.keyId.empty() ? ApiKeyRows{} : lookUp_(principal.keyId);
  if (rows.key == nullptr || rows.user == nullptr || rows.user->deleted ||
      rows.user->id != principal.userId) {
    return {nullptr,
            Error::because(ErrorCode::Unauthenticated, "unknown_key", "the API key was removed"),
            0};
  }
  if (isExpired(*rows.key)) {
    return {nullptr,
            Error::because(ErrorCode::Unauthenticated, "expired_key", "API key has expired"), 0};
  }
  return {principalOf(rows), {}, 0};
}

bool ApiKeyAuthenticator::isExpired(const model::ApiKey& key) const {
  return key.expiresAt != 0 && clock_.utcNs() / kNsPerSecond >= key.expiresAt;
}

std::shared_ptr<const Principal> ApiKeyAuthenticator::principalOf(const ApiKeyRows& rows) {
  if (known_.size() >= kMaxKnown) {
    known_.clear();
  }
  Known& known = known_[rows.key->id];
  if (!known.principal || known.keyRevision != rows.key->revision ||
      known.userRevision != rows.user->revision || known.principal->userId != rows.user->id) {
    known = {rows.key->revision, rows.user->revision,
             std::make_shared<const Principal>(Principal{
                 rows.user->id, rows.key->id, std::min(rows.user->role, rows.key->permissions),
                 rows.key->scopes, rows.user->domainId, rows.user->name, rows.user->email,
                 rows.user->groups, CredentialKind::ApiKey, rows.key->id})};
  }
  return known.principal;
}

AuthOutcome ApiKeyAuthenticator::refuse(const Credentials& credentials, std::string reason,
                                        std::string message) {
  const int seconds = failures_.onFailure(credentials.peerAddress, clock_.now());
  if (seconds > 0) {
    return {nullptr,
            Error::because(ErrorCode::ResourceExhausted, "too_many_failures",
                           "too many failed sign-ins from this address; wait " +
                               std::to_string(seconds) + " s"),
            seconds};
  }
  return {nullptr,
          Error::because(ErrorCode::Unauthenticated, std::move(reason), std::move(message)), 0};
}

}  // namespace busbar::auth
