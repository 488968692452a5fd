// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sdk/base/result.h"

namespace busbar::cli {

// One line of the standard input, without its end; at most 4096 bytes. From a terminal it is asked
// for by `prompt` on stderr and not shown as it is typed. Passwords are never arguments: those are
// seen by everybody on the machine. Usage error when there is no line.
Result<std::string> readPassword(const std::string& prompt);

// A new one: at a terminal twice, and both must be the same.
Result<std::string> readNewPassword();

}  // namespace busbar::cli
