// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/exit_code.h"

#include <utility>

namespace busbar::cli {

ExitCode toExitCode(const Error& error) {
  if (error.reason == "usage") {
    return ExitCode::Usage;
  }
  if (error.reason == "findings") {
    return ExitCode::Findings;
  }
  if (error.reason == "interrupted") {
    return ExitCode::Interrupted;
  }
  switch (error.code) {
    case ErrorCode::InvalidArgument:
      return ExitCode::Findings;
    case ErrorCode::NotFound:
      return ExitCode::NotFound;
    case ErrorCode::Unauthenticated:
    case ErrorCode::PermissionDenied:
      return ExitCode::Auth;
    case ErrorCode::AlreadyExists:
    case ErrorCode::FailedPrecondition:
    case ErrorCode::Aborted:
      return ExitCode::Conflict;
    case ErrorCode::DeadlineExceeded:
      return ExitCode::Timeout;
    case ErrorCode::Unavailable:
    case ErrorCode::ResourceExhausted:
    case ErrorCode::DataLoss:
    case ErrorCode::Unimplemented:
    case ErrorCode::Internal:
      break;
  }
  return ExitCode::Failure;
}

Error usageError(std::string message) {
  return Error::because(ErrorCode::InvalidArgument, "usage", std::move(message));
}

}  // namespace busbar::cli
