// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "registry/model/records.h"
#include "registry/site/site.h"

namespace busbar {

// The IANA time zone of the place where a module is: of a logic module the system that it controls,
// else the first of its systems that knows one. A system knows its own, else that of the last of
// its zones that has one, as the last zone wins in settings. Empty: nobody knows. Pure.
std::string moduleTimeZone(const Site& site, const model::Module& mod);
// The same of a system.
std::string systemTimeZone(const Site& site, std::string_view systemId);

}  // namespace busbar
