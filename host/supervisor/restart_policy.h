// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "sdk/base/backoff.h"
#include "sdk/base/clock.h"

namespace busbar {

// What to do after a runner of one driver has crashed (architecture section 6). Pure: time and
// randomness are handed in.
//
//  * Wait 200 ms doubling to 30 s, +- 20 %; the wait starts over after 60 s healthy.
//  * Two crashes inside calls of one module: that module gets a runner of its own.
//  * Three crashes that cannot be attributed: every module of the driver gets its own.
//  * Five crashes in five minutes: quarantine of the module, or of the driver when it dies before
//  any
//    create.
//  * A runner that somebody killed from outside is started again after at most 1 s and not counted.
class RestartPolicy {
 public:
  struct Crash {
    std::string group;  // which runner of the driver
    Instant at{};
    Instant readySince{};                 // when it became ready; Instant{} if it never did
    std::optional<std::string> moduleId;  // inside whose callback, or the only one there
    bool inShared = true;                 // the runner serves all modules of the driver
    bool beforeCreate = false;
    bool external = false;
  };
  struct Decision {
    Nanoseconds delay{};
    std::optional<std::string> isolate;     // newly: this module alone
    bool isolateAll = false;                // newly: every module
    std::optional<std::string> quarantine;  // this module
    bool quarantineDriver = false;
  };

  Decision onCrash(const Crash& crash, uint32_t random);

  bool isolated(const std::string& moduleId) const {
    return isolateAll_ || isolated_.contains(moduleId);
  }
  // Forgets the crashes of a module after its settings changed or an admin released it; its runner
  // of its own stays until forgetAll().
  void forget(const std::string& moduleId) { moduleCrashes_.erase(moduleId); }
  // For a new version of the driver, or its release.
  void forgetAll();

 private:
  static constexpr auto kWindow = std::chrono::minutes(5);
  static constexpr auto kHealthy = std::chrono::seconds(60);

  // Adds one and returns how many lie within the window.
  static size_t count(std::deque<Instant>& crashes, Instant at);

  std::map<std::string, Backoff> backoffs_;  // by group
  std::map<std::string, std::deque<Instant>> moduleCrashes_;
  std::deque<Instant> unattributed_;
  std::deque<Instant> beforeCreate_;
  std::set<std::string> isolated_;
  bool isolateAll_ = false;
};

}  // namespace busbar
