// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/confirm.h"
#include "tools/busbar/domain_flag.h"
#include "tools/busbar/input.h"
#include "tools/busbar/members.h"
#include "tools/busbar/password.h"
#include "tools/busbar/paths.h"
#include "tools/busbar/resolve.h"
#include "tools/busbar/session.h"
#include "tools/busbar/verbs/verbs.h"

namespace busbar::cli {
namespace {

const std::string kUsers = std::string(kEngine) + "/users";

template <const char* kMember>
std::string cell(const json::Value& row) {
  return cellText(row, kMember);
}
constexpr char kId[] = "id";
constexpr char kName[] = "name";
constexpr char kEmail[] = "email";
constexpr char kHasPassword[] = "has_password";

std::string roleOf(const json::Value& row) {
  return isSet(row, "sys_admin") ? "admin" : isSet(row, "support") ? "support" : "user";
}

Result<std::string> resolveUser(Session& session, const std::string& text) {
  auto rows = session.client().list(kUsers);
  if (!rows) {
    return rows.error();
  }
  return pickByName(*rows, "user", text, {"id", "email", "name", "login_name"});
}

Status createUser(Session& session, const Arguments& arguments) {
  auto body = toAssignments(arguments.list("FIELDS"));
  if (!body) {
    return body.error();
  }
  body->set("email", arguments.text("EMAIL"));
  body->set("name", arguments.has("name") ? arguments.text("name") : arguments.text("EMAIL"));
  body->set("role", arguments.has("role") ? arguments.text("role") : "user");
  BUSBAR_TRY(putDomain(session.client(), arguments, "authority_id", *body));
  if (arguments.has("password")) {
    auto password = readNewPassword();
    if (!password) {
      return password.error();
    }
    body->set("password", *password);
  }
  auto made = session.client().post(kUsers, *body);
  if (!made) {
    return made.error();
  }
  session.output().object(*made);
  return {};
}

Status listUsers(Session& session, const Arguments& arguments) {
  std::string path = kUsers;
  if (arguments.has("domain")) {
    auto id = resolveDomain(session.client(), arguments.text("domain"));
    if (!id) {
      return id.error();
    }
    path += "?authority_id=" + encoded(*id);
  }
  auto rows = session.client().list(path);
  if (!rows) {
    return rows.error();
  }
  session.output().list(*rows, {{"ID", cell<kId>},
                                {"EMAIL", cell<kEmail>},
                                {"NAME", cell<kName>},
                                {"ROLE", roleOf},
                                {"PASSWORD", cell<kHasPassword>}});
  return {};
}

Status deleteUser(Session& session, const Arguments& arguments) {
  auto id = resolveUser(session, arguments.text("USER"));
  if (!id) {
    return id.error();
  }
  BUSBAR_TRY(eraseAfterAsking(session, arguments, kUsers + "/" + encoded(*id)));
  session.output().say("deleted " + *id + " and its keys");
  return {};
}

Status setPassword(Session& session, const Arguments& arguments) {
  auto id = resolveUser(session, arguments.text("USER"));
  if (!id) {
    return id.error();
  }
  json::Object body;
  if (arguments.has("current")) {
    auto present = readPassword("Present password: ");
    if (!present) {
      return present.error();
    }
    body.set("current_password", *present);
  }
  if (arguments.has("remove")) {
    body.set("password", "");
  } else {
    auto password = readNewPassword();
    if (!password) {
      return password.error();
    }
    body.set("password", *password);
  }
  if (auto changed = session.client().patch(kUsers + "/" + encoded(*id), body); !changed) {
    return changed.error();
  }
  session.output().say("changed; " + *id + " is signed out everywhere");
  return {};
}

}  // namespace

void addPeopleVerbs(VerbTable& table) {
  table.nouns.push_back({"users", {"user"}, "People who sign in"});
  const Parameter user{"USER", "Id, e-mail address, name or login name"};
  const Parameter fields{"FIELDS", "Further fields, field=value, as the API names them", false,
                         true};
  const Flag domain = domainFlag();
  table.verbs.insert(
      table.verbs.end(),
      {{"users",
        "create",
        "Make a user",
        {{"EMAIL", "E-mail address"}, fields},
        {{"--name", "Name (default: the address)", "NAME", {}},
         {"--role", "What it may do (default user)", "ROLE", {"user", "support", "admin"}},
         {"--password", "Ask for a password, or read it from the standard input", "", {}},
         domain},
        createUser},
       {"users", "list", "All users", {}, {domain}, listUsers},
       {"users", "delete", "Delete a user and its keys", {user}, {yesFlag()}, deleteUser},
       {"users",
        "passwd",
        "Set a password; asks for it, or reads it from the standard input",
        {user},
        {{"--current", "Ask for the present one first, as for oneself", "", {}},
         {"--remove", "Take the password away instead", "", {}}},
        setPassword}});
}

}  // namespace busbar::cli
