// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/resources/context.h"

namespace busbar::api {

// /group_users and /group_zones: who is in a group, and what it may do in zones; by the two ids
// that a row joins. Nobody gives what they do not have.
void addGroupMemberRoutes(Routes& routes);

}  // namespace busbar::api
