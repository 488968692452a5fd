// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <string_view>
#include <utility>

#include <busbar/driver.hpp>
#include <busbar/service.hpp>

// Tasks by the clock on the wall, for drivers with the permission "busbar.schedule/1" and
// TARGET_MINOR 1 or later. For delays and periods there is Timer.
#if BUSBAR_TARGET_MINOR >= 1
namespace busbar {

// Runs a task by a cron expression or at a moment; ends with its object. A member of the driver.
//
// Expressions are those of crontab(5), "minute hour day month weekday", with an optional field for
// seconds in front: "30 6 * * MON-FRI". Also L, 15W, 5L, 5#2 and @daily and the like.
//
// The zone is the one that is named, else the module's: that of its settings, its system, a zone of
// it, or the server. When the module's zone changes, schedules without a zone of their own follow
// it and count anew. No other change of settings touches them.
//
// Summer time. An expression is fixed when its second, minute and hour hold no *, ? or /.
//   a local time that is skipped   fixed: runs once when the clocks have changed, else not at all
//   a local time that comes twice  fixed: runs the first time, else both times
//
// The clock is set, which is noticed within a minute:
//   forward, less than three hours   what it jumped over runs, together once
//   forward, three hours or more     what it jumped over is left out; with catchUp() it runs once
//   back, less than three hours      nothing runs again until the clock has passed the last run
//   back, three hours or more        the new time counts; only the last run is not repeated
// A machine that slept runs what it missed, together once. While the module is stopped nothing is
// missed: a driver that cares keeps the last run in Store.
class Schedule : public Service {
 public:
  using Task = std::function<void()>;
  using OnFailure = std::function<void(const Failure&)>;

  explicit Schedule(Driver& driver) : Service(driver, "busbar.schedule/1") {}

  // Replaces what was set before. When the expression or the zone is wrong, `onFailure` tells,
  // later; without it a line in the module's log does. Throws Failure E_AGAIN when the module has
  // 256 schedules and requests.
  void cron(std::string_view expression, Task task, std::string_view zone = {},
            OnFailure onFailure = {}) {
    busbar_schedule_request raw{};
    raw.cron = {expression.data(), expression.size()};
    raw.time_zone = {zone.data(), zone.size()};
    set(raw, true, std::move(task), std::move(onFailure));
  }
  // Once, when the clock comes to it or has passed it. Nanoseconds since 1970, as Driver::utcNs().
  void at(int64_t utcNs, Task task) {
    busbar_schedule_request raw{};
    raw.at_ns = utcNs;
    set(raw, false, std::move(task), {});
  }
  void at(std::chrono::system_clock::time_point when, Task task) {
    at(std::chrono::duration_cast<std::chrono::nanoseconds>(when.time_since_epoch()).count(),
       std::move(task));
  }
  // For what is set from now on: a jump of three hours or more leaves nothing out.
  Schedule& catchUp(bool isOn = true) {
    flags_ = isOn ? BUSBAR_SCHEDULE_CATCH_UP : 0;
    return *this;
  }
  void cancel() {
    if (token_ != 0) {
      end(std::exchange(token_, 0));
    }
  }
  bool isSet() const { return token_ != 0; }

 private:
  void set(busbar_schedule_request& raw, bool repeats, Task task, OnFailure onFailure) {
    cancel();
    // A new token each time: what the old one has under way is not taken for the new one's.
    const busbar_id token = open([this, repeats, task = std::move(task),
                                  onFailure = std::move(onFailure)](const busbar_event& event) {
      if (event.status < 0 || !repeats) {
        forget(event.token);
        token_ = 0;
      }
      if (event.status >= 0) {
        task();
      } else if (onFailure) {
        onFailure(toFailure(event));
      } else {
        throw toFailure(event);
      }
    });
    raw.struct_size = sizeof(raw);
    raw.flags = flags_;
    raw.token = token;
    check(table<busbar_schedule>().set(instance(), &raw), token, "set a schedule");
    token_ = token;
  }

  busbar_id token_ = 0;  // 0: nothing is set
  uint32_t flags_ = 0;
};

}  // namespace busbar
#endif
