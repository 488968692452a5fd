// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include <busbar/driver.h>

namespace busbar {

// What a driver throws when something cannot be done. Within a function it becomes the caller's
// error. `code` is stable lower_snake ("lamp_cooling"); the message is for people and holds no
// secrets.
class Failure : public std::exception {
 public:
  Failure(busbar_status status, std::string message, std::string code = {})
      : status_(status), message_(std::move(message)), code_(std::move(code)) {}

  static Failure invalid(std::string message) { return {BUSBAR_E_INVALID, std::move(message)}; }
  static Failure device(std::string message) { return {BUSBAR_E_DEVICE, std::move(message)}; }
  static Failure offline(std::string message) { return {BUSBAR_E_OFFLINE, std::move(message)}; }
  static Failure timeout(std::string message) { return {BUSBAR_E_TIMEOUT, std::move(message)}; }

  // The caller may try again, after `ms` when it is not 0.
  Failure retryable(uint32_t ms = 0) const {
    Failure copy = *this;
    copy.flags_ = BUSBAR_ERROR_RETRYABLE;
    copy.retryAfterMs_ = ms;
    return copy;
  }

  busbar_status status() const { return status_; }
  const std::string& message() const { return message_; }
  const std::string& code() const { return code_; }
  const char* what() const noexcept override { return message_.c_str(); }

  // For the C ABI; borrows from this object.
  busbar_error toError() const {
    busbar_error error{};
    error.struct_size = sizeof(error);
    error.status = status_;
    error.code = {code_.data(), code_.size()};
    error.message = {message_.data(), message_.size()};
    error.flags = flags_;
    error.retry_after_ms = retryAfterMs_;
    return error;
  }

 private:
  busbar_status status_;
  std::string message_;
  std::string code_;
  uint32_t flags_ = 0;
  uint32_t retryAfterMs_ = 0;
};

}  // namespace busbar
