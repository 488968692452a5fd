// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/resources/body_reader.h"
#include "registry/model/records.h"

// The members of a user that a body may set, and by whom. Pure.
namespace busbar::api {

// Admin: another's or one's own row, with all members; Self: one's own, without what gives rights
// or identifies to other systems (roles, groups, login name, staff id, card number); Manager:
// another's row in one's own domain, with the members of Self.
enum class UserWriter { Admin, Self, Manager };

// The addresses of users that are made for API keys. A key may raise the role of the user that has
// the address of its name, so none but an admin makes a user with one.
inline constexpr std::string_view kKeyUserHost = "@keys.local";

// Merges the members present into `user`. `isNew`: e-mail and domain may be set; later they stay as
// they are. The first member that `by` may not change, if one would change; nothing is written to
// it. Sending back what is there is no change.
std::optional<std::string> readUser(BodyReader& body, model::User& user, UserWriter by, bool isNew);

// What the body wants for the password. None of it is part of a record.
struct PasswordWish {
  bool isGiven = false;
  std::string password;  // "": no local sign-in any more
  std::string current;   // what oneself shows to prove who one is
};
PasswordWish readPassword(BodyReader& body);

}  // namespace busbar::api
