// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sdk/base/json.h"
#include "sdk/base/result.h"

namespace busbar::cli {

// A word as JSON, or, when it is none, as a string: 5, true, [1,2], "5", on.
json::Value wordToJson(std::string_view word);

// The arguments of a function: one word that is a JSON object or array is taken whole; `name=value`
// words make an object; other words an array by position. A mixture is a usage error.
Result<json::Value> toCallArguments(const std::vector<std::string>& words);

// `name=value` words as an object; dots in names make objects in objects (poll.interval_ms=5).
// Usage error for another word.
Result<json::Object> toAssignments(const std::vector<std::string>& words);

// Lays `changes` over `document` (RFC 7396: null removes a member).
void mergePatch(json::Value& document, const json::Value& changes);

// The text of a file, "-" for stdin; at most 1 MiB.
Result<std::string> readInput(const std::string& path);

}  // namespace busbar::cli
