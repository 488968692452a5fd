// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sdk/base/json.h"
#include "sdk/base/result.h"
#include "tools/busbar/client.h"
#include "tools/busbar/session.h"

namespace busbar::cli {

// "--domain DOMAIN", by id, name or host.
Flag domainFlag();

// Puts the id of --domain into `body`, if it was given.
Status putDomain(Client& client, const Arguments& arguments, const char* member,
                 json::Object& body);

}  // namespace busbar::cli
