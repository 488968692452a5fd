// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/trace_context.h"
#include "api/triggers/action_runner.h"
#include "api/triggers/binding.h"
#include "api/triggers/firing.h"
#include "api/triggers/instance.h"
#include "api/triggers/journal.h"
#include "api/triggers/loop_guard.h"
#include "host/client/host_client.h"
#include "registry/model/ids.h"
#include "registry/site/site.h"
#include "registry/store/audit_store.h"
#include "sdk/base/event_loop.h"
#include "sdk/base/net/http_client.h"

namespace busbar::triggers {

// The firings under way: each has an id that is on disk before its first action starts, and every
// action is on disk as begun before anything leaves, and as ended after. So after a restart each
// goes on where it was; an action that was begun and not ended is done again, marked as a retry.
// When its instance is erased, what has not been sent stays undone.
// Loop-only.
class Firings final : private ActionRunner::Inside {
 public:
  static constexpr size_t kMaxOpen = 10'000;
  static constexpr Milliseconds kResumeLimit{15'000};  // for modules to run after a start

  // What the engine does for firings.
  class Owner {
   public:
    virtual Instance* findInstance(std::string_view instanceId) = 0;
    // An action set a status of the instance, or its counters changed.
    virtual void statusSet(Instance& instance, const std::string& name) = 0;
    virtual void countersChanged(Instance& instance) = 0;
    // An action calls the trigger; `chain` led to it.
    virtual void called(Instance& instance, const Cause& cause, LoopGuard::Chain chain) = 0;

   protected:
    ~Owner() = default;
  };
  struct Surroundings {
    EventLoop& loop;
    const Site& site;
    HostClient& host;
    AuditStore& audit;
    model::IdGenerator& ids;
    HttpClient& http;
    std::shared_ptr<const HttpProfile> webhooks;
    const ManifestOf& manifests;
    Mailer* mailer;
    Journal& journal;
    Owner& owner;
  };
  struct Counts {
    uint64_t started = 0;
    uint64_t failures = 0;  // steps
    uint64_t dropped = 0;   // beyond kMaxOpen
    uint64_t resumed = 0;
  };

  // All outlive this.
  explicit Firings(Surroundings surroundings);
  Firings(const Firings&) = delete;
  Firings& operator=(const Firings&) = delete;
  ~Firings();

  // Starts what the instance does when it is set off; `isEnd`: when it ends. ResourceExhausted: too
  // many are open.
  Status start(Instance& instance, Cause cause, bool isEnd, LoopGuard::Chain chain,
               json::Object webhook);
  // What the last process left. They go on when the modules run, at the latest after kResumeLimit.
  void resume(std::vector<Firing> left);
  // What led to a change of this module's or instance's status now.
  LoopGuard::Chain chainOf(std::string_view moduleId);

  size_t open() const { return open_.size() + left_.size(); }
  Counts counts() const { return counts_; }

 private:
  struct Open {
    Firing firing;
    std::shared_ptr<const Spec> spec;  // shared with the job
  };

  void run(const std::string& firingId);
  void record(const std::string& firingId, const StepRecord& step, Callback<void(Status)> stored);
  void finish(const std::string& firingId);
  void close(Firing& firing);
  bool isErased(const Firing& firing) const;
  void tryResume();
  bool areModulesUp();
  void goOn(Firing firing);
  std::optional<json::Value> presentStatus(const std::string& moduleId, const std::string& key);
  void audit(const Firing& firing);

  Status setStatus(std::string_view instanceId, std::string_view firingId, const std::string& name,
                   json::Value value) override;
  Status callTrigger(std::string_view instanceId, const std::string& triggerId,
                     std::string_view firingId) override;
  std::string moduleOf(std::string_view instanceId, const std::string& slug) override;
  std::vector<std::string> modulesOf(std::string_view instanceId,
                                     const std::string& interface) override;
  void callBegins(std::string_view firingId, const std::string& moduleId) override;
  void callEnded(std::string_view firingId, const std::string& moduleId) override;

  Surroundings around_;
  LoopGuard guard_;
  http::TraceIds traces_;
  std::map<std::string, Open, std::less<>> open_;
  std::vector<Firing> left_;
  Instant resumeLimit_{};
  TimerId resumeTimer_ = 0;
  Counts counts_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with deferred work
  std::unique_ptr<ActionRunner> runner_;  // last: ends before what its jobs refer to
};

}  // namespace busbar::triggers
