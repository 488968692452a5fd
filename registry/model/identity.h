// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "registry/model/common.h"

// Who exists: domains, people, applications, keys, and groups with their grants on zones. The rest
// of what exists is in records.h, which includes this.
namespace busbar::model {

enum class UserRole { User = 0, Support = 1, Admin = 2 };

// Where people belong and applications are registered. A request's domain is the row that is named
// as its Host, else the oldest row: the default domain. A credential holds in its own domain only;
// systems, zones and modules belong to all domains.
struct Domain : Common {
  std::string name;
  std::string domain;  // host, lower case, without port
  std::string description;
  std::string loginUrl = "/login?continue={{url}}";
  std::string logoutUrl = "/auth/logout";
  std::string config = "{}";     // JSON object as text, for everybody: default_app, org_zone
  std::string internals = "{}";  // JSON object as text, for admins; sealed in the store
  std::vector<std::string> emailDomains;
  bool operator==(const Domain&) const = default;
};

// `domainId` is empty in rows that are older than domains: the default domain.
struct User : Common {
  std::string domainId;
  std::string name;
  std::string email;  // lower case
  UserRole role = UserRole::User;
  std::string passwordHash;  // PHC string; empty: no password. Sealed in the store, never shown
  std::string loginName;
  std::string staffId;
  std::string cardNumber;
  std::vector<std::string> groups;  // names in a directory, not rows of Group
  std::string phone;
  std::string country;
  std::string image;
  std::string nickname;
  std::string misc;
  std::string firstName;
  std::string lastName;
  std::string building;
  std::string department;
  std::string preferredLanguage;  // "de", "en-AU"
  std::string uiTheme = "light";
  std::string photoUploadId;
  bool locatable = true;
  std::string workPreferences = "[]";  // JSON array as text
  std::string workOverrides = "{}";    // JSON object as text
  int64_t loggedOutAt = 0;             // tokens issued up to then are dead; 0 = never
  int64_t lastLogin = 0;
  int64_t loginCount = 0;
  bool deleted = false;  // may be revived; until then no credential of the user holds
  bool operator==(const User&) const = default;
};

// The secret itself is shown once and never stored: `secretHash` is hex SHA-256 of 256 random bits.
struct ApiKey : Common {
  std::string name;
  std::string description;
  std::string userId;
  std::string secretHash;
  UserRole permissions = UserRole::User;  // never above the user's own role when used
  std::vector<std::string> scopes{"public"};
  int64_t expiresAt = 0;   // 0 = never
  int64_t lastUsedAt = 0;  // written now and then, so it may be behind; 0 = never
  bool operator==(const ApiKey&) const = default;
};

// An OAuth client. `uid` is the client id of RFC 6749, made from the first redirect URI as
// PlaceOS's client library does. The three `allow…` flags open what RFC 9700 tells to avoid.
struct OauthApp : Common {
  std::string ownerId;  // domain
  std::string name;
  std::string uid;         // 32 lower hex digits: MD5 of the first redirect URI
  std::string secretHash;  // hex SHA-256 of the secret, which is 256 random bits shown once
  std::string redirectUri;
  std::string scopes = "public";  // space separated
  bool confidential = false;      // keeps a secret: must show it
  bool skipAuthorization = false;
  std::vector<std::string> subsystems;
  bool allowPasswordGrant = false;
  bool allowImplicitGrant = false;
  bool allowQueryParameters = false;  // grant parameters in the query of the token endpoint
  bool operator==(const OauthApp&) const = default;
};

// What a group may do in a zone, and a user in a group; Manage implies the others.
namespace grant {
inline constexpr int64_t kRead = 1;
inline constexpr int64_t kCreate = 2;
inline constexpr int64_t kUpdate = 4;
inline constexpr int64_t kDelete = 8;
inline constexpr int64_t kOperate = 16;
inline constexpr int64_t kApprove = 32;
inline constexpr int64_t kManage = 64;
inline constexpr int64_t kShare = 128;
inline constexpr int64_t kAll = 255;
// The subsystem whose groups open systems, modules and zones.
inline constexpr const char* kSupportSubsystem = "support";
}  // namespace grant

// Groups of one domain form trees.
struct Group : Common {
  std::string domainId;
  std::string parentId;
  std::string name;
  std::string description;
  std::vector<std::string> subsystems;
  bool operator==(const Group&) const = default;
};

struct GroupUser : Common {
  std::string userId;
  std::string groupId;
  int64_t permissions = 0;  // bits of grant
  bool operator==(const GroupUser&) const = default;
};

struct GroupZone : Common {
  std::string zoneId;
  std::string groupId;
  int64_t permissions = 0;  // bits of grant
  bool deny = false;        // takes the bits away, in this zone and below it
  bool operator==(const GroupZone&) const = default;
};

// What lets its holder into a group. The secret is shown once and never stored; accepting erases
// the row. `email` says for whom it is meant.
struct GroupInvitation : Common {
  std::string groupId;
  std::string email;        // lower case
  int64_t permissions = 0;  // bits of grant
  int64_t expiresAt = 0;
  std::string invitedById;  // a user, whose row may be gone; empty: over the control socket
  std::string secretHash;   // hex SHA-256 of 256 random bits
  bool operator==(const GroupInvitation&) const = default;
};

}  // namespace busbar::model
