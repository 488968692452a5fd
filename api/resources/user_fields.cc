// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/user_fields.h"

namespace busbar::api {
namespace {

using model::UserRole;

void readProfile(BodyReader& body, model::User& user) {
  body.read("name", user.name);
  body.read("first_name", user.firstName);
  body.read("last_name", user.lastName);
  body.read("nickname", user.nickname);
  body.read("phone", user.phone);
  body.read("country", user.country);
  body.read("image", user.image);
  body.read("misc", user.misc);
  body.read("building", user.building);
  body.read("department", user.department);
  body.read("preferred_language", user.preferredLanguage);
  body.read("ui_theme", user.uiTheme);
  body.read("photo_upload_id", user.photoUploadId);
  body.read("locatable", user.locatable);
  body.readDocument("work_preferences", user.workPreferences, "[]");
  body.readDocument("work_overrides", user.workOverrides, "{}");
}

// PlaceOS has two flags, of which either may be set; here admin includes support. Whoever stops
// being an admin is no supporter either, unless the body says so.
void readUserRole(BodyReader& body, UserRole& role) {
  bool isAdmin = role == UserRole::Admin;
  bool isSupport = role == UserRole::Support;
  body.read("sys_admin", isAdmin);
  body.read("support", isSupport);
  role = isAdmin ? UserRole::Admin : isSupport ? UserRole::Support : UserRole::User;
  std::string name;
  body.read("role", name);
  if (name.empty()) {
    return;
  }
  if (const auto named = model::toUserRole(name)) {
    role = *named;
  } else {
    body.fail("role", "must be user, support or admin");
  }
}

void readRights(BodyReader& body, model::User& user) {
  readUserRole(body, user.role);
  body.read("groups", user.groups);
  body.read("login_name", user.loginName);
  body.read("staff_id", user.staffId);
  body.read("card_number", user.cardNumber);
}

std::optional<std::string> findChange(const model::User& a, const model::User& b) {
  if (a.domainId != b.domainId) {
    return "authority_id";
  }
  if (a.role != b.role) {
    return "sys_admin";
  }
  if (a.groups != b.groups) {
    return "groups";
  }
  if (a.loginName != b.loginName) {
    return "login_name";
  }
  if (a.staffId != b.staffId) {
    return "staff_id";
  }
  return a.cardNumber != b.cardNumber ? std::optional<std::string>("card_number") : std::nullopt;
}

}  // namespace

std::optional<std::string> readUser(BodyReader& body, model::User& user, UserWriter by,
                                    bool isNew) {
  const model::User before = user;
  body.read("email", user.email);
  body.read("authority_id", user.domainId);
  readProfile(body, user);
  readRights(body, user);
  body.ignore({"id", "created_at", "updated_at", "version", "email_digest", "deleted",
               "login_count", "last_login", "logged_out_at", "has_password", "associated_metadata",
               "subsystem_access"});
  model::normalise(user);
  if (!isNew && user.email != before.email) {
    body.fail("email", "must not change");
    user.email = before.email;
  }
  if (!isNew && user.domainId != before.domainId) {
    body.fail("authority_id", "must not change");
    user.domainId = before.domainId;
  }
  auto forbidden = by == UserWriter::Admin ? std::nullopt : findChange(before, user);
  if (!forbidden && by == UserWriter::Manager && isNew && user.email.ends_with(kKeyUserHost)) {
    forbidden = "email";
  }
  if (forbidden) {
    user = before;
  }
  return forbidden;
}

PasswordWish readPassword(BodyReader& body) {
  PasswordWish wish;
  const json::Value* value = body.find("password");
  wish.isGiven = value != nullptr && !value->isNull();
  body.read("password", wish.password);
  body.read("current_password", wish.current);
  for (const char* name : {"confirm_password", "password_confirmation"}) {
    std::string repeated = wish.password;
    body.read(name, repeated);
    if (repeated != wish.password && !repeated.empty()) {
      body.fail(name, "must be the same as password");
    }
  }
  return wish;
}

}  // namespace busbar::api
