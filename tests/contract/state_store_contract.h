// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "registry/state/state_store.h"
#include "sdk/base/event_loop.h"

namespace busbar {

// One place where a state store keeps its data; open() may be called again after the store is gone.
class StateStoreBackend {
 public:
  virtual ~StateStoreBackend() = default;
  virtual std::unique_ptr<StateStore> open(EventLoop& loop) = 0;
};
using StateStoreBackendFactory = std::function<std::unique_ptr<StateStoreBackend>()>;

// What registry/state/state_store.h promises. Each implementer instantiates the suite with its
// backend.
class StateStoreContract : public testing::TestWithParam<StateStoreBackendFactory> {
 protected:
  StateStoreContract();
  void reopen();
  void flush();
  bool put(const std::string& moduleId, const Epoch& epoch, const std::string& key,
           const std::string& json, uint64_t sequence = 1);
  // "key=json#sequence" of every key, separated by blanks.
  std::string read(const std::string& moduleId);
  Instant soon() const { return BootClock::now() + std::chrono::seconds(10); }

  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<StateStoreBackend> backend_;
  std::unique_ptr<StateStore> store_;
};

}  // namespace busbar
