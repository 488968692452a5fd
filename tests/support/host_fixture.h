// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "host/client/local_host.h"
#include "host/install/driver_depot.h"
#include "tests/support/await.h"
#include "tests/support/fake_config_store.h"
#include "tests/support/plain_launcher.h"

namespace busbar {

// Grants every proposed module at once, under the epoch "e1".
class GrantingCoordinator : public Coordinator {
 public:
  void start(Listener listener, Callback<void(Status)> started) override {
    listener_ = std::move(listener);
    started({});
  }
  void propose(std::vector<std::string> ids) override {
    const std::set<std::string> wanted(ids.begin(), ids.end());
    for (const std::string& id : wanted) {
      if (owned_.insert(id).second) {
        listener_.granted(id, "e1");
      }
    }
    for (const std::string& id : std::set<std::string>(owned_)) {
      if (!wanted.contains(id)) {
        listener_.revoked(id, Instant::max());
      }
    }
  }
  void released(const std::string& id) override { owned_.erase(id); }
  // As if another host were to run it from now on.
  void takeAway(const std::string& id) { listener_.revoked(id, Instant::max()); }
  Instant leaseDeadline() const override { return Instant::max(); }
  bool isElected(const std::string&) const override { return true; }

 private:
  Listener listener_;
  std::set<std::string> owned_;
};

// Keeps what is put, by module and key.
class MapStateStore : public StateStore {
 public:
  bool put(std::string_view id, const Epoch&, StateEntry entry) override {
    values_[std::string(id)][entry.key] = entry;
    return true;
  }
  bool clear(std::string_view id, const Epoch&) override {
    values_.erase(std::string(id));
    return true;
  }
  void read(std::string, Instant, Done<std::vector<StateEntry>> done) override {
    done(std::vector<StateEntry>{});
  }
  void flush(Instant, Done<void> done) override { done(Status()); }
  std::map<std::string, std::map<std::string, StateEntry>> values_;
};

// A host with a site, the tests' runner and installed drivers; rows are written through write().
class HostFixture {
 public:
  // `services` makes what modules may ask for; it must outlive the host.
  explicit HostFixture(Launcher* launcher = nullptr,
                       Callback<ServiceProviders(EventLoop&)> services = nullptr,
                       std::string siteCaFile = {}) {
    const Status loaded =
        await<void>(*loop_, [&](auto done) { site_.follow(store_, deadline(), std::move(done)); });
    EXPECT_TRUE(loaded.ok());
    Supervisor::Options options;
    options.hostVersion = "test";
    options.locate = [](const model::Driver& driver) -> Result<std::string> {
      return driver.description;  // where the driver was built
    };
    LocalHost::Context context{*loop_,       pool_,
                               site_,        states_,
                               coordinator_, launcher != nullptr ? *launcher : launcher_,
                               *log_,        services ? services(*loop_) : ServiceProviders()};
    context.siteCaFile = std::move(siteCaFile);
    host_ = std::make_unique<LocalHost>(std::move(context), std::move(options));
    host_->start(site_, [](Status) {});
  }

  Instant deadline() const { return loop_->clock().now() + std::chrono::seconds(10); }

  Status write(ConfigWrite::Kind kind, model::Record record) {
    std::vector<ConfigWrite> writes;
    writes.push_back({kind, std::move(record)});
    auto applied = await<std::vector<ConfigChange>>(*loop_, [&](auto done) {
      store_.apply(std::move(writes), {}, deadline(), std::move(done));
    });
    loop_->runOnce(Milliseconds(0));
    return applied.ok() ? Status() : Status(applied.error());
  }

  // A driver of this build, by its folder below the build's drivers/ or tests/drivers/.
  std::string addDriver(const std::string& name,
                        model::Isolation isolation = model::Isolation::Driver,
                        const std::string& below = "/drivers/") {
    model::Driver driver;
    driver.id = "driver-" + name;
    driver.name = name;
    driver.packageId = "test." + name;
    driver.description = std::string(std::getenv("BUSBAR_BUILD")) + below + name;
    std::ifstream file(driver.description + "/manifest.json");
    std::stringstream text;
    text << file.rdbuf();
    driver.manifest = text.str();
    driver.version = "1.0.0";
    driver.digest = std::string(64, 'a');
    driver.fileName = name + ".so";
    driver.isolation = isolation;
    const auto manifest = json::parse(driver.manifest);
    driver.moduleName = *manifest->find("module_name")->asString();
    if (*manifest->find("role")->asString() == "logic") {
      driver.role = model::Role::Logic;
    }
    EXPECT_TRUE(write(ConfigWrite::Kind::Insert, driver).ok());
    return driver.id;
  }

  std::string addModule(const std::string& id, const std::string& driverId, bool running = true,
                        const std::string& ip = "", int port = 0, const std::string& uri = "") {
    model::Module mod;
    mod.id = id;
    mod.driverId = driverId;
    mod.running = running;
    mod.ip = ip;
    mod.port = port;
    mod.uri = uri;
    const Status added = write(ConfigWrite::Kind::Insert, mod);
    EXPECT_TRUE(added.ok()) << added.error().message;
    return id;
  }

  bool waitFor(const std::string& moduleId, const std::string& state) {
    return runUntil(*loop_, [&] { return host_->health(moduleId).state == state; });
  }

  Result<ExecuteReply> execute(const std::string& moduleId, const std::string& function,
                               const std::string& args = "[]",
                               model::UserRole role = model::UserRole::Admin,
                               Milliseconds limit = Milliseconds(5000)) {
    return await<ExecuteReply>(*loop_, [&](auto done) {
      ExecuteRequest request;
      request.moduleId = moduleId;
      request.function = function;
      request.args = args;
      request.caller.role = role;
      request.deadline = loop_->clock().now() + limit;
      host_->execute(std::move(request), std::move(done));
    });
  }

  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::create(clock_).value();
  WorkerPool pool_{2, 100};
  std::unique_ptr<Logger> log_ = Logger::discarding();
  Site site_;
  FakeConfigStore store_{*loop_};
  MapStateStore states_;
  GrantingCoordinator coordinator_;
  PlainLauncher launcher_{*loop_,
                          std::string(std::getenv("BUSBAR_BUILD")) + "/bin/busbar-runner-test"};
  std::unique_ptr<LocalHost> host_;
};

}  // namespace busbar
