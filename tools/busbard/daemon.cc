// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbard/daemon.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include "api/auth/api_key_authenticator.h"
#include "api/auth/local_authenticator.h"
#include "api/auth/oauth/auth_service.h"
#include "api/auth/oauth/recorded_auth_events.h"
#include "api/http/router/router.h"
#include "api/resources/api.h"
#include "host/client/local_host.h"
#include "host/install/driver_depot.h"
#include "host/install/driver_installer.h"
#include "host/install/inspector.h"
#include "host/link/tls_client.h"
#include "host/sandbox/spawner.h"
#include "host/service/http/http_service.h"
#include "host/service/schedule/schedule_service.h"
#include "host/service/store/store_service.h"
#include "host/supervisor/launcher.h"
#include "registry/cluster/local_coordinator.h"
#include "registry/model/ids.h"
#include "registry/site/default_domain.h"
#include "registry/site/site.h"
#include "registry/state/memory_state_store.h"
#include "registry/store/search.h"
#include "registry/store/sqlite_config_store.h"
#include "sdk/base/event_loop.h"
#include "sdk/base/version.h"
#include "sdk/base/worker_pool.h"
#include "tools/busbard/listeners.h"
#include "tools/busbard/notify.h"
#include "tools/busbard/signals.h"
#include "tools/busbard/trigger_parts.h"

namespace busbar::daemon {
namespace {

constexpr auto kStartLimit = Milliseconds(30'000);
constexpr int64_t kDayMs = int64_t{24} * 3600 * 1000;
constexpr size_t kPoolThreads = 2;
constexpr size_t kPoolQueue = 4096;
constexpr const char* kRunnerName = "busbar-runner";
constexpr const char* kDigestsName = "driver-digests";

// Files that were installed beside busbard: in its folder, else where packages put them.
std::string besideBusbard(const char* name) {
  std::error_code failed;
  const auto folder = std::filesystem::read_symlink("/proc/self/exe", failed).parent_path();
  for (const auto& place : {folder / name, folder / "../lib/busbar" / name}) {
    if (std::filesystem::exists(place, failed)) {
      return place.lexically_normal().string();
    }
  }
  return (folder / name).string();
}

sandbox::Tier tierOf(SandboxRequire require) {
  switch (require) {
    case SandboxRequire::Full:
      return sandbox::Tier::Full;
    case SandboxRequire::NoUserns:
      return sandbox::Tier::NoUserns;
    case SandboxRequire::SeccompOnly:
      break;
  }
  return sandbox::Tier::SeccompOnly;
}

// Runs the loop until an asynchronous step of the start is done.
Status settle(EventLoop& loop, Callback<void(Callback<void(Status)>)> step) {
  std::optional<Status> outcome;
  step([&](Status status) { outcome = std::move(status); });
  const Instant limit = loop.clock().now() + kStartLimit;
  while (!outcome && loop.clock().now() < limit) {
    loop.runOnce(Milliseconds(100));
  }
  return outcome ? std::move(*outcome)
                 : Status(Error::of(ErrorCode::DeadlineExceeded, "the data folder is too slow"));
}

}  // namespace

class Daemon::Parts {
 public:
  Parts(const Config& config, DataFolder folder, Logger& log)
      : config_(config), folder_(std::move(folder)), log_(log), pool_(kPoolThreads, kPoolQueue) {}

  Status open() {
    auto loop = EventLoop::create(clock_);
    if (!loop) {
      return loop.error();
    }
    loop_ = std::move(*loop);
    BUSBAR_TRY(openStores());
    BUSBAR_TRY(openHost());
    BUSBAR_TRY(openTriggers());
    BUSBAR_TRY(openApi());
    BUSBAR_TRY(listen());
    BUSBAR_TRY(openSetup());
    return watchSignals();
  }

  const std::string& url() const { return listeners_->url(); }

