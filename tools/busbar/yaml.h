// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sdk/base/json.h"

namespace busbar::cli {

// YAML 1.2 block text of a JSON value, with a newline at the end. Strings stay plain only when no
// reader, also none of YAML 1.1, can take them for something else; others are quoted as in JSON.
std::string toYaml(const json::Value& value);

}  // namespace busbar::cli
