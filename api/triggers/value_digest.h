// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "sdk/base/json.h"

namespace busbar::triggers {

// SHA-256 in hexadecimal digits, the same for values that isEqual() says are.
std::string digestOf(const json::Value& value);

}  // namespace busbar::triggers
