// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sdk/base/callback.h"
#include "sdk/base/result.h"
#include "tools/busbar/session.h"
#include "tools/busbar/sse_parser.h"

namespace busbar::cli {

// Follows the event stream for ever, over restarts of the server; a refusal ends it. What a first
// connection cannot reach is an error at once. `query` begins with "?".
Status follow(Session& session, const std::string& query,
              Callback<void(const ServerEvent&)> onEvent);

}  // namespace busbar::cli
