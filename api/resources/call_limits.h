// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sdk/base/json.h"

namespace busbar::api {

// What modules take as arguments: no deeper than what the host takes of them, so that a driver that
// gives back what it was given is not blamed for it.
inline constexpr json::Limits kArgumentLimits{1 << 20, 32};

}  // namespace busbar::api
