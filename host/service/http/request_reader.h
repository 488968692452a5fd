// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sdk/base/net/http_message.h"
#include "sdk/base/result.h"
#include "sdk/wire/service_messages.h"

namespace busbar {

// A driver's request as the client takes it, each member checked against driver.h; its cookies and
// its deadline apart. A URL that begins with '/' goes to `ownOrigin`, the origin of the module's
// address, which may be empty. InvalidArgument with the member, or with reason `http_no_address`.
// Messages never repeat what the driver wrote: it may hold secrets.
Result<HttpRequest> readHttpRequest(const wire::HttpRequest& m, const std::string& ownOrigin);

}  // namespace busbar
