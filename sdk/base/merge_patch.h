// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sdk/base/json.h"

namespace busbar::json {

// Lays `patch` over `document` (RFC 7396): members of objects are merged, null removes one, and
// anything else replaces what was there. As deep as the patch is.
void mergePatch(Value& document, const Value& patch);

}  // namespace busbar::json