  void run() {
    notifier_.ready("serving " + url());
    if (const auto interval = notifier_.watchdogInterval()) {
      sayAlive(*interval);
    }
    log_.info("busbard", "ready", {{"url", url()}, {"version", versionText()}});
    loop_->run();
  }

 private:
  Status openStores() {
    SqliteConfigStore::Options options;
    options.databasePath = folder_.path() + "/config.db";
    options.keyPath = folder_.path() + "/secret.key";
    auto store = SqliteConfigStore::open(*loop_, std::move(options));
    if (!store) {
      return store.error();
    }
    store_ = std::move(*store);
    auto search = Search::open(*loop_, folder_.path() + "/config.db");
    if (!search) {
      return search.error();
    }
    search_ = std::move(*search);
    MemoryStateStore::Options stateOptions;
    stateOptions.databasePath = folder_.path() + "/state.db";
    auto states = MemoryStateStore::open(*loop_, std::move(stateOptions));
    if (!states) {
      return states.error();
    }
    states_ = std::move(*states);
    coordinator_ = std::make_unique<LocalCoordinator>(*loop_, *store_);
    BUSBAR_TRY(settle(*loop_, [this](Callback<void(Status)> done) {
      site_.follow(*store_, clock_.now() + kStartLimit, std::move(done));
    }));
    return makeDefaultDomain();
  }

  Status makeDefaultDomain() {
    auto writes = planDefaultDomain(site_, ids_);
    if (writes.empty()) {
      return {};
    }
    return settle(*loop_, [this, writes = std::move(writes)](Callback<void(Status)> done) mutable {
      store_->apply(std::move(writes), {}, clock_.now() + kStartLimit,
                    [done = std::move(done)](Result<std::vector<ConfigChange>> made) mutable {
                      done(made.ok() ? Status() : Status(made.error()));
                    });
    });
  }

  Status openHost() {
    sandbox::SpawnerOptions options;
    options.runnerPath = besideBusbard(kRunnerName);
    options.require = tierOf(config_.sandboxRequire);
    options.firstUid = static_cast<uint32_t>(config_.firstUid);
    options.uidCount = static_cast<uint32_t>(config_.uidCount);
    auto spawner = sandbox::Spawner::create(*loop_, std::move(options));
    if (!spawner) {
      return spawner.error();
    }
    spawner_ = std::move(*spawner);
    launcher_ = std::make_unique<SandboxLauncher>(*spawner_);
    if (auto tls = TlsClient::create({}, config_.tlsCaFile); !tls) {
      return Error::of(ErrorCode::InvalidArgument, "tls.ca_file: " + tls.error().message);
    }
    Supervisor::Options supervisor;
    supervisor.hostVersion = versionText();
    supervisor.requireTier = tierOf(config_.sandboxRequire);
    supervisor.locate = [this](const model::Driver& driver) { return depot_.locate(driver); };
    host_ = std::make_unique<LocalHost>(
        LocalHost::Context{*loop_, pool_, site_, *states_, *coordinator_, *launcher_, log_,
                           makeServices(), config_.timeZone, config_.tlsCaFile},
        std::move(supervisor));
    BUSBAR_TRY(openInstaller());
    return settle(*loop_,
                  [this](Callback<void(Status)> done) { host_->start(site_, std::move(done)); });
  }

  ServiceProviders makeServices() {
    resolver_ = std::make_unique<SystemResolver>(*loop_, pool_);
    httpClient_ = std::make_unique<HttpClient>(*loop_, *resolver_);
    std::ifstream authorities(config_.tlsCaFile);  // checked by now; none when not configured
    std::string siteCa(std::istreambuf_iterator<char>(authorities), {});
    http_.emplace(HttpService::Surroundings{*loop_, *httpClient_, std::move(siteCa)});
    ServiceProviders services;
    services.push_back(HttpService::provider(*http_));
    services.push_back(scheduleProvider(*loop_));
    services.push_back(storeProvider(*loop_, *store_));
    return services;
  }

