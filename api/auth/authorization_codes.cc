// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/authorization_codes.h"

#include <algorithm>
#include <utility>

#include "api/auth/base64url.h"
#include "api/auth/secret_token.h"

namespace busbar::auth {
namespace {

bool isVerifier(std::string_view text) {
  return text.size() >= 43 && text.size() <= 128 &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '.' || c == '_' || c == '~';
         });
}

// What is wrong with showing this code so; null: nothing.
const char* faultOf(const AuthorizationCodeRecord& code, const AuthorizationCodes::Shown& shown,
                    int64_t now) {
  if (now >= code.expiresAt - AuthorizationCodes::kMemorySeconds) {
    return "expired_code";
  }
  if (code.clientId != shown.clientId) {
    return "wrong_client";
  }
  if (code.redirectUri != shown.redirectUri) {
    return "wrong_redirect_uri";
  }
  // A verifier for a code that had no challenge is refused too: somebody cut the challenge out of
  // the request (RFC 9700 s. 4.8.2).
  const bool isProved = code.codeChallenge.empty()
                            ? shown.verifier.empty()
                            : provesChallenge(shown.verifier, code.codeChallenge);
  return isProved ? nullptr : "wrong_verifier";
}

}  // namespace

bool isChallenge(std::string_view text) {
  return text.size() == 43 && decodeBase64Url(text).has_value();
}

bool provesChallenge(std::string_view verifier, std::string_view challenge) {
  return isVerifier(verifier) && equalsSecretly(encodeBase64Url(sha256(verifier)), challenge);
}

void AuthorizationCodes::adopt(AuthorizationCodeRecord record) {
  std::string id = record.id;
  codes_.insert_or_assign(std::move(id), std::move(record));
}

void AuthorizationCodes::issue(AuthorizationCodeRecord grant,
                               Callback<void(Result<std::string>)> done) {
  if (codes_.size() >= kMaxCodes) {
    sweep();
  }
  if (codes_.size() >= kMaxCodes) {
    done(Error::because(ErrorCode::ResourceExhausted, "too_many_codes",
                        "too many authorizations at once; try again later"));
    return;
  }
  const SecretToken secret = newSecret();
  grant.id = secret.hash;
  grant.familyId = families_.newId();
  grant.expiresAt = journal_.now() + kLifeSeconds + kMemorySeconds;
  grant.isUsed = false;
  std::vector<AuthWrite> writes;
  writes.push_back({AuthWrite::Kind::Put, grant});
  adopt(std::move(grant));
  journal_.write(std::move(writes),
                 [code = secret.text, done = std::move(done)](const Status& written) mutable {
                   done(written.ok() ? Result<std::string>(std::move(code))
                                     : Result<std::string>(written.error()));
                 });
}

void AuthorizationCodes::refuse(std::vector<AuthWrite> writes, const char* reason,
                                const char* message, Callback<void(Result<Redeemed>)> done) {
  Error error = Error::because(ErrorCode::InvalidArgument, reason, message);
  if (writes.empty()) {
    done(std::move(error));
    return;
  }
  journal_.write(std::move(writes), [error = std::move(error), done = std::move(done)](
                                        const Status&) mutable { done(std::move(error)); });
}

void AuthorizationCodes::redeem(const Shown& shown, Callback<void(Result<Redeemed>)> done) {
  const auto it = codes_.find(hashSecret(shown.code));
  if (it == codes_.end()) {
    refuse({}, "unknown_code", "the code is unknown or expired", std::move(done));
    return;
  }
  AuthorizationCodeRecord& code = it->second;
  if (code.isUsed) {
    refuse(families_.end(code.familyId), "reused_code",
           "the code was used before: the tokens that it gave are revoked", std::move(done));
    return;
  }
  code.isUsed = true;
  std::vector<AuthWrite> writes;
  if (const char* fault = faultOf(code, shown, journal_.now())) {
    writes.push_back({AuthWrite::Kind::Put, code});
    refuse(std::move(writes), fault, "the code is not good for this request", std::move(done));
    return;
  }
  TokenFamilyRecord family;
  family.id = code.familyId;
  family.clientId = code.clientId;
  family.userId = code.userId;
  family.domainId = code.domainId;
  family.sessionId = code.sessionId;
  family.scopes = code.scopes;
  family.createdAt = journal_.now();
  family.authTime = code.authTime;
  Redeemed redeemed{code, family, {}};
  redeemed.refreshToken = families_.add(std::move(family), writes);
  writes.push_back({AuthWrite::Kind::Put, code});
  journal_.write(std::move(writes), [redeemed = std::move(redeemed),
                                     done = std::move(done)](const Status& written) mutable {
    done(written.ok() ? Result<Redeemed>(std::move(redeemed)) : Result<Redeemed>(written.error()));
  });
}

std::vector<AuthWrite> AuthorizationCodes::endAllOf(std::string_view userId) {
  std::vector<AuthWrite> writes;
  for (auto it = codes_.begin(); it != codes_.end();) {
    const AuthorizationCodeRecord& code = it->second;
    if (code.userId != userId || code.isUsed) {  // a second use of a used one must still be seen
      ++it;
      continue;
    }
    writes.push_back({AuthWrite::Kind::Erase, code});
    it = codes_.erase(it);
  }
  return writes;
}

void AuthorizationCodes::sweep() {
  const int64_t now = journal_.now();
  std::erase_if(codes_, [now](const auto& item) { return item.second.expiresAt <= now; });
}

}  // namespace busbar::auth
