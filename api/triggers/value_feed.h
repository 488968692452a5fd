// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/triggers/firing.h"
#include "api/triggers/instance.h"
#include "api/triggers/watch_index.h"
#include "host/client/host_client.h"
#include "registry/site/site.h"
#include "sdk/base/event_loop.h"

namespace busbar::triggers {

// Brings what the host says of modules to the conditions that look at it, update by update. An
// update is told by its epoch and sequence: one that was seen is not taken twice, and where some
// are missing the module is read again. A status that goes because its module starts anew keeps its
// value until the module has run for kStatusGrace without it. Loop-only.
class ValueFeed {
 public:
  static constexpr Milliseconds kStatusGrace{5000};

  // Values of `instance` changed: decide anew.
  using Settle = std::function<void(Instance& instance, const Cause& cause)>;
  // What the actions of an instance set; none: nothing.
  using TriggerStatus =
      std::function<std::optional<json::Value>(std::string_view instanceId, std::string_view name)>;

  // All outlive this.
  ValueFeed(EventLoop& loop, const Site& site, HostClient& host, Settle settle,
            TriggerStatus triggerStatus);
  ValueFeed(const ValueFeed&) = delete;
  ValueFeed& operator=(const ValueFeed&) = delete;
  ~ValueFeed();

  void open();
  void close();

  // Indexes its binding and gives it the present values; the caller settles it, with what is
  // returned: the change that it has not seen, where one can be told. Not from Settle.
  Cause add(Instance& instance);
  void remove(Instance& instance);
  // A status that an instance's action set, or removed.
  void triggerStatusChanged(std::string_view instanceId, const std::string& name);
  // Whether a module was started or stopped by configuration, or left.
  void moduleChanged(std::string_view moduleId);

  uint64_t updates() const { return updates_; }
  // Where updates were missed: a status of kind `state` may have had values that nobody saw.
  uint64_t gaps() const { return gaps_; }

 private:
  void onEvent(const HostEvent& event);
  void onStatus(const HostEvent& event);
  void readAgain(std::string_view moduleId);
  void take(std::string_view moduleId, std::string_view status, std::string_view text);
  void tell(const std::vector<WatchIndex::Watcher>& watchers,
            const std::optional<json::Value>& value, const Cause& cause);
  std::optional<json::Value> present(const Watch& watch);
  bool isGone(std::string_view moduleId) const;
  std::optional<json::Value> online(std::string_view moduleId);
  void await(std::string_view moduleId, std::string_view status);
  void checkAwaited();

  EventLoop& loop_;
  const Site& site_;
  HostClient& host_;
  Settle settle_;
  TriggerStatus triggerStatus_;
  WatchIndex index_;
  // Statuses without a value whose module may yet give one; since when it runs, max(): it does not.
  std::map<std::pair<std::string, std::string>, Instant> awaited_;
  TimerId timer_ = 0;
  std::unique_ptr<Subscription> subscription_;
  uint64_t updates_ = 0;
  uint64_t gaps_ = 0;
};

Moment momentOf(const EventLoop& loop);

}  // namespace busbar::triggers
