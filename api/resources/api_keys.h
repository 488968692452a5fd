// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/resources/context.h"

namespace busbar::api {

// /api_keys: a key belongs to a user; the text of a key is in the answer to its creation and never
// again. Without `user_id`, the key's user is the one named like it, made if absent.
void addApiKeyRoutes(http::Router& router, Context& context);

}  // namespace busbar::api
