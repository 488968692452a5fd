// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sdk/base/json.h"
#include "sdk/base/result.h"

// What signing in leaves behind, as plain values. Secrets of others are here only as the lower hex
// SHA-256 of random bits; the one secret of our own, the signing key, is sealed on the disk. Times
// are epoch seconds. Every record ends: at `expiresAt` it means nothing any more and is removed.
namespace busbar {

struct AuthCommon {
  std::string id;
  int64_t expiresAt = 0;
  bool operator==(const AuthCommon&) const = default;
};

// An RSA key that signs tokens, or once did. `id` is its kid.
struct SigningKeyRecord : AuthCommon {
  std::string pem;
  int64_t createdAt = 0;
  bool isRetired = false;  // signs no more; kept until what it signed has expired
  bool operator==(const SigningKeyRecord&) const = default;
};

// A browser that is signed in.
struct SessionRecord : AuthCommon {
  std::string userId;
  std::string domainId;
  std::string secretHash;
  int64_t createdAt = 0;
  int64_t seenAt = 0;       // of late; at most kSeenStepSeconds behind
  int64_t idleSeconds = 0;  // ends when unseen for so long
  std::string address;      // that signed in
  bool operator==(const SessionRecord&) const = default;
};

// All tokens that come from one grant, by refreshing. They live and die together.
struct TokenFamilyRecord : AuthCommon {
  std::string clientId;
  std::string userId;
  std::string domainId;
  std::string sessionId;  // that granted it; empty: none did
  std::vector<std::string> scopes;
  std::string secretHash;  // of the refresh token that is good now; empty: none was given
  int64_t createdAt = 0;
  int64_t authTime = 0;  // when the user showed a password
  bool operator==(const TokenFamilyRecord&) const = default;
};

// `id` is the hash of the code. It stays after its use, so that a second use is known.
struct AuthorizationCodeRecord : AuthCommon {
  std::string familyId;  // of the tokens that it gives
  std::string clientId;
  std::string userId;
  std::string domainId;
  std::string sessionId;
  std::string redirectUri;
  std::string codeChallenge;  // S256 (RFC 7636); empty: none
  std::vector<std::string> scopes;
  std::string nonce;
  int64_t authTime = 0;
  bool isUsed = false;
  bool operator==(const AuthorizationCodeRecord&) const = default;
};

// A token that was revoked on its own: `id` is its jti.
struct RevocationRecord : AuthCommon {
  bool operator==(const RevocationRecord&) const = default;
};

// A browser in which a user has signed in before. `id` is the hash of its cookie.
struct KnownDeviceRecord : AuthCommon {
  std::string userId;
  bool operator==(const KnownDeviceRecord&) const = default;
};

using AuthRecord = std::variant<SigningKeyRecord, SessionRecord, TokenFamilyRecord,
                                AuthorizationCodeRecord, RevocationRecord, KnownDeviceRecord>;

const AuthCommon& commonOf(const AuthRecord& record);
// "signing_key", "session", …: the kind as it is stored.
std::string_view kindOf(const AuthRecord& record);

// Shape: KEYS.md "auth_records". Members besides id and expires_at.
json::Object toDocument(const AuthRecord& record);
// DataLoss when kind or document is none that toDocument() makes.
Result<AuthRecord> authRecordFrom(std::string_view kind, std::string id, int64_t expiresAt,
                                  const json::Value& document);

}  // namespace busbar
