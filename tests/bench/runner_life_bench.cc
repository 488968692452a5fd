// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// How long sandboxed runners take to start, to come back and to stop, and what they weigh.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "host/supervisor/runner.h"
#include "tests/bench/figure.h"
#include "tests/bench/sandboxed_host.h"
#include "tests/integration/plugins/child_process.h"

namespace busbar::bench {
namespace {

double msSince(Instant begin) {
  return std::chrono::duration<double, std::milli>(BootClock::now() - begin).count();
}

// Starts runners without modules, one after the other, as the supervisor does.
class Starter : private Runner::Owner {
 public:
  explicit Starter(SandboxedHost& host) : host_(host) {}

  // From before the pages are made and the process is cloned to the ready frame read, in ms.
  double startOne() {
    isReady_ = false;
    Runner::Owner& self = *this;
    runners_.push_back(std::make_unique<Runner>(
        host_.loop(), self, "bench-" + std::to_string(++count_), Runner::Limits()));
    LaunchSpec spec;
    spec.driverFolder = std::string(std::getenv("BUSBAR_BUILD")) + "/drivers/echo";
    spec.driverFile = "echo.so";
    const Instant begin = BootClock::now();
    runners_.back()->launch(host_.launcher(), std::move(spec), "bench");
    while (!isReady_) {
      host_.loop().runOnce(Milliseconds(1000));
    }
    return msSince(begin);
  }

  void stopAll() {
    for (const auto& runner : runners_) {
      runner->kill("bench");
    }
    while (ended_ < count_) {
      host_.loop().runOnce(Milliseconds(100));
    }
    host_.loop().runOnce(Milliseconds(0));
    runners_.clear();
  }

  double meanPssKb() const {
    uint64_t sum = 0;
    for (const auto& runner : runners_) {
      sum += pssBytes(runner->pid());
    }
    return static_cast<double>(sum) / static_cast<double>(runners_.size()) / 1000;
  }

 private:
  void runnerReady(Runner&) override { isReady_ = true; }
  bool runnerFrame(Runner&, const wire::Frame&, std::string&) override { return true; }
  void runnerPrinted(Runner&, LogLine) override {}
  void runnerEnded(Runner&, ExitReport report) override {
    ++ended_;
    require(report.cause == "bench", "a runner ended by itself: " + report.cause);
  }

  SandboxedHost& host_;
  std::vector<std::unique_ptr<Runner>> runners_;
  int count_ = 0;
  int ended_ = 0;
  bool isReady_ = false;
};

void measureStart() {
  SandboxedHost host;
  measure({"runner start, p50", "ms", "", "none", "<= 3 ms, every layer, clone to ready frame"},
          [&](double seconds) {
            Starter starter(host);
            std::vector<double> times;
            const Instant begin = BootClock::now();
            while (msSince(begin) < seconds * 1000 && times.size() < 200) {
              times.push_back(starter.startOne());
            }
            starter.stopAll();
            std::nth_element(times.begin(),
                             times.begin() + static_cast<ptrdiff_t>(times.size() / 2), times.end());
            return Run{times[times.size() / 2], times.size()};
          });
}

void measurePss() {
  SandboxedHost host;
  measure({"runner PSS, mean of 50", "kB", "", "none", "<= 400 kB, every layer"}, [&](double) {
    Starter starter(host);
    for (int i = 0; i < 50; ++i) {
      starter.startOne();
    }
    const Run run{starter.meanPssKb(), 50};
    starter.stopAll();
    return run;
  });
}

// The first crash of a module that served: no back-off of an earlier one is in it.
void measureKill() {
  measure({"runner killed to module serves", "ms", "", "none", "<= 500 ms"}, [&](double) {
    SandboxedHost host;
    HostFixture& fixture = host.fixture();
    fixture.addModule("mod-1", fixture.addDriver("echo"));
    require(fixture.waitFor("mod-1", "running"), "the echo module does not start");
    require(fixture.execute("mod-1", "echo", "[1]").ok(), "echo does not answer");
    const Instant begin = BootClock::now();
    ::kill(host.host().runners().front().pid, SIGKILL);
    require(
        runUntil(host.loop(), [&] { return fixture.host_->health("mod-1").state != "running"; }),
        "the end was not noticed");
    require(fixture.waitFor("mod-1", "running"), "the module did not come back");
    require(fixture.execute("mod-1", "echo", "[1]").ok(), "echo does not answer any more");
    return Run{msSince(begin), 1};
  });
}

void measureStop() {
  measure(
      {"stop with 100 live modules", "ms", "", "none", "<= 2,000 ms, 100 modules in 10 runners"},
      [&](double) {
        SandboxedHost host;
        HostFixture& fixture = host.fixture();
        const std::string driver = fixture.addDriver("echo");
        const model::Driver row = *fixture.site_.findDriver(driver);
        for (int i = 0; i < 100; ++i) {
          model::Driver copy = row;
          copy.id = row.id + "-" + std::to_string(i / 10);
          copy.packageId = row.packageId + std::to_string(i / 10);
          if (i % 10 == 0) {
            require(fixture.write(ConfigWrite::Kind::Insert, copy).ok(), "no driver row");
          }
          fixture.addModule("mod-" + std::to_string(i), copy.id);
        }
        for (int i = 0; i < 100; ++i) {
          require(fixture.waitFor("mod-" + std::to_string(i), "running"), "a module hangs");
        }
        require(host.host().runners().size() == 10, "not ten runners");
        bool stopped = false;
        const Instant begin = BootClock::now();
        host.host().stop(std::chrono::seconds(8), [&] { stopped = true; });
        require(runUntil(host.loop(), [&] { return stopped; }), "it does not stop");
        return Run{msSince(begin), 100};
      });
}

// Modules of the modbus driver in one runner: 200 bytes of settings, five status keys, a link.
class ModuleSite {
 public:
  ModuleSite()
      : device_({std::string(std::getenv("BUSBAR_BUILD")) + "/bin/modbus_sim"}),
        port_(device_.readReadyPort()),
        driver_(host_.fixture().addDriver("modbus")) {}

