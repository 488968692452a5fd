// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/triggers/binding.h"
#include "api/triggers/firings.h"
#include "api/triggers/instance.h"
#include "api/triggers/journal.h"
#include "api/triggers/mailer.h"
#include "api/triggers/trigger_states.h"
#include "api/triggers/value_feed.h"
#include "registry/cluster/coordinator.h"
#include "registry/site/site.h"
#include "registry/store/trigger_store.h"
#include "sdk/base/log.h"

namespace busbar::triggers {

// Makes triggers happen: follows the site, asks the evaluators of what changed, and starts what
// they decide. README.md tells what survives a restart. Works only while the coordinator has
// elected this process. Loop-only.
class Engine final : public TriggerStates, private Firings::Owner {
 public:
  static constexpr const char* kSingleton = "triggers";
  static constexpr Milliseconds kElectionBeat{1000};

  struct Surroundings {
    EventLoop& loop;
    Site& site;
    HostClient& host;
    TriggerStore& store;
    AuditStore& audit;
    Coordinator& coordinator;
    model::IdGenerator& ids;
    Logger& log;
    HttpClient& http;
    std::shared_ptr<const HttpProfile> webhooks;  // what actions may reach
    ManifestOf manifests;
    Mailer* mailer = nullptr;  // null: not configured
    std::string siteTimeZone = {};
  };
  struct Counts {
    size_t instances = 0;
    size_t triggered = 0;
    size_t open = 0;       // firings under way
    uint64_t updates = 0;  // of watched statuses
    uint64_t evaluations = 0;
    uint64_t suppressed = 0;  // beyond a trigger's own limit
    uint64_t loops = 0;       // instances that were stopped
    uint64_t gaps = 0;
    Firings::Counts firings;
  };

  // All outlive this.
  explicit Engine(Surroundings surroundings);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine() override;

  // Loads what the last process left and begins.
  void start(Callback<void(Status)> done);
  // No new firings; waits for the open ones until `limit`: what is not over then goes on after the
  // next start. Then all is on disk.
  void stop(Instant limit, Callback<void()> done);

  std::optional<State> stateOf(std::string_view instanceId) const override;
  // Called with each new state, at the end of a turn.
  using Listener = Callback<void(std::string_view instanceId, std::string_view stateJson)>;
  void listen(Listener listener) { listener_ = std::move(listener); }

  // What an instance at work goes by; null: it is not. Shared with it.
  std::shared_ptr<const Spec> specOf(std::string_view instanceId) const {
    const Instance* instance = find(instanceId);
    return instance == nullptr ? nullptr : instance->spec();
  }
  // An accepted delivery: `facts` are what templates see as `webhook`. Unavailable: not at work.
  Status deliver(std::string_view instanceId, json::Object facts, const std::string& deliveryId);
  // Kept for those who look.
  void keepDelivery(TriggerDelivery delivery) { journal_.write(std::move(delivery)); }

  // Its conditions now, last evaluations and what comes next. Shape: openapi.yaml
  // "TriggerExplanation", without what is in the store. None: not at work.
  std::optional<json::Object> explain(std::string_view instanceId) const;

  Counts counts() const;
  const Status& lastWrite() const { return journal_.lastWrite(); }

 private:
  void beat();
  void activate();
  void load();
  void deactivate();
  void onSiteChange(const ConfigChange& change, const model::Record* before);
  void lookSoon();
  void lookAgain();
  void refresh(const std::string& instanceId);
  void add(const model::TriggerInstance& row, const model::Trigger& trigger);
  void remove(const std::string& instanceId);
  void rebind(Instance& instance);
  Instance* find(std::string_view instanceId) const;

  void settle(Instance& instance, const Cause& cause);
  void fire(Instance& instance, Cause cause, bool isEnd, LoopGuard::Chain chain);
  void stopLoop(Instance& instance, const LoopGuard::Chain& chain);
  void arm(Instance& instance, Instant wake);
  void publishSoon(const Instance& instance);
  void publishAll();
  void checkDrained(Instant limit);

  Instance* findInstance(std::string_view instanceId) override { return find(instanceId); }
  void statusSet(Instance& instance, const std::string& name) override;
  void countersChanged(Instance& instance) override;
  void called(Instance& instance, const Cause& cause, LoopGuard::Chain chain) override;

  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };
  template <class T>
  using ByText = std::unordered_map<std::string, T, Hash, std::equal_to<>>;

  Surroundings around_;
  Journal journal_;
  ValueFeed feed_;
  ByText<std::unique_ptr<Instance>> instances_;
  std::optional<Firings> firings_;
  std::map<std::string, std::string> left_;  // progress of the last process, until it is used
  std::set<std::string> touchedSystems_;
  std::set<std::string> touchedInstances_;
  std::set<std::string> wide_;  // instances that look beyond their system
  std::set<std::string> changed_;
  ByText<size_t> published_;   // hash of the last state
  json::Object webhookFacts_;  // of the delivery that is being settled
  Listener listener_;
  Site::Subscription siteSubscription_;
  TimerId beatTimer_ = 0;
  TimerId stopTimer_ = 0;
  Callback<void()> stopDone_;
  bool isActive_ = false;
  bool isStopping_ = false;
  bool willLook_ = false;
  bool willPublish_ = false;
  uint64_t evaluations_ = 0;
  uint64_t suppressed_ = 0;
  uint64_t loops_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with deferred work
};

}  // namespace busbar::triggers
