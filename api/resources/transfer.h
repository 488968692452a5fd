// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/http/router/router.h"
#include "api/resources/context.h"

namespace busbar::api {

// The whole configuration as one document, out and in again. Shape: openapi.yaml "Configuration".
//
// Out: every row as it is stored, keyed by id. Settings above encryption level none come without
// their text, API keys, passwords and other secrets do not come at all; `notes` in the document
// says so.
//
// In: each row is compared with the one of its id. Members that are absent keep what they have, so
// hidden texts stay; rows that are absent stay too, unless `prune` is asked for. Drivers cannot be
// brought in: their libraries are installed, and must be there. One transaction, or, with
// `dry_run`, only the list of what would be done.
void addTransferRoutes(http::Router& router, Context& context);

}  // namespace busbar::api
