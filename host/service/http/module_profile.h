// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "registry/settings/connection.h"
#include "sdk/base/net/http_profile.h"

namespace busbar {

// What one module may reach, and how it trusts, by its configuration. A value.
struct ModuleProfile {
  // Where a request may go: the origin of the module's own address, and those that an admin allows.
  // What stands behind them: public addresses; for the module's own host whatever it is, as
  // AddressPolicy::Exception puts it; and a private address that the admin has written as such. An
  // allowed name that leads inside is refused: its owner would decide what in the site is reached.
  // `siteCa` is PEM; empty: the system's authorities.
  static ModuleProfile of(const std::string& uri, const Connection& connection,
                          const std::string& siteCa);

  std::string ownOrigin;                       // empty: the address is no http or https URL
  std::shared_ptr<const HttpProfile> profile;  // nullptr: no request can be made
  Error problem;                               // why there is no profile
  std::vector<std::string> warnings;           // for the module's log
};

}  // namespace busbar
