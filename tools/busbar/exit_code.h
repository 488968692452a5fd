// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sdk/base/result.h"

namespace busbar::cli {

// What scripts may rely on. Never renumbered.
enum class ExitCode {
  Ok = 0,
  Failure = 1,
  Usage = 2,
  NotFound = 3,
  Auth = 4,  // no key, a wrong one, or not allowed
  Conflict = 5,
  Timeout = 6,
  Findings = 7,  // the input breaks a rule; `doctor` found something
  Interrupted = 130,
};

// Errors by reason "usage", "findings" and "interrupted" have their own code; the rest goes by
// ErrorCode.
ExitCode toExitCode(const Error& error);

// A mistake on the command line, found after parsing.
Error usageError(std::string message);

}  // namespace busbar::cli
