// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace busbar {

// The fixed list of failures. Shape of the mapping to HTTP and to the C ABI: error_codes table in
// result.cc; the user-facing catalogue is api/ERRORS.md.
enum class ErrorCode {
  InvalidArgument,
  NotFound,
  AlreadyExists,
  PermissionDenied,
  Unauthenticated,
  FailedPrecondition,
  Unavailable,
  DeadlineExceeded,
  ResourceExhausted,
  Aborted,
  DataLoss,
  Unimplemented,
  Internal,
};

// Stable lower_snake name, "invalid_argument".
std::string_view toString(ErrorCode code);
// The HTTP status that a REST caller sees for `code` when nothing more exact is known.
int toHttpStatus(ErrorCode code);

// An expected failure: what was attempted, on what, and what the system said. Never holds secrets.
struct Error {
  ErrorCode code = ErrorCode::Internal;
  std::string message;
  std::string field;   // JSON pointer or name of the offending input; empty when none
  std::string reason;  // stable machine code finer than `code` ("driver_crashed"); empty when none
  int httpStatus = 0;  // when set, wins over toHttpStatus(code)

  static Error of(ErrorCode code, std::string message) {
    return {code, std::move(message), {}, {}, 0};
  }
  static Error at(ErrorCode code, std::string field, std::string message) {
    return {code, std::move(message), std::move(field), {}, 0};
  }
  static Error because(ErrorCode code, std::string reason, std::string message) {
    return {code, std::move(message), {}, std::move(reason), 0};
  }
  // Appends ": strerror(errnum)" and picks the code from errnum.
  static Error fromErrno(int errnum, std::string attempted);
};

// A value or an Error. Thread-compatible.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit on purpose
  Result(Error error)
      : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit on purpose

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() & { return *std::get_if<0>(&state_); }
  const T& value() const& { return *std::get_if<0>(&state_); }
  T&& value() && { return std::move(*std::get_if<0>(&state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return std::get_if<0>(&state_); }
  const T* operator->() const { return std::get_if<0>(&state_); }
  const Error& error() const& { return *std::get_if<1>(&state_); }
  Error&& error() && { return std::move(*std::get_if<1>(&state_)); }

 private:
  std::variant<T, Error> state_;
};

// Success or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit on purpose

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  // Asked for only when not ok().
  // NOLINTBEGIN(bugprone-unchecked-optional-access)
  const Error& error() const& { return *error_; }
  Error&& error() && { return *std::move(error_); }
  // NOLINTEND(bugprone-unchecked-optional-access)

 private:
  std::optional<Error> error_;
};
using Status = Result<void>;

// A broken invariant of our own: print and abort. Never for input.
[[noreturn]] void checkFailed(const char* expression, const char* file, int line);
#define BUSBAR_CHECK(expr) \
  ((expr) ? static_cast<void>(0) : ::busbar::checkFailed(#expr, __FILE__, __LINE__))

// Returns the error of a Result or Status from the enclosing function.
#define BUSBAR_TRY(expr)                              \
  do {                                                \
    if (auto&& busbarTry = (expr); !busbarTry.ok()) { \
      return std::move(busbarTry).error();            \
    }                                                 \
  } while (false)

}  // namespace busbar
