// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/identity_shapes.h"

#include <string>
#include <vector>

#include "api/auth/client_secret.h"
#include "api/resources/shape_parts.h"
#include "api/resources/shapes.h"

namespace busbar::api {
namespace {

void setOrNull(json::Object& out, std::string_view name, const std::string& text) {
  out.set(name, text.empty() ? json::Value() : json::Value(text));
}

void setTime(json::Object& out, std::string_view name, int64_t seconds) {
  out.set(name, seconds == 0 ? json::Value() : json::Value(seconds));
}

// JSON that is stored as text, which was checked when it was written.
json::Value document(const std::string& text) {
  auto value = json::parse(text);
  return value.ok() ? std::move(*value) : json::Value();
}

void setProfile(json::Object& out, const model::User& user) {
  setOrNull(out, "nickname", user.nickname);
  setOrNull(out, "first_name", user.firstName);
  setOrNull(out, "last_name", user.lastName);
  out.set("groups", toArray(user.groups));
  setOrNull(out, "country", user.country);
  setOrNull(out, "building", user.building);
  setOrNull(out, "image", user.image);
  setOrNull(out, "department", user.department);
  setOrNull(out, "preferred_language", user.preferredLanguage);
  setOrNull(out, "staff_id", user.staffId);
  setOrNull(out, "phone", user.phone);
  setOrNull(out, "photo_upload_id", user.photoUploadId);
  out.set("locatable", user.locatable);
  out.set("work_preferences", document(user.workPreferences));
  out.set("work_overrides", document(user.workOverrides));
}

}  // namespace

json::Value domainReference(const Site& site, std::string_view domainId) {
  const model::Domain* domain = site.findDomain(site.domainIdOf(domainId));
  if (domain == nullptr) {
    return {};
  }
  json::Object out;
  out.set("id", domain->id);
  out.set("name", domain->name);
  out.set("domain", domain->domain);
  return out;
}

json::Object toJson(const model::Domain& domain, bool withInternals) {
  json::Object out = commonMembers(domain);
  out.set("name", domain.name);
  out.set("domain", domain.domain);
  out.set("description", domain.description);
  out.set("login_url", domain.loginUrl);
  out.set("logout_url", domain.logoutUrl);
  out.set("config", document(domain.config));
  if (withInternals) {
    out.set("internals", document(domain.internals));
  }
  out.set("email_domains", toArray(domain.emailDomains));
  return out;
}

json::Object toJson(const model::User& user, const Site& site, UserView view) {
  json::Object out = commonMembers(user);
  setOrNull(out, "authority_id", std::string(site.domainIdOf(user)));
  out.set("name", user.name);
  out.set("email", user.email);
  out.set("email_digest", auth::emailDigest(user.email));
  setProfile(out, user);
  out.set("deleted", user.deleted);
  out.set("login_count", user.loginCount);
  setTime(out, "last_login", user.lastLogin);
  if (view == UserView::Public) {
    return out;
  }
  out.set("sys_admin", user.role == model::UserRole::Admin);
  out.set("support", user.role >= model::UserRole::Support);
  setOrNull(out, "misc", user.misc);
  setOrNull(out, "login_name", user.loginName);
  setOrNull(out, "card_number", user.cardNumber);
  out.set("ui_theme", user.uiTheme);
  out.set("has_password", !user.passwordHash.empty());
  if (view == UserView::Current) {
    out.set("associated_metadata", metadataByName(site, user.id));
    out.set("subsystem_access", json::Array());
  }
  return out;
}

json::Object toJson(const model::OauthApp& app) {
  json::Object out = commonMembers(app);
  out.set("name", app.name);
  out.set("uid", app.uid);
  out.set("secret", nullptr);
  out.set("redirect_uri", app.redirectUri);
  out.set("scopes", app.scopes);
  out.set("owner_id", app.ownerId);
  out.set("confidential", app.confidential);
  out.set("skip_authorization", app.skipAuthorization);
  out.set("subsystems", toArray(app.subsystems));
  out.set("allow_password_grant", app.allowPasswordGrant);
  out.set("allow_implicit_grant", app.allowImplicitGrant);
  out.set("allow_query_parameters", app.allowQueryParameters);
  return out;
}

json::Object toJson(const model::Group& group) {
  json::Object out = commonMembers(group);
  out.set("authority_id", group.domainId);
  if (!group.parentId.empty()) {
    out.set("parent_id", group.parentId);
  }
  out.set("name", group.name);
  out.set("description", group.description);
  out.set("subsystems", toArray(group.subsystems));
  return out;
}

json::Object toJson(const model::GroupUser& membership, const Site& site) {
  json::Object out = commonMembers(membership);
  out.set("user_id", membership.userId);
  out.set("group_id", membership.groupId);
  out.set("permissions", membership.permissions);
  if (const model::User* user = site.findUser(membership.userId)) {
    json::Object who;
    who.set("id", user->id);
    who.set("name", user->name);
    who.set("email", user->email);
    out.set("user", std::move(who));
  }
  return out;
}

json::Object toJson(const model::GroupZone& grant, const Site& site) {
  json::Object out = commonMembers(grant);
  out.set("zone_id", grant.zoneId);
  out.set("group_id", grant.groupId);
  out.set("permissions", grant.permissions);
  out.set("deny", grant.deny);
  if (const model::Zone* zone = site.findZone(grant.zoneId)) {
    json::Object where;
    where.set("id", zone->id);
    where.set("name", zone->name);
    out.set("zone", std::move(where));
  }
  return out;
}

json::Object toJson(const model::GroupInvitation& invitation) {
  json::Object out = commonMembers(invitation);
  out.set("group_id", invitation.groupId);
  out.set("email", invitation.email);
  out.set("permissions", invitation.permissions);
  out.set("expires_at", invitation.expiresAt);
  if (!invitation.invitedById.empty()) {
    out.set("invited_by_id", invitation.invitedById);
  }
  return out;
}

}  // namespace busbar::api
