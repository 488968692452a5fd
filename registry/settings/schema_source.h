// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sdk/base/json.h"
#include "sdk/base/result.h"

namespace busbar {

// The check that every schema from a manifest passes before it is used, and its flat form: each
// local $ref replaced by what it points to, annotations and x-* left out. So what follows meets no
// reference, no recursion and a bounded number of subschemas.
//
// Refused, with the JSON pointer of the place as Error::field: keywords that draft-07 does not know
// (x-* may stand anywhere), keyword values of the wrong form, a $schema other than draft-07, $id
// below the root, $ref to other documents or in a circle, patternProperties, patterns that Pattern
// refuses, nesting beyond 32 and more than 10,000 subschemas when flat. `format` is an annotation.
Result<json::Value> flattenSchema(const json::Value& schema);

// The keywords under which the flat form carries `pattern` and `type`.
inline constexpr const char* kFlatPattern = "x-flat-pattern";
inline constexpr const char* kFlatType = "x-flat-type";

}  // namespace busbar
