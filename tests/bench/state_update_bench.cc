// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// Status updates of one sandboxed runner: four modules of 2,500 keys each publish as fast as they
// may, each value is new, and a subscriber counts each and finds none missing.
#include <charconv>
#include <map>

#include "tests/bench/figure.h"
#include "tests/bench/sandboxed_host.h"

namespace busbar::bench {
namespace {

constexpr int kModules = 4;
constexpr uint64_t kMuch = 1'000'000'000;

class Counter {
 public:
  Counter() {
    HostFixture& fixture = host_.fixture();
    const std::string driver =
        fixture.addDriver("state_source", model::Isolation::Driver, "/tests/drivers/");
    for (int i = 0; i < kModules; ++i) {
      fixture.addModule("mod-" + std::to_string(i), driver);
    }
    for (int i = 0; i < kModules; ++i) {
      const std::string id = "mod-" + std::to_string(i);
      require(fixture.waitFor(id, "running"), host_.host().health(id).sentence);
      next_.emplace(id, 0);
    }
    require(host_.host().runners().size() == 1, "not one runner");
    subscription_ = host_.host().subscribe([this](const HostEvent& event) { take(event); });
  }

  Run run(double seconds) {
    const uint64_t before = seen_;
    publish(kMuch);
    const Instant begin = BootClock::now();
    const Instant end = begin + Nanoseconds(static_cast<int64_t>(seconds * 1e9));
    while (BootClock::now() < end) {
      host_.loop().runOnce(Milliseconds(10));
    }
    const uint64_t count = seen_ - before;
    const std::chrono::duration<double> took = BootClock::now() - begin;
    drain(publish(0));
    return {static_cast<double>(count) / took.count(), count};
  }

 private:
  // What each module will have published in the end, by its own count.
  std::map<std::string, uint64_t> publish(uint64_t updates) {
    std::map<std::string, uint64_t> totals;
    for (const auto& [id, next] : next_) {
      const auto reply =
          host_.fixture().execute(id, "run", "{\"updates\":" + std::to_string(updates) + "}");
      require(reply.ok(), reply.ok() ? "" : reply.error().message);
      totals[id] = std::stoull(reply->resultJson);
    }
    return totals;
  }
  void drain(const std::map<std::string, uint64_t>& totals) {
    const bool all = runUntil(host_.loop(), [&] {
      for (const auto& [id, total] : totals) {
        if (next_[id] != total) {
          return false;
        }
      }
      return true;
    });
    require(all, "updates are missing");
  }
  void take(const HostEvent& event) {
    if (event.kind != HostEvent::Kind::State || !event.state->key.starts_with('k')) {
      return;
    }
    uint64_t value = 0;
    const std::string& json = event.state->json;
    std::from_chars(json.data(), json.data() + json.size(), value);
    const auto expected = next_.find(event.moduleId);
    require(expected != next_.end() && value == expected->second, "an update was lost: " + json);
    ++expected->second;
    ++seen_;
  }

  SandboxedHost host_;
  std::map<std::string, uint64_t, std::less<>> next_;
  uint64_t seen_ = 0;
  std::unique_ptr<Subscription> subscription_;
};

}  // namespace
}  // namespace busbar::bench

int main(int argc, char** argv) {
  using namespace busbar::bench;
  const char* name = "state updates of one runner";
  if (!isSelected(argc, argv, name)) {
    return 0;
  }
  findBuild();
  Counter counter;
  measure({name, "updates/s", "", "none", ">= 300,000 /s over 10,000 keys, none conflated"},
          [&](double seconds) { return counter.run(seconds); });
  return 0;
}
