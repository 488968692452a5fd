// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/http/front/target.h"

namespace busbar::http {

// PlaceOS's client library 4.7.7 builds some paths without a slash after the version:
// /api/engine/v2users/groups. Puts it in for the names that it does so with; false for all other
// paths, which are left alone. The one place where a path is taken for another.
bool splitSlashless(Target& target);

}  // namespace busbar::http
