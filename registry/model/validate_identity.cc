// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "registry/model/checker.h"
#include "registry/model/ids.h"
#include "registry/model/validate.h"
#include "sdk/base/json.h"

namespace busbar::model {
namespace {

constexpr size_t kMaxDocumentBytes = 64 * 1024;
constexpr size_t kMaxDocumentDepth = 32;
constexpr size_t kMaxHashBytes = 512;
constexpr size_t kMd5HexLength = 32;

// Members that hold JSON as text.
void checkDocument(Checker& check, const char* field, const std::string& text, bool isList) {
  const auto value = json::parse(text, {kMaxDocumentBytes, kMaxDocumentDepth});
  if (!value.ok()) {
    check.fail(field, "must be JSON of at most 65536 bytes and 32 levels");
  } else if (isList ? value->asArray() == nullptr : value->asObject() == nullptr) {
    check.fail(field, isList ? "must be a list" : "must be an object");
  }
}

// "de", "de-CH", "gsw-u-sd": a letter code and what may follow (BCP 47, loosely).
bool isLanguage(std::string_view text) {
  const size_t dash = std::min(text.find('-'), text.size());
  const auto isLetter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const std::string_view rest = text.substr(dash);
  return text.size() <= 35 && dash >= 2 && dash <= 3 &&
         std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(dash), isLetter) &&
         (rest.empty() || rest.size() > 1) &&
         std::all_of(rest.begin(), rest.end(), [](char c) { return isAlnum(c) || c == '-'; });
}

void checkBits(Checker& check, int64_t permissions) {
  if (permissions < 0 || permissions > grant::kAll) {
    check.fail("permissions", "must be a sum of the bits 1 to 128");
  }
}

// A URI that a browser can be sent to. RFC 6749 s. 3.1.2: absolute, without a fragment.
void checkRedirect(Checker& check, const std::string& uri) {
  if (!isUri(uri) || uri.find('#') != std::string::npos) {
    check.fail("redirect_uri", "must be a URI with scheme and host and without a fragment");
  }
}

// Where a browser is sent: a path here, or another web server.
void checkPage(Checker& check, const char* field, const std::string& url) {
  const bool isPath = url.starts_with('/') && !url.starts_with("//") && !url.starts_with("/\\");
  if (!isPath && !url.starts_with("https://") && !url.starts_with("http://")) {
    check.fail(field, "must be a path or an http or https URL");
  }
  check.line(field, url);
}

void checkProfile(Checker& check, const User& user) {
  const std::pair<const char*, const std::string&> lines[] = {
      {"login_name", user.loginName},   {"staff_id", user.staffId},
      {"card_number", user.cardNumber}, {"phone", user.phone},
      {"country", user.country},        {"nickname", user.nickname},
      {"first_name", user.firstName},   {"last_name", user.lastName},
      {"building", user.building},      {"department", user.department},
      {"ui_theme", user.uiTheme},       {"photo_upload_id", user.photoUploadId}};
  for (const auto& [field, value] : lines) {
    check.line(field, value, kMaxNameBytes);
  }
  check.line("image", user.image);
  check.text("misc", user.misc);
  check.list("groups", user.groups);
  if (!user.preferredLanguage.empty() && !isLanguage(user.preferredLanguage)) {
    check.fail("preferred_language", "must be a language such as de or en-AU");
  }
  checkDocument(check, "work_preferences", user.workPreferences, true);
  checkDocument(check, "work_overrides", user.workOverrides, false);
}

}  // namespace

std::string hostOf(std::string_view text) {
  if (const size_t scheme = text.find("://"); scheme != std::string_view::npos) {
    text.remove_prefix(scheme + 3);
  }
  text = text.substr(0, text.find_first_of("/?#"));
  if (const size_t at = text.rfind('@'); at != std::string_view::npos) {
    text.remove_prefix(at + 1);
  }
  if (text.starts_with('[')) {
    text = text.substr(1, text.find(']') - 1);
  } else if (const size_t colon = text.find(':');
             colon != std::string_view::npos && colon == text.rfind(':')) {
    text = text.substr(0, colon);  // more colons than one: a bare IPv6 address
  }
  std::string host(text);
  trim(host);
  lower(host);
  return host;
}

void normalise(User& user) {
  trim(user.firstName);
  trim(user.lastName);
  if (!user.firstName.empty()) {
    user.name = user.firstName + " " + user.lastName;
  }
  trim(user.name);
  trim(user.email);
  lower(user.email);
  trim(user.loginName);
  trim(user.staffId);
  trim(user.cardNumber);
  clean(user.groups);
}

