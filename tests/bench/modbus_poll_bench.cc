// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// What it costs to poll 100 Modbus devices of 100 registers each, ten times a second: processor
// time and memory of host and runner together, once while every register changes and once while
// none does.

#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/bench/figure.h"
#include "tests/bench/sandboxed_host.h"
#include "tests/integration/plugins/child_process.h"

namespace busbar {
namespace {

constexpr int kModules = 100;
constexpr int kRegisters = 100;

// User and system time of a process and of all its threads.
double cpuSeconds(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) {
    fields >> skipped;
  }
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

class Site100 {
 public:
  explicit Site100(int changeMs)
      : device_({std::string(std::getenv("BUSBAR_BUILD")) + "/bin/modbus_sim", "--change-ms",
                 std::to_string(changeMs)}) {
    const int port = device_.readReadyPort();
    const std::string driver = host_.addDriver("modbus");
    for (int i = 0; i < kModules; ++i) {
      const std::string id = "mod-" + std::to_string(i);
      host_.addModule(id, driver, false, "127.0.0.1", port);
      model::Settings row;
      row.id = "set-" + std::to_string(i);
      row.parentId = id;
      row.text =
          R"({"poll_interval_ms":100,"points":[{"name":"r","table":"input","address":0,"count":)" +
          std::to_string(kRegisters) + "}]}";
      if (!host_.write(ConfigWrite::Kind::Insert, row).ok()) {
        std::abort();
      }
      model::Module mod = *host_.site_.findModule(id);
      mod.running = true;
      if (!host_.write(ConfigWrite::Kind::Update, mod).ok()) {
        std::abort();
      }
    }
    const bool isUp = runUntil(*host_.loop_, [&] {
      for (int i = 0; i < kModules; ++i) {
        const auto online = host_.host_->stateKey("mod-" + std::to_string(i), "online");
        if (!online.ok() || *online != "true") {
          return false;
        }
      }
      return true;
    });
    if (!isUp) {
      std::fprintf(stderr, "modbus_poll_bench: not all modules came up\n");
      std::abort();
    }
    subscription_ = host_.host_->subscribe([this](const HostEvent& event) {
      states_ += event.kind == HostEvent::Kind::State ? 1U : 0U;
    });
  }

  struct Figures {
    double cores = 0;
    double registersPerSecond = 0;
    double statesPerSecond = 0;
    uint64_t pssBytes = 0;
  };

  Figures run(double seconds) {
    const double cpuBefore = allCpuSeconds();
    const uint64_t requestsBefore = requests();
    const uint64_t statesBefore = states_;
    const auto begin = host_.clock_.now();
    while (std::chrono::duration<double>(host_.clock_.now() - begin).count() < seconds) {
      host_.loop_->runOnce(Milliseconds(20));
    }
    const double took = std::chrono::duration<double>(host_.clock_.now() - begin).count();
    Figures figures;
    figures.cores = (allCpuSeconds() - cpuBefore) / took;
    figures.registersPerSecond =
        static_cast<double>(requests() - requestsBefore) * kRegisters / took;
    figures.statesPerSecond = static_cast<double>(states_ - statesBefore) / took;
    figures.pssBytes = bench::pssBytes(getpid());
    for (const RunnerInfo& runner : host_.host_->runners()) {
      figures.pssBytes += bench::pssBytes(runner.pid);
    }
    return figures;
  }

 private:
  double allCpuSeconds() {
    double all = cpuSeconds(getpid());
    for (const RunnerInfo& runner : host_.host_->runners()) {
      all += cpuSeconds(runner.pid);
    }
    return all;
  }
  uint64_t requests() {
    device_.writeLine("stats");
    const std::string line = device_.readLine();
    return std::stoull(line.substr(line.find("requests=") + 9));
  }

  test::ChildProcess device_;
  bench::SandboxedHost sandboxed_;
  HostFixture& host_ = sandboxed_.fixture();
  std::unique_ptr<Subscription> subscription_;
  uint64_t states_ = 0;
};

void measureSite(int argc, char** argv, const std::string& name, int changeMs) {
  if (!bench::isSelected(argc, argv, name)) {
    return;
  }
  Site100 site(changeMs);
  Site100::Figures last;
  bench::measure({.name = name,
                  .unit = "cores",
                  .comparedWith = "",
                  .pinning = "none",
                  .target = "<= 0.5 cores and 60 MB at 100,000 registers/s"},
                 [&](double seconds) {
                   last = site.run(seconds);
                   return bench::Run{last.cores,
                                     static_cast<uint64_t>(last.registersPerSecond * seconds)};
                 });
  std::printf("  %s: %.0f registers/s, %.0f state updates/s, %.1f MB PSS in host and runner\n",
              name.c_str(), last.registersPerSecond, last.statesPerSecond,
              static_cast<double>(last.pssBytes) / 1e6);
}

}  // namespace
}  // namespace busbar

int main(int argc, char** argv) {
  busbar::bench::findBuild();
  busbar::measureSite(argc, argv, "modbus poll, all change", 100);
  busbar::measureSite(argc, argv, "modbus poll, none change", 0);
  return 0;
}
