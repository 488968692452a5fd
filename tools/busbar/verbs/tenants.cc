// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/confirm.h"
#include "tools/busbar/domain_flag.h"
#include "tools/busbar/input.h"
#include "tools/busbar/paths.h"
#include "tools/busbar/resolve.h"
#include "tools/busbar/session.h"
#include "tools/busbar/verbs/verbs.h"

namespace busbar::cli {
namespace {

const std::string kDomains = std::string(kEngine) + "/domains";
const std::string kApps = std::string(kEngine) + "/oauth_apps";

template <const char* kMember>
std::string tenantCell(const json::Value& row) {
  return cellText(row, kMember);
}
constexpr char kTenantId[] = "id";
constexpr char kTenantName[] = "name";
constexpr char kHost[] = "domain";
constexpr char kLoginUrl[] = "login_url";
constexpr char kUid[] = "uid";
constexpr char kRedirectUri[] = "redirect_uri";

Status listDomains(Session& session, const Arguments&) {
  auto rows = session.client().list(kDomains);
  if (!rows) {
    return rows.error();
  }
  session.output().list(*rows, {{"ID", tenantCell<kTenantId>},
                                {"NAME", tenantCell<kTenantName>},
                                {"HOST", tenantCell<kHost>},
                                {"LOGIN", tenantCell<kLoginUrl>}});
  return {};
}

Status createDomain(Session& session, const Arguments& arguments) {
  auto body = toAssignments(arguments.list("FIELDS"));
  if (!body) {
    return body.error();
  }
  body->set("name", arguments.text("NAME"));
  body->set("domain", arguments.text("HOST"));
  auto made = session.client().post(kDomains, *body);
  if (!made) {
    return made.error();
  }
  session.output().object(*made);
  return {};
}

Status patchRow(Session& session, const Arguments& arguments, const std::string& path) {
  auto changes = toAssignments(arguments.list("FIELDS"));
  if (!changes) {
    return changes.error();
  }
  auto changed = session.client().patch(path, *changes);
  if (!changed) {
    return changed.error();
  }
  session.output().object(*changed);
  return {};
}

Status updateDomain(Session& session, const Arguments& arguments) {
  auto id = resolveDomain(session.client(), arguments.text("DOMAIN"));
  return id ? patchRow(session, arguments, kDomains + "/" + encoded(*id)) : Status(id.error());
}

Status deleteDomain(Session& session, const Arguments& arguments) {
  auto id = resolveDomain(session.client(), arguments.text("DOMAIN"));
  if (!id) {
    return id.error();
  }
  BUSBAR_TRY(eraseAfterAsking(session, arguments, kDomains + "/" + encoded(*id)));
  session.output().say("deleted " + *id + " with its users, groups and applications");
  return {};
}

Result<std::string> resolveApp(Client& client, const std::string& reference) {
  auto rows = client.list(kApps);
  if (!rows) {
    return rows.error();
  }
  return pickByName(*rows, "application", reference, {"id", "uid", "name"});
}

void showWithSecret(Session& session, const json::Value& made) {
  session.output().object(made);
  if (session.output().isForPeople()) {
    session.output().say("keep the secret safe: it is shown only now");
  }
}

Status createApp(Session& session, const Arguments& arguments) {
  auto body = toAssignments(arguments.list("FIELDS"));
  if (!body) {
    return body.error();
  }
  body->set("name", arguments.text("NAME"));
  body->set("redirect_uri", arguments.text("REDIRECT_URI"));
  BUSBAR_TRY(putDomain(session.client(), arguments, "owner_id", *body));
  auto made = session.client().post(kApps, *body);
  if (!made) {
    return made.error();
  }
  showWithSecret(session, *made);
  return {};
}

Status listApps(Session& session, const Arguments&) {
  auto rows = session.client().list(kApps);
  if (!rows) {
    return rows.error();
  }
  session.output().list(*rows, {{"ID", tenantCell<kTenantId>},
                                {"NAME", tenantCell<kTenantName>},
                                {"CLIENT ID", tenantCell<kUid>},
                                {"REDIRECT", tenantCell<kRedirectUri>}});
  return {};
}

Status updateApp(Session& session, const Arguments& arguments) {
  auto id = resolveApp(session.client(), arguments.text("APP"));
  return id ? patchRow(session, arguments, kApps + "/" + encoded(*id)) : Status(id.error());
}

Status renewSecret(Session& session, const Arguments& arguments) {
  auto id = resolveApp(session.client(), arguments.text("APP"));
  if (!id) {
    return id.error();
  }
  BUSBAR_TRY(confirm(arguments, "The present secret ends at once. Make a new one?"));
  auto made = session.client().post(
      std::string(kBusbar) + "/oauth_apps/" + encoded(*id) + "/secret", json::Object());
  if (!made) {
    return made.error();
  }
  showWithSecret(session, *made);
  return {};
}

Status deleteApp(Session& session, const Arguments& arguments) {
  auto id = resolveApp(session.client(), arguments.text("APP"));
  if (!id) {
    return id.error();
  }
  BUSBAR_TRY(eraseAfterAsking(session, arguments, kApps + "/" + encoded(*id)));
  session.output().say("deleted " + *id);
  return {};
}

}  // namespace

void addTenantVerbs(VerbTable& table) {
  table.nouns.push_back({"domains", {"domain"}, "Where people belong, by host name"});
  table.nouns.push_back({"apps", {"app"}, "Applications that people sign in to (OAuth clients)"});
  const Parameter fields{"FIELDS", "Fields, field=value, as the API names them", false, true};
  const Parameter domain{"DOMAIN", "Id, name or host"};
  const Parameter app{"APP", "Id, client id or name"};
  table.verbs.insert(
      table.verbs.end(),
      {{"domains", "list", "All domains", {}, {}, listDomains},
       {"domains",
        "create",
        "Make a domain",
        {{"NAME", "Its name"}, {"HOST", "The host name that it answers for"}, fields},
        {},
        createDomain},
       {"domains", "update", "Change fields of a domain", {domain, fields}, {}, updateDomain},
       {"domains",
        "delete",
        "Delete a domain, with its users, groups and applications",
        {domain},
        {yesFlag()},
        deleteDomain},
       {"apps",
        "create",
        "Register an application and print its secret",
        {{"NAME", "Its name"},
         {"REDIRECT_URI", "Where people go back to after signing in"},
         fields},
        {domainFlag()},
        createApp},
       {"apps", "list", "All applications, without their secrets", {}, {}, listApps},
       {"apps", "update", "Change fields of an application", {app, fields}, {}, updateApp},
       {"apps",
        "secret",
        "Make a new secret for an application and print it; the present one ends",
        {app},
        {yesFlag()},
        renewSecret},
       {"apps", "delete", "Delete an application", {app}, {yesFlag()}, deleteApp}});
}

}  // namespace busbar::cli
