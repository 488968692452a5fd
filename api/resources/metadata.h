// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/http/router/router.h"
#include "api/resources/context.h"

namespace busbar::api {

// Documents that apps keep on systems, zones and users: routes under /metadata, and the lists at
// their owners. Changing them takes support, to be the user, or a group among the editors.
void addMetadataRoutes(http::Router& router, Context& context);

}  // namespace busbar::api