void normalise(ApiKey& key) {
  trim(key.name);
  clean(key.scopes);
}

void normalise(Domain& domain) {
  trim(domain.name);
  domain.domain = hostOf(domain.domain);
  trim(domain.loginUrl);
  trim(domain.logoutUrl);
  std::for_each(domain.emailDomains.begin(), domain.emailDomains.end(), lower);
  clean(domain.emailDomains);
}

void normalise(OauthApp& app) {
  trim(app.name);
  trim(app.redirectUri);
  trim(app.scopes);
  clean(app.subsystems);
}

void normalise(Group& group) {
  trim(group.name);
  clean(group.subsystems);
}

void normalise(GroupInvitation& invitation) {
  trim(invitation.email);
  lower(invitation.email);
}

FieldErrors validate(const User& user) {
  Checker check;
  check.optionalId("authority_id", Table::Domain, user.domainId);
  check.name("name", user.name);
  if (!isEmail(user.email)) {
    check.fail("email", "must be an e-mail address");
  }
  checkProfile(check, user);
  check.line("password_hash", user.passwordHash, kMaxHashBytes);
  check.time("logged_out_at", user.loggedOutAt);
  return check.take();
}

FieldErrors validate(const ApiKey& key) {
  Checker check;
  check.name("name", key.name);
  check.text("description", key.description);
  check.id("user_id", Table::User, key.userId);
  check.hash("secret_hash", key.secretHash);
  if (key.scopes.empty()) {
    check.fail("scopes", "must not be empty");
  }
  check.list("scopes", key.scopes);
  check.time("expires_at", key.expiresAt);
  return check.take();
}

FieldErrors validate(const Domain& domain) {
  Checker check;
  check.name("name", domain.name);
  if (!isHost(domain.domain)) {
    check.fail("domain", "must be a host name or an address");
  }
  check.text("description", domain.description);
  checkPage(check, "login_url", domain.loginUrl);
  checkPage(check, "logout_url", domain.logoutUrl);
  checkDocument(check, "config", domain.config, false);
  checkDocument(check, "internals", domain.internals, false);
  check.list("email_domains", domain.emailDomains);
  if (!std::all_of(domain.emailDomains.begin(), domain.emailDomains.end(), isHost)) {
    check.fail("email_domains", "must hold host names");
  }
  return check.take();
}

FieldErrors validate(const OauthApp& app) {
  Checker check;
  check.id("owner_id", Table::Domain, app.ownerId);
  check.name("name", app.name);
  if (app.uid.size() != kMd5HexLength || !isLowerHex(app.uid)) {
    check.fail("uid", "must be 32 lower-case hexadecimal digits");
  }
  check.hash("secret_hash", app.secretHash);
  checkRedirect(check, app.redirectUri);
  check.line("scopes", app.scopes);
  if (app.scopes.empty()) {
    check.fail("scopes", "must not be empty");
  }
  check.list("subsystems", app.subsystems);
  return check.take();
}

FieldErrors validate(const Group& group) {
  Checker check;
  check.id("authority_id", Table::Domain, group.domainId);
  check.optionalId("parent_id", Table::Group, group.parentId);
  if (!group.parentId.empty() && group.parentId == group.id) {
    check.fail("parent_id", "must be another group");
  }
  check.name("name", group.name);
  check.text("description", group.description);
  check.list("subsystems", group.subsystems);
  return check.take();
}

FieldErrors validate(const GroupUser& membership) {
  Checker check;
  check.id("user_id", Table::User, membership.userId);
  check.id("group_id", Table::Group, membership.groupId);
  checkBits(check, membership.permissions);
  return check.take();
}

FieldErrors validate(const GroupZone& grant) {
  Checker check;
  check.id("zone_id", Table::Zone, grant.zoneId);
  check.id("group_id", Table::Group, grant.groupId);
  checkBits(check, grant.permissions);
  return check.take();
}

FieldErrors validate(const GroupInvitation& invitation) {
  Checker check;
  check.id("group_id", Table::Group, invitation.groupId);
  if (!isEmail(invitation.email)) {
    check.fail("email", "must be an e-mail address");
  }
  checkBits(check, invitation.permissions);
  check.time("expires_at", invitation.expiresAt);
  check.optionalId("invited_by_id", Table::User, invitation.invitedById);
  check.hash("secret_hash", invitation.secretHash);
  return check.take();
}

}  // namespace busbar::model
