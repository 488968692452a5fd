// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "host/service/schedule/schedule_clock.h"
#include "host/service/service.h"

namespace busbar {

// "busbar.schedule/1" of one module. Each firing is a TIMER event. By cron: the rules for summer
// time of sdk/base/cron.h and those for jumps of the clock of sdk/base/cron_timer.h; CATCH_UP makes
// a jump of three hours and more count as a smaller one does. At a moment: once, when the wall
// clock reaches or has passed it, however it came there. A schedule without a zone of its own
// follows the module's zone and then counts anew from the present time. Loop-only.
class ScheduleService final : public Service {
 public:
  static constexpr size_t kMaxSchedules = 256;  // beyond: E_AGAIN

  // All outlive this.
  ScheduleService(EventLoop& loop, ScheduleClock& schedules, ServiceClient& client);
  ScheduleService(const ScheduleService&) = delete;
  ScheduleService& operator=(const ScheduleService&) = delete;
  ~ScheduleService() override;

  bool request(const wire::Frame& frame, std::string& why) override;
  void release(uint64_t token) override;
  void configured() override;

 private:
  class Schedule;

  void set(const wire::Schedule& m);
  void fire(uint64_t token, bool last);
  void refuseZone(uint64_t token, const Error& error);

  EventLoop& loop_;
  ScheduleClock& schedules_;
  ServiceClient& client_;
  std::string zoneName_;  // of the module, when it was last looked at
  std::unordered_map<uint64_t, std::unique_ptr<Schedule>> open_;
};

// For the host's list; `loop` outlives it.
ServiceProvider scheduleProvider(EventLoop& loop);

}  // namespace busbar