  void growTo(int count) {
    const int before = count_;
    for (; count_ < count; ++count_) {
      addOne("mod-" + std::to_string(count_));
    }
    const bool isUp = runUntil(host_.loop(), [&] {
      for (int i = before; i < count; ++i) {
        const auto key = host_.host().stateKey("mod-" + std::to_string(i), "v5");
        if (!key.ok() || key->empty()) {
          return false;
        }
      }
      return true;
    });
    require(isUp, "not all modules have read their device: " +
                      host_.host().health("mod-" + std::to_string(count - 1)).sentence);
  }

  double pssKb() {
    uint64_t sum = pssBytes(::getpid());
    const auto runners = host_.host().runners();
    require(runners.size() == 1, "the modules are not in one runner");
    for (const RunnerInfo& runner : runners) {
      sum += pssBytes(runner.pid);
    }
    return static_cast<double>(sum) / 1000;
  }

 private:
  void addOne(const std::string& id) {
    host_.fixture().addModule(id, driver_, false, "127.0.0.1", port_);
    model::Settings row;
    row.id = "settings-" + id;
    row.parentId = id;
    row.text = R"({"points":[)";
    for (int i = 1; i <= 5; ++i) {
      row.text += std::string(i > 1 ? "," : "") + R"({"name":"v)" + std::to_string(i) +
                  R"(","address":)" + std::to_string(i) + "}";
    }
    row.text += R"(],"poll_interval_ms":5000,"unit":1})";
    row.text.resize(std::max<size_t>(row.text.size(), 200), ' ');
    require(host_.fixture().write(ConfigWrite::Kind::Insert, row).ok(), "no settings row");
    model::Module mod = *host_.fixture().site_.findModule(id);
    mod.running = true;
    require(host_.fixture().write(ConfigWrite::Kind::Update, mod).ok(), "no module row");
  }

  test::ChildProcess device_;
  int port_;
  SandboxedHost host_;
  std::string driver_;
  int count_ = 0;
};

void measureModules() {
  measure({"PSS of each further module", "kB", "", "none",
           "<= 20 kB: host and runner, 1 against 1,001 modules, with the test's store in memory"},
          [&](double) {
            ModuleSite site;
            site.growTo(1);
            const double one = site.pssKb();
            site.growTo(1001);
            return Run{(site.pssKb() - one) / 1000, 1000};
          });
}

}  // namespace
}  // namespace busbar::bench

int main(int argc, char** argv) {
  using namespace busbar::bench;
  findBuild();
  const std::pair<const char*, void (*)()> figures[] = {
      {"runner start, p50", measureStart},
      {"runner PSS, mean of 50", measurePss},
      {"runner killed to module serves", measureKill},
      {"stop with 100 live modules", measureStop},
      {"PSS of each further module", measureModules},
  };
  for (const auto& [name, figure] : figures) {
    if (isSelected(argc, argv, name)) {
      figure();
    }
  }
  return 0;
}
