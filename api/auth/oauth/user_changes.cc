// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/oauth/user_changes.h"

#include <utility>
#include <vector>

namespace busbar::oauth {

struct UserChanges::Job {
  std::string userId;
  Actor actor;
  Change change;
  Callback<void(Status)> done;
  int attempts = 0;
};

void UserChanges::run(std::string userId, Actor actor, Change change, Callback<void(Status)> done) {
  attempt(std::make_shared<Job>(
      Job{std::move(userId), std::move(actor), std::move(change), std::move(done)}));
}

void UserChanges::attempt(std::shared_ptr<Job> job) {
  const model::User* present = site_.findUser(job->userId);
  if (present == nullptr) {
    job->done(Error::of(ErrorCode::NotFound, "user " + job->userId + " does not exist"));
    return;
  }
  model::User changed = *present;
  if (!job->change(changed)) {
    job->done({});
    return;
  }
  std::vector<ConfigWrite> writes;
  writes.push_back({ConfigWrite::Kind::Update, std::move(changed)});
  store_.apply(std::move(writes), job->actor, loop_.clock().now() + kLimit,
               [this, alive = alive_, job](const Result<std::vector<ConfigChange>>& result) {
                 if (!*alive) {
                   return;
                 }
                 // The site has heard of what came between before this completion.
                 if (!result.ok() && result.error().code == ErrorCode::Aborted &&
                     ++job->attempts < kMaxAttempts) {
                   attempt(job);
                   return;
                 }
                 job->done(result.ok() ? Status() : Status(result.error()));
               });
}

}  // namespace busbar::oauth
