// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sdk/base/callback.h"
#include "sdk/base/clock.h"
#include "sdk/base/result.h"

namespace busbar {

// One time that a trigger's instance did something.
struct TriggerFiring {
  std::string id;  // "fire-…"
  std::string instanceId;
  std::string triggerId;
  int64_t timeMs = 0;  // UTC
  bool isOver = false;
  std::string document;  // JSON object: what fired, and each step. Shape: openapi "TriggerFiring"
  bool operator==(const TriggerFiring&) const = default;
};

// One call of a webhook, accepted or not.
struct TriggerDelivery {
  std::string id;  // "dlv-…"
  std::string instanceId;
  int64_t timeMs = 0;
  std::string document;  // JSON object without secrets. Shape: openapi "WebhookDelivery"
  bool operator==(const TriggerDelivery&) const = default;
};

// What a restart must find again of one instance; opaque JSON.
struct TriggerProgress {
  std::string instanceId;
  std::string document;
  bool operator==(const TriggerProgress&) const = default;
};

// The instance is gone: everything of it is, too.
struct TriggerForget {
  std::string instanceId;
};

using TriggerWrite = std::variant<TriggerProgress, TriggerFiring, TriggerDelivery, TriggerForget>;

// What triggers did and where they are. Not configuration: no change log. Asynchronous as
// ConfigStore; loop-only. Contract tests: tests/contract/trigger_store_contract.h.
class TriggerStore {
 public:
  // Of one instance; older ones go. A firing that is not over stays.
  static constexpr size_t kKeptFirings = 100;
  static constexpr size_t kKeptDeliveries = 50;

  struct Loaded {
    std::vector<TriggerProgress> progress;
    std::vector<TriggerFiring> unfinished;  // oldest first
  };
  template <class T>
  using Done = Callback<void(Result<T>)>;

  virtual ~TriggerStore() = default;

  virtual void loadTriggers(Instant deadline, Done<Loaded> done) = 0;
  // All or nothing, in order, each replacing what has its id; acknowledged after it is durable.
  // ResourceExhausted: queue or disk full. Unavailable: the store stopped after an I/O error.
  virtual void applyTriggers(std::vector<TriggerWrite> writes, Instant deadline,
                             Done<void> done) = 0;
  // Newest first.
  virtual void listFirings(std::string instanceId, size_t limit, Instant deadline,
                           Done<std::vector<TriggerFiring>> done) = 0;
  virtual void listDeliveries(std::string instanceId, size_t limit, Instant deadline,
                              Done<std::vector<TriggerDelivery>> done) = 0;
  virtual void findDelivery(std::string id, Instant deadline,
                            Done<std::optional<TriggerDelivery>> done) = 0;
};

}  // namespace busbar
