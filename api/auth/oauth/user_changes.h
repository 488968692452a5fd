// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "registry/site/site.h"
#include "registry/store/config_store.h"
#include "sdk/base/callback.h"
#include "sdk/base/event_loop.h"

namespace busbar::oauth {

// Changes single members of a user's row that signing in and out leave there. Loop-only.
class UserChanges {
 public:
  // Changes a copy of the row as it is now; false: there is nothing to change. It runs again when
  // another change came between.
  using Change = Callback<bool(model::User& user)>;

  // All must outlive this; completions do not come after it is gone.
  UserChanges(EventLoop& loop, const Site& site, ConfigStore& store)
      : loop_(loop), site_(site), store_(store) {}
  ~UserChanges() { *alive_ = false; }
  UserChanges(const UserChanges&) = delete;
  UserChanges& operator=(const UserChanges&) = delete;

  // NotFound: there is no such user. Other errors as ConfigStore::apply().
  void run(std::string userId, Actor actor, Change change, Callback<void(Status)> done);

 private:
  struct Job;
  void attempt(std::shared_ptr<Job> job);

  static constexpr int kMaxAttempts = 5;
  static constexpr Milliseconds kLimit{10'000};

  EventLoop& loop_;
  const Site& site_;
  ConfigStore& store_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with completions
};

}  // namespace busbar::oauth
