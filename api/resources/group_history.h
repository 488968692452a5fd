// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/resources/context.h"

namespace busbar::api {

// /group_history: what the audit log has of groups, their members, grants and invitations, for
// whoever manages them; admins read it of all groups, also of those that are gone. Who looked from
// where stays in the audit log.
void addGroupHistoryRoutes(Routes& routes);

}  // namespace busbar::api
