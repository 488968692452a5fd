// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "api/auth/password_hasher.h"
#include "sdk/base/event_loop.h"

namespace busbar {

// "Hashes" by a prefix, later on the loop as the real one does.
class FakePasswordHasher : public auth::PasswordHasher {
 public:
  explicit FakePasswordHasher(EventLoop& loop) : loop_(loop) {}

  void hash(std::string password, Callback<void(Result<std::string>)> done) override {
    loop_.post([this, password = std::move(password), done = std::move(done)]() mutable {
      if (failure) {
        done(*failure);
      } else {
        done("$fake$" + password);
      }
    });
  }
  void verify(std::string password, std::string phc, Callback<void(Result<bool>)> done) override {
    loop_.post([this, isRight = phc == "$fake$" + password, done = std::move(done)]() mutable {
      if (failure) {
        done(*failure);
      } else {
        done(isRight);
      }
    });
  }

  std::optional<Error> failure;

 private:
  EventLoop& loop_;
};

}  // namespace busbar