  Status openInstaller() {
    DriverInstaller::Options options;
    options.allowUnsigned = config_.allowUnsigned;
    auto digests = readBuiltDigests(besideBusbard(kDigestsName));
    if (digests) {
      options.builtDigests = std::move(*digests);
    } else {
      log_.warn("busbard", "no driver is trusted without --allow-unsigned",
                {{"why", digests.error().message}});
    }
    inspector_ = std::make_unique<SandboxInspector>(*loop_, *spawner_);
    depot_.removeUnfinished();
    installer_ = std::make_unique<DriverInstaller>(*loop_, pool_, site_, *store_, *inspector_,
                                                   depot_, ids_, std::move(options));
    if (config_.allowUnsigned) {
      log_.warn("busbard", "drivers that were not built with this Busbar may be loaded");
    }
    return {};
  }

  Status openTriggers() {
    auto parts = TriggerParts::open(
        {*loop_, site_, *host_, *store_, *coordinator_, ids_, log_, *httpClient_, *resolver_,
         [this](const std::string& driverId) { return manifests_.find(driverId); }},
        config_, folder_.path());
    if (!parts) {
      return parts.error();
    }
    triggers_ = std::move(*parts);
    return settle(*loop_, [this](Callback<void(Status)> done) {
      triggers_->engine().start(std::move(done));
    });
  }

  Status openApi() {
    keys_ = std::make_unique<auth::ApiKeyAuthenticator>(
        clock_,
        [this](const std::string& keyId) {
          auth::ApiKeyRows rows;
          rows.key = site_.findApiKey(keyId);
          rows.user = rows.key == nullptr ? nullptr : site_.findUser(rows.key->userId);
          return rows;
        },
        &keyUsage_);
    authEvents_ = std::make_unique<oauth::RecordedAuthEvents>(log_, *store_);
    auth_ = std::make_unique<oauth::AuthService>(oauth::AuthService::Surroundings{
        *loop_, site_, *store_, *store_, ids_, *authEvents_, *keys_});
    BUSBAR_TRY(
        settle(*loop_, [this](Callback<void(Status)> done) { auth_->start(std::move(done)); }));
    local_ = std::make_unique<auth::LocalAuthenticator>(auth_->authenticator(), geteuid());
    router_ = std::make_unique<http::Router>(*local_);
    router_->shedBy([this] { return clock_.now() - loop_->now(); });
    api_ = std::make_unique<api::Api>(api::Api::Parts{
        *loop_,
        site_,
        *store_,
        *search_,
        *store_,
        *host_,
        ids_,
        log_,
        [this](std::string folder, Actor actor, Callback<void(Result<api::InstalledDriver>)> done) {
          install(std::move(folder), std::move(actor), std::move(done));
        },
        std::string(versionText()),
        {config_.allowUnsigned, std::string(sandbox::toString(spawner_->facts().tier)),
         std::string(toString(config_.sandboxRequire))},
        &auth_->passwords(),
        &keyUsage_,
        &triggers_->engine(),
        &triggers_->engine(),
        &triggers_->store(),
        config_.timeZone});
    api_->addRoutes(*router_);
    auth_->addRoutes(*router_);
    auth_->onRevocation([this] { api_->recheckRights(); });
    trimAudit();
    api_->metrics().addReadyCheck("state", [this] { return states_->lastSave(); });
    api_->metrics().addReadyCheck("triggers", [this] { return triggers_->engine().lastWrite(); });
    addHttpFigures();
    return {};
  }

  // How the first admin comes to be without the control socket.
  Status openSetup() {
    const std::string path = folder_.path() + "/setup-token";
    BUSBAR_TRY(auth_->setup().begin(path));
    if (auth_->setup().isOpen()) {
      log_.warn("busbard", "there is no user yet: make the first admin within 30 minutes",
                {{"token_file", path}, {"route", "POST /api/busbar/v1/setup"}});
    }
    return {};
  }

