// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/resources/context.h"

namespace busbar::api {

// Domains, which the reference calls authorities.
void addDomainRoutes(http::Router& router, Context& context);

}  // namespace busbar::api
