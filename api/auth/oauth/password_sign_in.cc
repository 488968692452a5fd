// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/oauth/password_sign_in.h"

#include <algorithm>
#include <utility>

#include "sdk/base/ascii.h"

namespace busbar::oauth {
namespace {

constexpr size_t kMaxNameBytes = 254;
constexpr int64_t kNsPerSecond = 1'000'000'000;

std::string lowerTrimmed(std::string_view text) {
  const auto isSpace = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && isSpace(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && isSpace(text.back())) {
    text.remove_suffix(1);
  }
  return asciiLowered(text);
}

const model::User* findUser(const Site& site, const std::string& domainId, std::string_view typed,
                            const std::string& lower) {
  const model::User* user = site.findUserByEmail(domainId, lower);
  if (user == nullptr) {
    user = site.findUserByLoginName(domainId, typed);
  }
  return user == nullptr || user->deleted ? nullptr : user;
}

}  // namespace

struct PasswordSignIn::Job {
  Attempt attempt;
  Done done;
  std::string userId;  // empty: nobody
  std::string hash;
  std::vector<std::string> keys;  // whose guesses this one counts for
};

void PasswordSignIn::run(Attempt attempt, Done done) {
  auto job = std::make_shared<Job>(Job{std::move(attempt), std::move(done), {}, {}, {}});
  Attempt& asked = job->attempt;
  const std::string lower = lowerTrimmed(asked.name).substr(0, kMaxNameBytes);
  if (const model::User* user = findUser(parts_.site, asked.domainId, asked.name, lower)) {
    job->userId = user->id;
    job->hash = user->passwordHash;
  }
  // Made for those who exist, too, so that it takes the same time.
  const std::string standIn = unknownNames_.standIn(lower);
  asked.event.name = job->userId.empty() ? standIn : lower;
  asked.event.userId = job->userId;
  asked.event.domainId = asked.domainId;
  const std::string device = parts_.devices.find(asked.deviceCookie, job->userId);
  if (!device.empty()) {
    job->keys = {"device " + device};
  } else {
    // By the row where there is one, so that two names of an account are one account.
    job->keys = {"account " + asked.domainId + " " + (job->userId.empty() ? lower : job->userId),
                 "address " + auth::addressBlock(asked.event.address)};
  }
  const Instant now = parts_.loop.clock().now();
  int wait = 0;
  for (const std::string& key : job->keys) {
    wait = std::max(wait, guesses_.secondsToWait(key, now));
  }
  if (wait > 0) {
    refuse(*job,
           Error::because(ErrorCode::ResourceExhausted, "too_many_failures",
                          "too many failed sign-ins; wait " + std::to_string(wait) + " s"),
           wait);
    return;
  }
  for (const std::string& key : job->keys) {
    guesses_.begin(key, now);
  }
  parts_.hasher.check(std::move(asked.password), job->hash,
                      [this, alive = alive_, job](Result<auth::Argon2Hasher::Verdict> verdict) {
                        if (*alive) {
                          judge(job, std::move(verdict));
                        }
                      });
}

void PasswordSignIn::refuse(Job& job, Error error, int retryAfterSeconds) {
  job.attempt.event.kind = auth::AuthEvent::Kind::SignInRefused;
  job.attempt.event.detail = error.reason;
  parts_.events.onAuthEvent(job.attempt.event);
  job.done(std::move(error), retryAfterSeconds);
}

void PasswordSignIn::judge(std::shared_ptr<Job> job, Result<auth::Argon2Hasher::Verdict> verdict) {
  const bool wasLookedAt = verdict.ok();
  const model::User* user = parts_.site.findUser(job->userId);
  // The row may have changed while the work was done.
  const bool isRight = wasLookedAt && verdict->isRight && user != nullptr && !user->deleted &&
                       user->passwordHash == job->hash;
  if (!wasLookedAt || isRight) {
    for (const std::string& key : job->keys) {
      guesses_.takeBack(key);
    }
  }
  if (!wasLookedAt && verdict.error().code != ErrorCode::InvalidArgument) {
    refuse(*job, std::move(verdict).error(), 1);
    return;
  }
  if (!isRight) {
    refuse(*job,
           Error::because(ErrorCode::Unauthenticated, "wrong_credentials",
                          "the name or the password is wrong"),
           0);
    return;
  }
  noteSignIn(*job, std::move(verdict->newHash));
  job->attempt.event.kind = auth::AuthEvent::Kind::SignedIn;
  parts_.events.onAuthEvent(job->attempt.event);
  job->done(job->userId, 0);
}

void PasswordSignIn::noteSignIn(const Job& job, std::string newHash) {
  const int64_t now = parts_.loop.clock().utcNs() / kNsPerSecond;
  if (!newHash.empty()) {
    rehashed_[job.userId] = newHash;
  }
  parts_.users.run(
      job.userId, {job.userId, job.attempt.event.traceId},
      [now, oldHash = job.hash, newHash = std::move(newHash)](model::User& user) {
        user.lastLogin = now;
        ++user.loginCount;
        if (!newHash.empty() && user.passwordHash == oldHash) {
          user.passwordHash = newHash;
        }
        return true;
      },
      [this, alive = alive_, id = job.userId](const Status&) {
        if (*alive) {
          rehashed_.erase(id);  // whatever becomes of a count of sign-ins, it refuses nobody
        }
      });
}

bool PasswordSignIn::isOwnRehash(const std::string& userId, const std::string& hash) const {
  const auto it = rehashed_.find(userId);
  return it != rehashed_.end() && it->second == hash;
}

}  // namespace busbar::oauth
