// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "sdk/base/json.h"

namespace busbar::json {

// True only of text that check() accepts, found out much faster (some 20 times for a long string):
// ASCII strings without escapes, numbers without exponent and of at most 17 digits, at most 24 open
// members. False means nothing: ask the whole parser. Private to json.cc and tests.
bool isPlain(std::string_view text, const Limits& limits);

}  // namespace busbar::json