  // Once a day, and at the start.
  void trimAudit() {
    if (config_.auditKeepDays == 0) {
      return;
    }
    const int64_t keptMs = config_.auditKeepDays * kDayMs;
    store_->trimAudit(clock_.utcNs() / 1'000'000 - keptMs, Instant::max(),
                      [this](Result<int64_t> removed) {
                        if (!removed.ok()) {
                          log_.error("busbard", "old entries of the audit log were not removed",
                                     {{"why", removed.error().message}});
                        }
                      });
    loop_->runAfter(Milliseconds(kDayMs), [this] { trimAudit(); });
  }

  void addHttpFigures() {
    const auto add = [this](const char* name, const char* help, auto read) {
      api_->metrics().addFigure(name, help, [read] { return static_cast<double>(read()); });
    };
    add("busbar_driver_http_requests_total", "HTTP requests of drivers",
        [this] { return http_->figures.requests; });
    add("busbar_driver_http_failures_total", "HTTP requests of drivers that ended by an error",
        [this] { return http_->figures.failures; });
    add("busbar_driver_http_bytes_total", "Bytes of bodies handed to drivers",
        [this] { return http_->figures.bytes; });
    add("busbar_driver_http_open", "HTTP requests of drivers under way",
        [this] { return http_->figures.open; });
    add("busbar_audit_lost_total", "Entries that never reached the audit log",
        [this] { return store_->lostAuditEntries(); });
    add("busbar_http_client_sockets", "Connections of the outbound HTTP client",
        [this] { return httpClient_->figures().sockets; });
  }

  void install(std::string folder, Actor actor, Callback<void(Result<api::InstalledDriver>)> done) {
    installer_->install(
        std::move(folder), std::move(actor),
        [done = std::move(done)](Result<DriverInstaller::Installed> installed) mutable {
          if (!installed) {
            done(installed.error());
            return;
          }
          done(api::InstalledDriver{installed->driverId, installed->changed});
        });
  }

  Status listen() {
    listeners_ = std::make_unique<Listeners>(
        Listeners::Surroundings{*loop_, *router_, site_, log_, api_->metrics()}, config_);
    return listeners_->open(folder_.path());
  }

  Status watchSignals() {
    auto signals = Signals::create(*loop_, {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2},
                                   [this](int signal) { onSignal(signal); });
    if (!signals) {
      return signals.error();
    }
    signals_ = std::move(*signals);
    return {};
  }

  void onSignal(int signal) {
    switch (signal) {
      case SIGHUP:
        reload();
        return;
      case SIGUSR1:
        changeLevel(-1);
        return;
      case SIGUSR2:
        changeLevel(1);
        return;
      default:
        stop();
    }
  }

  void changeLevel(int by) {
    const int level =
        std::clamp(static_cast<int>(log_.level()) + by, static_cast<int>(LogLevel::Trace),
                   static_cast<int>(LogLevel::Error));
    log_.setLevel(static_cast<LogLevel>(level));
    log_.write({LogLevel::Error,
                "busbard",
                "log level changed",
                {{"level_now", toString(static_cast<LogLevel>(level))}},
                {},
                0});
  }

  void reload() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    notifier_.reloading(static_cast<int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000);
    listeners_->reloadCertificates();
    notifier_.ready("serving " + url());
  }

  void sayAlive(Milliseconds interval) {
    notifier_.aliveStill();
    loop_->runAfter(interval, [this, interval] { sayAlive(interval); });
  }

  // Requests first, then modules and their state, then the loop. Calls that are not over by then
  // fail as their modules stop, and their requests get that answer. Each step has the same limit,
  // so that the whole cannot take longer than the configuration says.
  void stop() {
    if (std::exchange(stopping_, true)) {
      return;
    }
    log_.info("busbard", "stopping");
    notifier_.stopping();
    api_->metrics().setStopping();
    api_->writeKeyUsage();
    const Instant limit = clock_.now() + config_.stopTimeout;
    graceTimer_ = loop_->runAfter(kDrainLimit, [this, limit] {
      graceTimer_ = 0;
      stopHost(limit);
    });
    listeners_->drain(limit, [this, limit] {
      isDrained_ = true;
      if (graceTimer_ != 0) {
        loop_->cancel(std::exchange(graceTimer_, 0));
        stopHost(limit);
      } else if (hostStopped_) {
        saveStates(limit);
      }
    });
  }

