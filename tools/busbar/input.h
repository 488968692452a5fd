// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
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

// The text of a file, "-" for stdin; a usage error when it is longer than `maxBytes`.
Result<std::string> readInput(const std::string& path, size_t maxBytes = 1U << 20U);

// The object that a file holds, as JSON or as one YAML document; "-" for stdin. Findings (exit code
// 7), with line and column for YAML, when it holds something else.
Result<json::Object> readDocument(const std::string& path);
// The same of a text; exposed for tests.
Result<json::Object> toDocument(std::string_view text, const std::string& path);

}  // namespace busbar::cli
