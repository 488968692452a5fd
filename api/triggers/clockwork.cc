// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/clockwork.h"

#include <algorithm>
#include <utility>

#include "api/triggers/sun.h"

namespace busbar::triggers {
namespace {

SysSeconds wallSecondOf(int64_t utcNs) {
  return SysSeconds(std::chrono::floor<std::chrono::seconds>(Nanoseconds(utcNs)));
}

// When the wall clock will show `due`, or a minute from now, which is earlier.
Instant instantOf(SysSeconds due, const Moment& moment) {
  if (due - wallSecondOf(moment.utcNs) > CronTimer::kLongestWait) {
    return moment.now + CronTimer::kLongestWait;
  }
  const Nanoseconds wait = Nanoseconds(due.time_since_epoch()) - Nanoseconds(moment.utcNs);
  return moment.now + std::clamp<Nanoseconds>(wait, Nanoseconds(0), CronTimer::kLongestWait);
}

}  // namespace

SysSeconds MomentClock::wall() const {
  return wallSecondOf(moment_.utcNs);
}

Alarm::Alarm(const Condition& condition, const Place& place, const MomentClock& clock)
    : condition_(condition), place_(place), clock_(clock), last_(clock.moment()) {
  if (const Cron* cron = std::get_if<Cron>(&condition.what)) {
    cron_ = std::make_unique<CronTimer>(
        cron->schedule, cron->zone.value_or(place.zone), clock,
        cron->runMissed ? CronTimer::LongJump::CatchUp : CronTimer::LongJump::Skip);
  } else {
    settle(clock.wall());
  }
}

std::optional<SysSeconds> Alarm::nextAfter(SysSeconds after) const {
  if (const Cron* cron = std::get_if<Cron>(&condition_.what)) {
    return cron->schedule.next(after, cron->zone.value_or(place_.zone));
  }
  if (const At* at = std::get_if<At>(&condition_.what)) {
    return at->time > after ? std::optional(at->time) : std::nullopt;
  }
  const DayTime& when = std::get<Sun>(condition_.what).when;
  return place_.coordinates
             ? nextSunEvent(when.kind == DayTime::Kind::Sunrise ? SunEvent::Rise : SunEvent::Set,
                            when.offset, after, *place_.coordinates)
             : std::nullopt;
}

void Alarm::settle(SysSeconds until) {
  settled_ = until;
  due_ = nextAfter(until);
  if (due_ && due_ == fired_) {
    due_ = nextAfter(*due_);
  }
}

bool Alarm::pollPlain() {
  const Moment moment = clock_.moment();
  const Nanoseconds lived = moment.now - last_.now;
  const Nanoseconds jump = Nanoseconds(moment.utcNs - last_.utcNs) - lived;
  last_ = moment;
  const SysSeconds wall = clock_.wall();
  if (jump >= CronTimer::kCorrection) {
    settle(std::max(settled_, wallSecondOf(moment.utcNs - lived.count())));
  } else if (settled_ - wall >= CronTimer::kCorrection) {
    settle(wall);
  }
  if (!due_ || *due_ > wall) {
    return false;
  }
  fired_ = due_;
  settle(wall);
  return true;
}

bool Alarm::poll() {
  return cron_ != nullptr ? cron_->poll().has_value() : pollPlain();
}

Instant Alarm::nextPoll() const {
  if (cron_ != nullptr) {
    return cron_->nextPoll();
  }
  if (due_) {
    return instantOf(*due_, last_);
  }
  // The clock may be put back to before an At that has not come.
  const bool mayCome = !fired_ && std::holds_alternative<At>(condition_.what);
  return mayCome ? last_.now + CronTimer::kLongestWait : Instant::max();
}

bool Alarm::remembersSettled() const {
  const Cron* cron = std::get_if<Cron>(&condition_.what);
  return cron != nullptr ? cron->runMissed : std::holds_alternative<At>(condition_.what);
}

bool Alarm::isOwed(SysSeconds settled) const {
  const SysSeconds wall = clock_.wall();
  const auto due = remembersSettled() ? nextAfter(settled) : std::nullopt;
  if (!due || *due > wall) {
    return false;
  }
  return std::holds_alternative<Cron>(condition_.what) || wall - *due < kLate;
}

bool Window::isTrueAt(const MomentClock& clock) {
  const SysSeconds wall = clock.wall();
  if (isKnown_ && wall >= answer_.since && wall < answer_.next) {
    return answer_.isTrue;
  }
  isKnown_ = true;
  if (const Days* days = std::get_if<Days>(&condition_.what)) {
    answer_ = lookDays(*days, days->zone.value_or(place_.zone), wall);
    return answer_.isTrue;
  }
  const Between& between = std::get<Between>(condition_.what);
  const auto answer =
      lookBetween(between, between.zone.value_or(place_.zone), place_.coordinates, wall);
  hasProblem_ = !answer;
  answer_ = answer.value_or(BetweenAnswer{false, SysSeconds::min(), SysSeconds::max()});
  return answer_.isTrue;
}

Instant Window::nextLook(const MomentClock& clock) const {
  return hasProblem_ ? Instant::max() : instantOf(answer_.next, clock.moment());
}

std::optional<SysSeconds> Window::nextEdge() const {
  return hasProblem_ || !isKnown_ ? std::nullopt : std::optional(answer_.next);
}

}  // namespace busbar::triggers
