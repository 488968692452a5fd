// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>

#include "api/triggers/day_time.h"
#include "api/triggers/evaluator.h"
#include "api/triggers/spec.h"
#include "sdk/base/cron_timer.h"

// Conditions that the wall clock decides. Private to the evaluator.
namespace busbar::triggers {

// Shows the evaluator's moment to CronTimer.
class MomentClock : public Clock {
 public:
  Instant now() const override { return moment_.now; }
  int64_t utcNs() const override { return moment_.utcNs; }
  const Moment& moment() const { return moment_; }
  void set(const Moment& moment) { moment_ = moment; }
  SysSeconds wall() const;

 private:
  Moment moment_;
};

// The instants of an At, a Cron or a Sun, each of which fires once. On a clock that jumps they all
// follow the rules of CronTimer: what is jumped over by less than three hours fires at once, by
// more it is left out (a Cron that runs what it missed fires), and nothing fires twice.
// Thread-compatible.
class Alarm {
 public:
  // A moment that passed while busbard was not running fires late, up to this.
  static constexpr std::chrono::hours kLate{3};

  // Counts from the clock's present time. All outlive this.
  Alarm(const Condition& condition, const Place& place, const MomentClock& clock);

  // To be called when nextPoll() comes, and when the wall clock jumped.
  bool poll();
  // At most a minute away; Instant::max(): never.
  Instant nextPoll() const;
  std::optional<SysSeconds> nextAfter(SysSeconds after) const;
  // Whether something is due that came after `settled`, when busbard was still running, and before
  // this alarm was made.
  bool isOwed(SysSeconds settled) const;
  bool remembersSettled() const;

 private:
  void settle(SysSeconds until);
  bool pollPlain();

  const Condition& condition_;
  const Place& place_;
  const MomentClock& clock_;
  std::unique_ptr<CronTimer> cron_;  // of a Cron; the others have what follows
  Moment last_;
  SysSeconds settled_;
  std::optional<SysSeconds> due_;
  std::optional<SysSeconds> fired_;
};

// A Between or Days. Thread-compatible.
class Window {
 public:
  // All outlive this.
  Window(const Condition& condition, const Place& place) : condition_(condition), place_(place) {}

  bool isTrueAt(const MomentClock& clock);
  // At most a minute away.
  Instant nextLook(const MomentClock& clock) const;
  // When time next changes it, or may; none if it never does.
  std::optional<SysSeconds> nextEdge() const;
  // The sun is wanted, and the place's coordinates are not known.
  bool hasProblem() const { return hasProblem_; }

 private:
  const Condition& condition_;
  const Place& place_;
  bool isKnown_ = false;
  bool hasProblem_ = false;
  BetweenAnswer answer_;
};

}  // namespace busbar::triggers
