// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/service/schedule/schedule_service.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <busbar/driver.h>

#include "sdk/base/cron_timer.h"

namespace busbar {

class ScheduleService::Schedule final : public ScheduleClock::Job {
 public:
  Schedule(ScheduleService& service, uint64_t token, CronTimer timer, bool hasOwnZone,
           CronTimer::LongJump longJump)
      : service_(service),
        token_(token),
        cron_(std::move(timer)),
        hasOwnZone_(hasOwnZone),
        longJump_(longJump) {
    service_.schedules_.add(*this, cron_->nextPoll());
  }
  Schedule(ScheduleService& service, uint64_t token, int64_t atNs)
      : service_(service), token_(token), atNs_(atNs) {
    service_.schedules_.add(*this, service_.loop_.now());
  }
  Schedule(const Schedule&) = delete;
  Schedule& operator=(const Schedule&) = delete;
  ~Schedule() { service_.schedules_.remove(*this); }

  std::optional<Instant> poll() override { return cron_ ? pollCron() : pollMoment(); }

  bool followsModule() const { return cron_ && !hasOwnZone_; }
  void moveTo(const TimeZone& zone) {
    cron_.emplace(CronSchedule(cron_->schedule()), zone, service_.loop_.clock(), longJump_);
    service_.schedules_.add(*this, cron_->nextPoll());
  }

 private:
  std::optional<Instant> pollCron() {
    if (cron_->poll()) {
      service_.fire(token_, false);
    }
    return cron_->nextPoll();
  }
  std::optional<Instant> pollMoment() {
    const int64_t utcNs = service_.loop_.clock().utcNs();
    if (utcNs >= atNs_) {
      service_.fire(token_, true);  // this is gone
      return std::nullopt;
    }
    int64_t waitNs = 0;
    if (__builtin_sub_overflow(atNs_, utcNs, &waitNs)) {
      waitNs = INT64_MAX;
    }
    return service_.loop_.clock().now() +
           std::min<Nanoseconds>(Nanoseconds(waitNs), ScheduleClock::kTick);
  }

  ScheduleService& service_;
  const uint64_t token_;
  std::optional<CronTimer> cron_;
  const bool hasOwnZone_ = false;
  const CronTimer::LongJump longJump_ = CronTimer::LongJump::Skip;
  const int64_t atNs_ = 0;
};

ScheduleService::ScheduleService(EventLoop& loop, ScheduleClock& schedules, ServiceClient& client)
    : loop_(loop), schedules_(schedules), client_(client), zoneName_(client.timeZone()) {}

ScheduleService::~ScheduleService() = default;

bool ScheduleService::request(const wire::Frame& frame, std::string& why) {
  wire::Schedule m;
  if (!wire::decode(frame.payload, m)) {
    why = "malformed schedule frame";
    return false;
  }
  open_.erase(m.head.token);
  if (open_.size() >= kMaxSchedules) {
    refuse(client_, BUSBAR_EV_TIMER, m.head.token, BUSBAR_E_AGAIN, "too_many_schedules",
           "a module may have " + std::to_string(kMaxSchedules) + " schedules");
    return true;
  }
  set(m);
  return true;
}

void ScheduleService::set(const wire::Schedule& m) {
  const uint64_t token = m.head.token;
  if (m.cron.empty()) {
    open_[token] = std::make_unique<Schedule>(*this, token, m.atNs);
    return;
  }
  auto cron = CronSchedule::parse(m.cron);
  if (!cron.ok()) {
    refuse(client_, BUSBAR_EV_TIMER, token, BUSBAR_E_INVALID, "invalid_cron",
           cron.error().message);  // which names the field
    return;
  }
  const bool hasOwnZone = !m.timeZone.empty();
  auto zone = TimeZone::find(hasOwnZone ? m.timeZone : std::string_view(client_.timeZone()));
  if (!zone.ok()) {
    refuseZone(token, zone.error());
    return;
  }
  const auto longJump = (m.flags & BUSBAR_SCHEDULE_CATCH_UP) != 0 ? CronTimer::LongJump::CatchUp
                                                                  : CronTimer::LongJump::Skip;
  CronTimer timer(std::move(*cron), *zone, loop_.clock(), longJump);
  open_[token] = std::make_unique<Schedule>(*this, token, std::move(timer), hasOwnZone, longJump);
}

void ScheduleService::refuseZone(uint64_t token, const Error& error) {
  const bool hasNoDatabase = error.code == ErrorCode::Unavailable;
  refuse(client_, BUSBAR_EV_TIMER, token, hasNoDatabase ? BUSBAR_E_OFFLINE : BUSBAR_E_INVALID,
         "invalid_time_zone", "time_zone: " + error.message);
}

void ScheduleService::release(uint64_t token) {
  open_.erase(token);
}

void ScheduleService::configured() {
  if (client_.timeZone() == zoneName_) {
    return;
  }
  zoneName_ = client_.timeZone();
  const auto zone = TimeZone::find(zoneName_);
  std::vector<uint64_t> ended;
  for (const auto& [token, schedule] : open_) {
    if (schedule->followsModule() && zone.ok()) {
      schedule->moveTo(*zone);
    } else if (schedule->followsModule()) {
      ended.push_back(token);
    }
  }
  for (const uint64_t token : ended) {
    open_.erase(token);
    refuseZone(token, zone.error());
  }
}

void ScheduleService::fire(uint64_t token, bool last) {
  wire::ServiceEvent event;
  event.type = BUSBAR_EV_TIMER;
  event.token = token;
  event.ends = last;
  client_.send(event);
  if (last) {
    open_.erase(token);
  }
}

ServiceProvider scheduleProvider(EventLoop& loop) {
  auto schedules = std::make_shared<ScheduleClock>(loop);  // goes with the provider's function
  return {"busbar.schedule/1",
          {wire::Type::Schedule},
          false,
          [&loop, schedules](ServiceClient& client) {
            return std::make_unique<ScheduleService>(loop, *schedules, client);
          }};
}

}  // namespace busbar
