// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
// Triggers at work, with their store on a disk: how long from a status to the call that it sets
// off, and how many updates 10,000 triggers keep up with on one core.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "api/triggers/engine.h"
#include "registry/cluster/local_coordinator.h"
#include "registry/store/sqlite_trigger_store.h"
#include "tests/bench/figure.h"
#include "tests/support/await.h"
#include "tests/support/fake_config_store.h"
#include "tests/support/fake_host_client.h"
#include "tests/support/sample_records.h"
#include "tests/support/temp_dir.h"

namespace busbar::bench {
namespace {

constexpr int kTriggers = 10'000;
constexpr int kPerSystem = 100;
constexpr int kModules = kTriggers / kPerSystem;
constexpr double kUpdatesPerSecond = 102'000;  // what is offered
constexpr int kWatchedIn = 100;                // one update in so many is of a watched status
constexpr size_t kReactions = 10'000;

class NoResolver : public Resolver {
  void resolve(const std::string&, Done) override {}
};

// Notes when a call begins.
class CountingHost : public FakeHostClient {
 public:
  CallId execute(ExecuteRequest, Done<ExecuteReply> done) override {
    begun = BootClock::now();
    ++executed;
    done(ExecuteReply{"null", 200});
    return 1;
  }
  Instant begun{};
  uint64_t executed = 0;
};

double cpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// `systems` rooms with a module each, and in each `perSystem` triggers: number n fires when the
// module's status "level_n" passes 50.
class TriggerSite {
 public:
  TriggerSite(int systems, int perSystem) {
    require(await<void>(*loop_, [this](Callback<void(Status)> done) {
              site_.follow(config_, clock_.now() + Milliseconds(10'000), std::move(done));
            }).ok());
    std::vector<ConfigWrite> rows{{ConfigWrite::Kind::Insert, sample::driver(1)}};
    for (int s = 1; s <= systems; ++s) {
      addSystem(s, perSystem, rows);
    }
    require(await<std::vector<ConfigChange>>(
                *loop_,
                [&](Callback<void(Result<std::vector<ConfigChange>>)> done) {
                  config_.apply(std::move(rows), {}, clock_.now() + Milliseconds(60'000),
                                std::move(done));
                })
                .ok());
    SqliteTriggerStore::Options options;
    options.databasePath = folder_.path() + "/triggers.db";
    auto store = SqliteTriggerStore::open(*loop_, std::move(options));
    require(store.ok());
    store_ = std::move(*store);
    engine_ = std::make_unique<triggers::Engine>(triggers::Engine::Surroundings{
        *loop_, site_, host_, *store_, config_, coordinator_, ids_, *log_, http_, nullptr,
        [](const std::string&) { return std::shared_ptr<const Manifest>(); }});
    require(await<void>(*loop_, [this](Callback<void(Status)> done) {
              engine_->start(std::move(done));
            }).ok());
    require(runUntil(*loop_, [&] {
      return engine_->counts().instances == static_cast<size_t>(systems * perSystem);
    }));
  }

  static void require(bool holds) {
    if (!holds) {
      std::fprintf(stderr,
                   "trigger_engine_bench: the site does not come up, or a trigger does not fire\n");
      std::exit(1);
    }
  }

  const std::string& moduleId(int n) const { return modules_[static_cast<size_t>(n)]; }
  int modules() const { return static_cast<int>(modules_.size()); }
  EventLoop& loop() { return *loop_; }
  CountingHost& host() { return host_; }
  triggers::Engine& engine() { return *engine_; }
  // On a disk it would take no memory.
  void forgetAudit() { rows_->audit = {}; }

 private:
  void addSystem(int s, int perSystem, std::vector<ConfigWrite>& rows) {
    model::Module mod = sample::mod(s, 1);
    mod.customName = "Sensor";
    mod.running = true;
    host_.healths[mod.id] = {"running", true, true, "", "", 0, ""};
    model::System system = sample::system(s);
    system.modules = {mod.id};
    modules_.push_back(mod.id);
    rows.push_back({ConfigWrite::Kind::Insert, std::move(mod)});
    rows.push_back({ConfigWrite::Kind::Insert, system});
    for (int i = 0; i < perSystem; ++i) {
      const int n = (s - 1) * perSystem + i + 1;
      model::Trigger trigger;
      trigger.id = sample::id(model::Table::Trigger, n);
      trigger.name = "Trigger " + std::to_string(n);
      trigger.conditions =
          *json::parse(R"({"comparisons":[{"left":{"mod":"Sensor_1","status":"level_)" +
                       std::to_string(i) + R"("},"operator":"greater_than","right":50}]})");
      // It calls the module that it watches, many times a second: no circle here, but it looks so.
      trigger.actions = *json::parse(
          R"({"loop_limit":0,"functions":[{"mod":"Sensor_1","method":"show","args":{"n":1}}]})");
      model::TriggerInstance instance;
      instance.id = sample::id(model::Table::TriggerInstance, n);
      instance.triggerId = trigger.id;
      instance.systemId = system.id;
      rows.push_back({ConfigWrite::Kind::Insert, std::move(trigger)});
      rows.push_back({ConfigWrite::Kind::Insert, std::move(instance)});
    }
  }

  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_{std::move(EventLoop::create(clock_)).value()};
  test::TempDir folder_;
  std::shared_ptr<FakeConfigStore::Data> rows_ = std::make_shared<FakeConfigStore::Data>();
  FakeConfigStore config_{*loop_, rows_};
  Site site_;
  CountingHost host_;
  LocalCoordinator coordinator_{*loop_, config_};
  model::IdGenerator ids_{clock_};
  std::unique_ptr<Logger> log_ = Logger::discarding();
  NoResolver resolver_;
  HttpClient http_{*loop_, resolver_};
  std::unique_ptr<SqliteTriggerStore> store_;
  std::vector<std::string> modules_;
  std::unique_ptr<triggers::Engine> engine_;
};