  // Triggers go before what they call, so that what they began and did not finish goes on after the
  // next start.
  void stopHost(Instant limit) {
    triggers_->engine().stop(std::min(limit, clock_.now() + kTriggerLimit),
                             [this, limit] { stopModules(limit); });
  }

  void stopModules(Instant limit) {
    const auto left = std::chrono::duration_cast<Milliseconds>(limit - clock_.now());
    host_->stop(std::max(left, Milliseconds(100)), [this, limit] {
      hostStopped_ = true;
      if (isDrained_) {
        saveStates(limit);
      }
    });
  }

  void saveStates(Instant limit) {
    const Instant last = std::max(limit, clock_.now() + Milliseconds(500));
    states_->flush(last, [this, last](Status flushed) {
      if (!flushed.ok()) {
        log_.error("busbard", "the last state was not saved", {{"why", flushed.error().message}});
      }
      store_->flush(last, [this](Status audited) {
        if (!audited.ok()) {
          log_.error("busbard", "the end of the audit log was not saved",
                     {{"why", audited.error().message}});
        }
        log_.info("busbard", "stopped");
        loop_->stop();
      });
    });
  }

  static constexpr Milliseconds kDrainLimit{500};
  static constexpr Milliseconds kTriggerLimit{1'000};

  // In order of construction: what comes later uses what comes before.
  const Config config_;
  DataFolder folder_;
  Logger& log_;
  SystemClock clock_;
  ServiceNotifier notifier_;
  WorkerPool pool_;
  std::unique_ptr<EventLoop> loop_;
  Site site_;  // outlives the store
  model::IdGenerator ids_{clock_};
  DriverDepot depot_{folder_.path() + "/drivers"};
  std::unique_ptr<SqliteConfigStore> store_;
  std::unique_ptr<Search> search_;
  std::unique_ptr<MemoryStateStore> states_;
  std::unique_ptr<LocalCoordinator> coordinator_;
  std::unique_ptr<sandbox::Spawner> spawner_;
  std::unique_ptr<SandboxLauncher> launcher_;
  std::unique_ptr<SystemResolver> resolver_;
  std::unique_ptr<HttpClient> httpClient_;
  std::optional<HttpService::Surroundings> http_;
  std::unique_ptr<LocalHost> host_;
  std::unique_ptr<SandboxInspector> inspector_;
  std::unique_ptr<DriverInstaller> installer_;
  api::DriverManifests manifests_{site_};
  std::unique_ptr<TriggerParts> triggers_;
  auth::KeyUsage keyUsage_;
  std::unique_ptr<auth::ApiKeyAuthenticator> keys_;
  std::unique_ptr<oauth::RecordedAuthEvents> authEvents_;
  std::unique_ptr<oauth::AuthService> auth_;
  std::unique_ptr<auth::LocalAuthenticator> local_;
  std::unique_ptr<http::Router> router_;
  std::unique_ptr<api::Api> api_;
  std::unique_ptr<Listeners> listeners_;
  std::unique_ptr<Signals> signals_;
  bool stopping_ = false;
  bool isDrained_ = false;
  bool hostStopped_ = false;
  TimerId graceTimer_ = 0;
};

Daemon::Daemon(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Daemon::~Daemon() = default;

Result<std::unique_ptr<Daemon>> Daemon::create(const Config& config, DataFolder folder,
                                               Logger& log) {
  auto parts = std::make_unique<Parts>(config, std::move(folder), log);
  BUSBAR_TRY(parts->open());
  return std::unique_ptr<Daemon>(new Daemon(std::move(parts)));
}

const std::string& Daemon::url() const {
  return parts_->url();
}

void Daemon::run() {
  parts_->run();
}

}  // namespace busbar::daemon
