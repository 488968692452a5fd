// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/supervisor/restart_policy.h"

namespace busbar {
namespace {

constexpr size_t kIsolateAfter = 2;
constexpr size_t kIsolateAllAfter = 3;
constexpr size_t kQuarantineAfter = 5;
constexpr Milliseconds kFirst{200};
constexpr Milliseconds kMost{30'000};
constexpr Milliseconds kMostExternal{1'000};

}  // namespace

size_t RestartPolicy::count(std::deque<Instant>& crashes, Instant at) {
  crashes.push_back(at);
  while (crashes.front() + kWindow < at) {
    crashes.pop_front();
  }
  return crashes.size();
}

RestartPolicy::Decision RestartPolicy::onCrash(const Crash& crash, uint32_t random) {
  Decision decision;
  Backoff& backoff = backoffs_.try_emplace(crash.group, kFirst, kMost).first->second;
  if (crash.readySince != Instant{} && crash.at - crash.readySince >= kHealthy) {
    backoff.reset();
  }
  decision.delay = backoff.next(random);
  if (crash.external) {
    decision.delay = std::min<Nanoseconds>(decision.delay, kMostExternal);
    return decision;
  }
  if (crash.beforeCreate) {
    decision.quarantineDriver = count(beforeCreate_, crash.at) >= kQuarantineAfter;
    return decision;
  }
  if (!crash.moduleId) {
    if (count(unattributed_, crash.at) >= kIsolateAllAfter && !isolateAll_) {
      isolateAll_ = decision.isolateAll = true;
    }
    return decision;
  }
  const size_t crashes = count(moduleCrashes_[*crash.moduleId], crash.at);
  if (crashes >= kQuarantineAfter) {
    decision.quarantine = crash.moduleId;
  } else if (crashes >= kIsolateAfter && crash.inShared && !isolated(*crash.moduleId)) {
    isolated_.insert(*crash.moduleId);
    decision.isolate = crash.moduleId;
  }
  return decision;
}

void RestartPolicy::forgetAll() {
  *this = RestartPolicy();
}

}  // namespace busbar
