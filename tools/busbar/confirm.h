// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "sdk/base/result.h"
#include "tools/busbar/session.h"

namespace busbar::cli {

// "--yes", for verbs that ask.
Flag yesFlag();

// Asks on the terminal. Ok when the answer is yes, or --yes was given. FailedPrecondition when it
// is another; a usage error when nobody can be asked.
Status confirm(const Arguments& arguments, std::string_view question);

// Deletes what is at `path`. On a terminal it first shows all that would go, and asks; scripts, and
// people with --yes, mean what they say.
Status eraseAfterAsking(Session& session, const Arguments& arguments, const std::string& path);

}  // namespace busbar::cli
