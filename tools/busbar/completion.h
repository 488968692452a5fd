// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "sdk/base/result.h"
#include "tools/busbar/verb.h"

namespace busbar::cli {

// A completion script for `shell` (bash, zsh, fish) made from the table: nouns, verbs, flags and
// the choices of flags. InvalidArgument for another shell. It goes to stdout:
//   source <(busbar completion bash)
Result<std::string> completionScript(const VerbTable& table, std::string_view shell);

}  // namespace busbar::cli
