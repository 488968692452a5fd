// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sdk/base/callback.h"
#include "sdk/base/result.h"

namespace busbar::auth {

// Makes and checks password hashes, off the loop and with a bound on how many at a time.
// Completions run on the loop. ResourceExhausted when too many wait. Loop-only.
class PasswordHasher {
 public:
  virtual ~PasswordHasher() = default;
  // A PHC string, "$argon2id$…".
  virtual void hash(std::string password, Callback<void(Result<std::string>)> done) = 0;
  // False for a wrong password and for a `phc` that is none.
  virtual void verify(std::string password, std::string phc, Callback<void(Result<bool>)> done) = 0;
};

}  // namespace busbar::auth
