// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "sdk/base/json.h"

// Members of an answer's object, whatever the server sent: what is absent or of another type reads
// as null, empty, 0 or false.
namespace busbar::cli {

const json::Value& memberOf(const json::Value& from, std::string_view name);
const json::Array& arrayOf(const json::Value& from, std::string_view name);
int64_t numberOf(const json::Value& from, std::string_view name);
bool isSet(const json::Value& from, std::string_view name);

}  // namespace busbar::cli
