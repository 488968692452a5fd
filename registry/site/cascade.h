// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "registry/site/site.h"
#include "registry/store/config_store.h"
#include "sdk/base/result.h"

// What one change of the configuration brings with it, as the list of writes of one transaction.
// Pure: reads the site, changes nothing. Where two of these race, the store answers Aborted and the
// caller plans again.
namespace busbar {

// Erasing a row and all that cannot stay without it:
//   driver  its modules (as below) and its settings
//   module  its settings; it leaves every system's list, and its name that system's features
//   system  the modules that are in no other system, among them its logic modules; its settings
//           and metadata; its instances of triggers; the triggers that belong to it (as below)
//   zone    its child zones, recursively; its settings and metadata; what groups may do in it; the
//           instances that it made; it leaves every system's list
//   trigger its instances; it leaves every zone's list
//   user    its API keys and metadata; it leaves its groups
//   group   its child groups, recursively; who is in it; what it may do in zones
//   domain  its users, applications and groups
//   schema  nothing; it leaves the metadata that name it
// Systems that lose a module or a zone get a new version. NotFound when the row is not there;
// FailedPrecondition for the last admin of a domain (last_admin), for the default domain, for the
// last domain that has an admin (last_domain), and for a trigger's instance that a zone asks for
// (made_by_zone).
Result<std::vector<ConfigWrite>> planErase(const Site& site, model::Table table,
                                           std::string_view id);

// True when somebody can manage the site: an admin of any domain. Deleted users do not count.
bool hasAdmin(const Site& site);
// The same of one domain.
bool hasAdmin(const Site& site, std::string_view domainId);
// True for an admin without whom nobody can manage the user's domain. Deleted users do not count.
bool isLastAdmin(const Site& site, const model::User& user);

// Takes a module out of a system, and erases it when no other system has it.
Result<std::vector<ConfigWrite>> planRemoveModule(const Site& site, std::string_view systemId,
                                                  std::string_view moduleId);

// Inserts a module; a logic module also joins the end of its system's list.
Result<std::vector<ConfigWrite>> planInsertModule(const Site& site, model::Module mod);

}  // namespace busbar
