// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "registry/store/trigger_store.h"
#include "sdk/base/event_loop.h"
#include "tests/support/await.h"

namespace busbar {

// One place where a TriggerStore keeps its data; open() may be called again after the store is
// gone.
class TriggerStoreBackend {
 public:
  virtual ~TriggerStoreBackend() = default;
  virtual std::unique_ptr<TriggerStore> open(EventLoop& loop) = 0;
};
using TriggerStoreBackendFactory = std::function<std::unique_ptr<TriggerStoreBackend>()>;

// What registry/store/trigger_store.h promises. Each implementer instantiates the suite.
class TriggerStoreContract : public testing::TestWithParam<TriggerStoreBackendFactory> {
 protected:
  TriggerStoreContract();
  void reopen();

  Instant soon() const { return BootClock::now() + std::chrono::seconds(10); }
  Status apply(std::vector<TriggerWrite> writes);
  TriggerStore::Loaded load();
  // Numbers of the firings and deliveries of an instance, newest first.
  std::vector<int> firings(const std::string& instanceId, size_t limit = 1000);
  std::vector<int> deliveries(const std::string& instanceId, size_t limit = 1000);

  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<TriggerStoreBackend> backend_;
  std::unique_ptr<TriggerStore> store_;
};

// Number `n`, of time n.
TriggerFiring sampleFiring(int n, const std::string& instanceId = "trig-1", bool isOver = true);
TriggerDelivery sampleDelivery(int n, const std::string& instanceId = "trig-1");

}  // namespace busbar
