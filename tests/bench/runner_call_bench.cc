// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
// Calls host -> runner -> host: rate with 64 in flight and round trip with one, against PlainEcho;
// and calls through a logic module against direct ones.
#include <sched.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "tests/bench/figure.h"
#include "tests/bench/plain_echo.h"
#include "tests/bench/sandboxed_host.h"

namespace busbar::bench {
namespace {

constexpr unsigned kInFlight = 64;
constexpr size_t kRoundTrips = 10'000;

void pinProcess(int pid, int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<size_t>(cpu), &set);
  sched_setaffinity(pid, sizeof set, &set);
}

// Calls echo on one module through HostClient, 256 bytes each way, a deadline on each.
class Caller {
 public:
  explicit Caller(HostFixture& fixture, std::string moduleId = "mod-1")
      : fixture_(fixture), moduleId_(std::move(moduleId)) {}

  uint64_t run(double seconds, unsigned inFlight) {
    done_ = 0;
    end_ = fixture_.clock_.now() + Nanoseconds(static_cast<int64_t>(seconds * 1e9));
    underway_ = inFlight;
    fixture_.loop_->refreshNow();
    for (unsigned i = 0; i < inFlight; ++i) {
      next();
    }
    while (underway_ > 0) {
      fixture_.loop_->runOnce(Milliseconds(1000));
    }
    return done_;
  }

  std::vector<int64_t> roundTrips(size_t count) {
    times_.clear();
    target_ = count;
    timeOne();
    while (times_.size() < count) {
      fixture_.loop_->runOnce(Milliseconds(1000));
    }
    return times_;
  }

 private:
  ExecuteRequest request() const {
    ExecuteRequest request;
    request.moduleId = moduleId_;
    request.function = "echo";
    request.args = kArgs;
    request.caller.userId = "user-1";
    request.deadline = fixture_.loop_->now() + std::chrono::seconds(10);
    return request;
  }
  void next() {
    fixture_.host_->execute(request(), [this](const Result<ExecuteReply>& reply) {
      BUSBAR_CHECK(reply.ok() && reply->resultJson.size() >= 230);
      ++done_;
      if (fixture_.loop_->now() < end_) {
        next();
      } else {
        --underway_;
      }
    });
  }
  void timeOne() {
    const Instant start = fixture_.clock_.now();
    fixture_.host_->execute(request(), [this, start](const Result<ExecuteReply>& reply) {
      BUSBAR_CHECK(reply.ok());
      times_.push_back((fixture_.clock_.now() - start).count());
      if (times_.size() < target_) {
        timeOne();
      }
    });
  }

  static inline const std::string kArgs =
      R"({"value":")" + std::string(256 - 12, 'x') + "\"}";  // 256 bytes
  HostFixture& fixture_;
  const std::string moduleId_;
  uint64_t done_ = 0;
  unsigned underway_ = 0;
  Instant end_{};
  std::vector<int64_t> times_;
  size_t target_ = 0;
};

double p50(std::vector<int64_t> times) {
  std::nth_element(times.begin(), times.begin() + static_cast<ptrdiff_t>(times.size() / 2),
                   times.end());
  return static_cast<double>(times[times.size() / 2]) / 1000.0;
}

// A logic module that passes each call on to Echo_1.
void addRelay(HostFixture& fixture) {
  const std::string driver =
      fixture.addDriver("relay", model::Isolation::Driver, "/tests/drivers/");
  model::System system;
  system.id = "sys-1";
  system.name = "Room";
  require(fixture.write(ConfigWrite::Kind::Insert, system).ok(), "add a system");
  model::Module relay;
  relay.id = "mod-relay";
  relay.driverId = driver;
  relay.controlSystemId = system.id;
  relay.running = true;
  require(fixture.write(ConfigWrite::Kind::Insert, relay).ok(), "add the relay");
  system = *fixture.site_.findSystem(system.id);
  system.modules = {relay.id, "mod-1"};
  require(fixture.write(ConfigWrite::Kind::Update, system).ok(), "arrange the system");
  require(fixture.waitFor(relay.id, "running"), fixture.host_->health(relay.id).sentence);
}

int run(int argc, char** argv) {
  findBuild();
  SandboxedHost sandboxed;
  HostFixture& fixture = sandboxed.fixture();
  const std::string driver = fixture.addDriver("echo");
  fixture.addModule("mod-1", driver);
  if (!fixture.waitFor("mod-1", "running")) {
    std::fprintf(stderr, "the echo module does not start: %s\n",
                 fixture.host_->health("mod-1").sentence.c_str());
    return 1;
  }
  addRelay(fixture);
  pinTo(0);
  for (const RunnerInfo& runner : fixture.host_->runners()) {
    pinProcess(runner.pid, 1);
  }
  PlainEcho plain(1);
  Caller caller(fixture);
  const std::string pinning = "host cpu 0, runner cpu 1";
  if (isSelected(argc, argv, "runner calls")) {
    measure(
        {"runner calls, 64 in flight", "calls/s", "two plain processes", pinning, "ratio >= 0.40"},
        [&](double seconds) {
          const uint64_t n = caller.run(seconds, kInFlight);
          return Run{static_cast<double>(n) / seconds, n};
        },
        [&](double seconds) {
          const uint64_t n = plain.run(seconds, kInFlight);
          return Run{static_cast<double>(n) / seconds, n};
        });
  }
  if (isSelected(argc, argv, "runner round trip")) {
    measure(
        {"runner round trip, p50", "us", "two plain processes", pinning, "ratio <= 1.25"},
        [&](double) { return Run{p50(caller.roundTrips(kRoundTrips)), kRoundTrips}; },
        [&](double) { return Run{p50(plain.roundTrips(kRoundTrips)), kRoundTrips}; });
  }
  if (isSelected(argc, argv, "nested calls")) {
    Caller nested(fixture, "mod-relay");
    measure(
        {"nested calls, 64 in flight", "calls/s", "direct calls", "host cpu 0, both runners cpu 1",
         "ratio >= 0.45"},
        [&](double seconds) {
          const uint64_t n = nested.run(seconds, kInFlight);
          return Run{static_cast<double>(n) / seconds, n};
        },
        [&](double seconds) {
          const uint64_t n = caller.run(seconds, kInFlight);
          return Run{static_cast<double>(n) / seconds, n};
        });
  }
  return 0;
}

}  // namespace
}  // namespace busbar::bench

int main(int argc, char** argv) {
  return busbar::bench::run(argc, argv);
}
