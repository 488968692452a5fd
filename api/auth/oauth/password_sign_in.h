// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/auth/argon2_hasher.h"
#include "api/auth/auth_events.h"
#include "api/auth/guess_limiter.h"
#include "api/auth/known_devices.h"
#include "api/auth/oauth/user_changes.h"
#include "api/auth/unknown_names.h"
#include "registry/site/site.h"

namespace busbar::oauth {

// The one place where a password is looked at. Guesses are limited per account and per address
// (GuessLimiter), those of a known device per device instead, so that a stranger's guesses keep
// nobody out of a browser that he has used before. Who does not exist, is deleted or has no
// password looks like a wrong password, in words and in time. Loop-only.
class PasswordSignIn {
 public:
  struct Attempt {
    std::string domainId;
    std::string name;  // e-mail address or login name
    std::string password;
    std::string deviceCookie;
    auth::AuthEvent event;  // of the request; told to `events` with the outcome
  };
  // The user's id. Unauthenticated, reason wrong_credentials; ResourceExhausted, reason
  // too_many_failures or too_many_sign_ins, with the seconds to wait.
  using Done = Callback<void(Result<std::string> userId, int retryAfterSeconds)>;

  struct Parts {
    EventLoop& loop;
    const Site& site;
    auth::Argon2Hasher& hasher;
    auth::KnownDevices& devices;
    auth::AuthEvents& events;
    UserChanges& users;
  };
  explicit PasswordSignIn(Parts parts) : parts_(parts) {}
  ~PasswordSignIn() { *alive_ = false; }
  PasswordSignIn(const PasswordSignIn&) = delete;
  PasswordSignIn& operator=(const PasswordSignIn&) = delete;

  void run(Attempt attempt, Done done);

  // True when the change of a user's password hash to `hash` is ours: the same password, hashed at
  // another cost.
  bool isOwnRehash(const std::string& userId, const std::string& hash) const;

 private:
  struct Job;
  void judge(std::shared_ptr<Job> job, Result<auth::Argon2Hasher::Verdict> verdict);
  void refuse(Job& job, Error error, int retryAfterSeconds);
  void noteSignIn(const Job& job, std::string newHash);

  Parts parts_;
  auth::GuessLimiter guesses_;
  const auth::UnknownNames unknownNames_;
  std::unordered_map<std::string, std::string> rehashed_;       // user -> the hash being stored
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with completions
};

}  // namespace busbar::oauth
