// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// 10,000 timers of 1,000 modules in one sandboxed runner: what they cost while they wait, and how
// late they are, as the driver sees it.
#include <time.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "host/service/schedule/schedule_service.h"
#include "tests/bench/figure.h"
#include "tests/bench/sandboxed_host.h"

namespace busbar::bench {
namespace {

constexpr int kModules = 1000;
constexpr size_t kPerModule = 10;
constexpr size_t kAll = kModules * kPerModule;

double cpuSeconds(pid_t pid) {
  clockid_t clock = CLOCK_PROCESS_CPUTIME_ID;
  timespec time{};
  require((pid == 0 || clock_getcpuclockid(pid, &clock) == 0) && clock_gettime(clock, &time) == 0,
          "no clock of a process");
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

ServiceProviders schedules(EventLoop& loop) {
  ServiceProviders providers;
  providers.push_back(scheduleProvider(loop));
  return providers;
}

class TimerSite {
 public:
  TimerSite() {
    HostFixture& fixture = host_.fixture();
    const std::string driver =
        fixture.addDriver("timer_source", model::Isolation::Driver, "/tests/drivers/");
    for (int i = 0; i < kModules; ++i) {
      fixture.addModule(idOf(i), driver);
    }
    for (int i = 0; i < kModules; ++i) {
      require(fixture.waitFor(idOf(i), "running"), host_.host().health(idOf(i)).sentence);
    }
    require(host_.host().runners().size() == 1, "not one runner");
  }

  void arm(const std::string& args) {
    for (int i = 0; i < kModules; ++i) {
      const auto reply = host_.fixture().execute(idOf(i), "arm", args);
      require(reply.ok(), reply.ok() ? "" : reply.error().message);
    }
  }

  // Share of a core that host and runner take together, in percent.
  double costFor(double seconds) {
    const pid_t runner = host_.host().runners().front().pid;
    const double before = cpuSeconds(0) + cpuSeconds(runner);
    const double took = turnFor(seconds);
    return (cpuSeconds(0) + cpuSeconds(runner) - before) / took * 100;
  }

  // Milliseconds of each that has fired, sorted.
  std::vector<double> lateness() {
    std::vector<double> all;
    for (int i = 0; i < kModules; ++i) {
      const auto reply = host_.fixture().execute(idOf(i), "lateness");
      require(reply.ok(), reply.ok() ? "" : reply.error().message);
      const auto list = json::parse(reply->resultJson);
      for (const json::Value& us : *list->asArray()) {
        all.push_back(us.toDouble() / 1000);
      }
    }
    std::sort(all.begin(), all.end());
    return all;
  }

  double turnFor(double seconds) {
    const Instant begin = BootClock::now();
    const Instant end = begin + Nanoseconds(static_cast<int64_t>(seconds * 1e9));
    while (BootClock::now() < end) {
      const auto left = std::chrono::ceil<Milliseconds>(end - BootClock::now());
      host_.loop().runOnce(left);
    }
    return std::chrono::duration<double>(BootClock::now() - begin).count();
  }

 private:
  static std::string idOf(int i) { return "mod-" + std::to_string(i); }

  SandboxedHost host_{schedules};
};

Run p99Of(const std::vector<double>& sorted) {
  require(sorted.size() == kAll, "only " + std::to_string(sorted.size()) + " fired");
  require(sorted.front() >= 0, "one fired " + std::to_string(-sorted.front()) + " ms early");
  return {sorted[sorted.size() * 99 / 100], sorted.size()};
}

// Windows in a row, long enough that one of them holds the minute's poll of all: see its maximum.
void measureIdle(TimerSite& site) {
  site.arm(R"({"timers":4,"moments":3,"crons":3,"from_ms":7200000,"span_ms":3600000,)"
           R"("cron":"@yearly","due_ns":1})");
  measure({"10,000 timers armed, idle", "% of a core", "", "none",
           "< 2 %, host and runner; one window holds the minute's poll of all"},
          [&](double seconds) { return Run{site.costFor(seconds * 6.5), kAll}; });
}

void measureSpread(TimerSite& site) {
  measure({"timers and moments, lateness p99", "ms", "", "none",
           "<= 20 ms, 10,000 over 5 s, half timers of the runner, half schedules of the host"},
          [&](double) {
            site.arm(R"({"timers":5,"moments":5,"crons":0,"from_ms":1000,"span_ms":5000})");
            site.turnFor(6.5);
            return p99Of(site.lateness());
          });
}

void measureSameSecond(TimerSite& site) {
  measure({"cron, 10,000 in one second, lateness p99", "ms", "", "none", "<= 20 ms"}, [&](double) {
    using namespace std::chrono;
    const auto due = ceil<seconds>(system_clock::now()) + seconds(6);
    const hh_mm_ss time(due - floor<days>(due));
    site.arm(R"({"crons":10,"due_ns":)" +
             std::to_string(nanoseconds(due.time_since_epoch()).count()) + R"(,"cron":")" +
             std::to_string(time.seconds().count()) + " " + std::to_string(time.minutes().count()) +
             R"( * * * *"})");
    require(system_clock::now() < due, "arming took too long");
    site.turnFor(duration<double>(due - system_clock::now()).count() + 1);
    return p99Of(site.lateness());
  });
}

}  // namespace
}  // namespace busbar::bench

int main(int argc, char** argv) {
  using namespace busbar::bench;
  findBuild();
  const std::pair<const char*, void (*)(TimerSite&)> figures[] = {
      {"10,000 timers armed, idle", measureIdle},
      {"timers and moments, lateness p99", measureSpread},
      {"cron, 10,000 in one second, lateness p99", measureSameSecond},
  };
  for (const auto& [name, figure] : figures) {
    if (isSelected(argc, argv, name)) {
      TimerSite site;
      figure(site);
    }
  }
  return 0;
}
