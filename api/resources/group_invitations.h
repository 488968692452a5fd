// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/resources/context.h"

namespace busbar::api {

// /group_invitations: who manages a group lets others in without knowing their accounts. The
// invitation's secret is in the answer to its creation and in no other; whoever of the group's
// domain shows it first is in the group, with the invitation's permissions added to those held
// already. It opens nothing once it is used, expired or deleted, or once its maker could not make
// it any more. Groups at the top: for admins.
//
// Does not protect against a secret that goes astray: `email` says for whom it is meant and is not
// compared with who accepts.
void addGroupInvitationRoutes(Routes& routes);

}  // namespace busbar::api
