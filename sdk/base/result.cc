// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/result.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace busbar {
namespace {

struct Row {
  ErrorCode code;
  std::string_view name;
  int http;
};

// One table: code -> name -> HTTP status.
constexpr std::array<Row, 13> kRows{{
    {ErrorCode::InvalidArgument, "invalid_argument", 400},
    {ErrorCode::NotFound, "not_found", 404},
    {ErrorCode::AlreadyExists, "already_exists", 409},
    {ErrorCode::PermissionDenied, "permission_denied", 403},
    {ErrorCode::Unauthenticated, "unauthenticated", 401},
    {ErrorCode::FailedPrecondition, "failed_precondition", 409},
    {ErrorCode::Unavailable, "unavailable", 503},
    {ErrorCode::DeadlineExceeded, "deadline_exceeded", 504},
    {ErrorCode::ResourceExhausted, "resource_exhausted", 429},
    {ErrorCode::Aborted, "aborted", 409},
    {ErrorCode::DataLoss, "data_loss", 500},
    {ErrorCode::Unimplemented, "unimplemented", 501},
    {ErrorCode::Internal, "internal", 500},
}};

const Row& row(ErrorCode code) {
  const auto index = static_cast<size_t>(code);
  BUSBAR_CHECK(index < kRows.size() && kRows[index].code == code);
  return kRows[index];
}

ErrorCode codeFromErrno(int errnum) {
  switch (errnum) {
    case ENOENT:
    case ESRCH:
      return ErrorCode::NotFound;
    case EEXIST:
      return ErrorCode::AlreadyExists;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorCode::PermissionDenied;
    case ETIMEDOUT:
      return ErrorCode::DeadlineExceeded;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOSPC:
    case EDQUOT:
      return ErrorCode::ResourceExhausted;
    case ECONNREFUSED:
    case ECONNRESET:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EPIPE:
    case EAGAIN:
      return ErrorCode::Unavailable;
    case EINVAL:
      return ErrorCode::InvalidArgument;
    default:
      return ErrorCode::Internal;
  }
}

}  // namespace

std::string_view toString(ErrorCode code) {
  return row(code).name;
}

int toHttpStatus(ErrorCode code) {
  return row(code).http;
}

Error Error::fromErrno(int errnum, std::string attempted) {
  std::array<char, 128> text{};
  const char* said = strerror_r(errnum, text.data(), text.size());  // GNU form, man 3 strerror
  attempted += ": ";
  attempted += said;
  return {codeFromErrno(errnum), std::move(attempted), {}, {}, 0};
}

void checkFailed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "invariant broken: %s (%s:%d)\n", expression, file, line);
  std::abort();
}

}  // namespace busbar