// From the event of a status to the beginning of the call that it sets off; ms, sorted.
std::vector<double> reactions(TriggerSite& site) {
  std::vector<double> all;
  all.reserve(kReactions);
  for (size_t i = 0; i < kReactions; ++i) {
    const uint64_t before = site.host().executed;
    site.host().publishState(site.moduleId(0), "level_0", "10");
    const Instant start = BootClock::now();
    site.host().publishState(site.moduleId(0), "level_0", "60");
    TriggerSite::require(runUntil(site.loop(), [&] { return site.host().executed != before; }));
    all.push_back(static_cast<double>((site.host().begun - start).count()) / 1e6);
    for (int turn = 0; turn < 4; ++turn) {  // an idle system: the firing before is over
      site.loop().runOnce(Milliseconds(1));
    }
  }
  std::sort(all.begin(), all.end());
  return all;
}

// Over its threshold and back, each trigger in turn.
void publishWatched(TriggerSite& site, uint64_t number) {
  const uint64_t n = number / 2;
  site.host().publishState(site.moduleId(static_cast<int>(n % kModules)),
                           "level_" + std::to_string(n / kModules % kPerSystem),
                           number % 2 == 0 ? "60" : "10");
}

// Until every trigger holds as many evaluations as it keeps, which is all that it will hold.
void fill(TriggerSite& site, uint64_t& watched) {
  while (watched < kTriggers * triggers::Instance::kKeptEvaluations) {
    publishWatched(site, watched++);
    if (watched % 200 == 0) {
      TriggerSite::require(runUntil(site.loop(), [&] { return site.engine().counts().open == 0; }));
      site.forgetAudit();
    }
  }
}

// Publishes updates at the asked pace; how many came per second, and what a core had to do.
struct Flood {
  double rate = 0;
  double cores = 0;
  uint64_t firings = 0;
  int64_t grownKb = 0;
};

Flood flood(TriggerSite& site, double seconds, uint64_t& watched) {
  const uint64_t memory = anonymousBytes(getpid());
  const uint64_t fired = site.engine().counts().firings.started;
  const double cpu = cpuSeconds();
  const Instant start = BootClock::now();
  const Instant end = start + Nanoseconds(static_cast<int64_t>(seconds * 1e9));
  uint64_t sent = 0;
  const std::string plain = "position";
  for (Instant now = start; now < end; now = BootClock::now()) {
    const double due = static_cast<double>((now - start).count()) / 1e9 * kUpdatesPerSecond;
    for (int burst = 0; static_cast<double>(sent) < due && burst < 1000; ++burst, ++sent) {
      const auto mod = static_cast<int>(sent % static_cast<uint64_t>(site.modules()));
      if (sent % kWatchedIn == 0) {
        publishWatched(site, watched++);
      } else {
        site.host().publishState(site.moduleId(mod), plain, "12.5");
      }
    }
    site.loop().runOnce(Milliseconds(1));
  }
  const double took = static_cast<double>((BootClock::now() - start).count()) / 1e9;
  Flood out;
  out.rate = static_cast<double>(sent) / took;
  out.cores = (cpuSeconds() - cpu) / took;
  out.firings = site.engine().counts().firings.started - fired;
  site.forgetAudit();
  out.grownKb =
      (static_cast<int64_t>(anonymousBytes(getpid())) - static_cast<int64_t>(memory)) / 1024;
  return out;
}

int run(int argc, char** argv) {
  if (isSelected(argc, argv, "trigger reaction")) {
    TriggerSite site(1, 1);
    double p99 = 0;
    measure({"trigger reaction, p50", "ms", "", "not pinned", "p50 <= 1, p99 <= 10"}, [&](double) {
      const auto all = reactions(site);
      p99 = all[all.size() * 99 / 100];
      std::fprintf(stderr, "  p99 of this run: %.3f ms\n", p99);
      return Run{all[all.size() / 2], all.size()};
    });
  }
  if (isSelected(argc, argv, "trigger flood")) {
    pinTo(0);
    TriggerSite site(kModules, kPerSystem);
    uint64_t watched = 0;
    const uint64_t bare = anonymousBytes(getpid());
    fill(site, watched);
    std::fprintf(stderr, "  10,000 triggers hold %llu kB, with all that they keep %llu kB\n",
                 static_cast<unsigned long long>(bare / 1024),
                 static_cast<unsigned long long>(anonymousBytes(getpid()) / 1024));
    measure({"trigger flood: updates taken, 10,000 triggers, 1 % watched", "updates/s", "",
             "all threads cpu 0", ">= 100k/s, memory flat"},
            [&](double seconds) {
              const Flood seen = flood(site, seconds, watched);
              std::fprintf(stderr, "  %.2f of a core, %llu firings, %+lld kB\n", seen.cores,
                           static_cast<unsigned long long>(seen.firings),
                           static_cast<long long>(seen.grownKb));
              return Run{seen.rate, static_cast<uint64_t>(seen.rate * seconds)};
            });
  }
  return 0;
}

}  // namespace
}  // namespace busbar::bench

int main(int argc, char** argv) {
  return busbar::bench::run(argc, argv);
}
