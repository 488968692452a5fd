// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sdk/base/json.h"
#include "sdk/base/result.h"
#include "tools/busbar/client.h"

namespace busbar::cli {

// What people write for an object becomes its id. An id is taken as it is; a name must be the name
// of exactly one object, in any case of letters. NotFound names the nearest one; Aborted lists the
// ids when several have the name.
Result<std::string> resolveSystem(Client& client, const std::string& reference);
Result<std::string> resolveZone(Client& client, const std::string& reference);
// Also by the vendor's package id, "org.busbar.modbus", or its last part.
Result<std::string> resolveDriver(Client& client, const std::string& reference);
// Also "SYSTEM/Name_1".
Result<std::string> resolveModule(Client& client, const std::string& reference);
// Any of the four, by the id's prefix or "system:NAME", "zone:NAME", "driver:NAME", "module:NAME";
// a bare name is looked for in all of them.
Result<std::string> resolveAny(Client& client, const std::string& reference);
// Of a domain; also by its host.
Result<std::string> resolveDomain(Client& client, const std::string& reference);

// The pick of `rows` whose text in one of `members` is `reference`; exposed for tests.
Result<std::string> pickByName(const json::Array& rows, std::string_view kind,
                               const std::string& reference,
                               const std::vector<std::string_view>& members);

}  // namespace busbar::cli
