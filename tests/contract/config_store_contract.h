// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "registry/store/config_store.h"
#include "sdk/base/event_loop.h"
#include "tests/support/await.h"

namespace busbar {

// One place where a store keeps its data; open() may be called again after the store is gone.
class ConfigStoreBackend {
 public:
  virtual ~ConfigStoreBackend() = default;
  virtual std::unique_ptr<ConfigStore> open(EventLoop& loop) = 0;
};
using ConfigStoreBackendFactory = std::function<std::unique_ptr<ConfigStoreBackend>()>;

// What registry/store/config_store.h promises. Each implementer instantiates the suite with its
// backend.
class ConfigStoreContract : public testing::TestWithParam<ConfigStoreBackendFactory> {
 protected:
  using Changes = std::vector<ConfigChange>;
  static constexpr ConfigWrite::Kind kInsert = ConfigWrite::Kind::Insert;
  static constexpr ConfigWrite::Kind kUpdate = ConfigWrite::Kind::Update;
  static constexpr ConfigWrite::Kind kErase = ConfigWrite::Kind::Erase;

  ConfigStoreContract();
  void reopen();

  Instant soon() const { return BootClock::now() + std::chrono::seconds(10); }
  Result<Changes> apply(std::vector<ConfigWrite> writes);
  // One write that must succeed; the record as stored.
  model::Record put(ConfigWrite::Kind kind, model::Record record);
  template <class T>
  T insert(T record) {
    return std::get<T>(put(kInsert, std::move(record)));
  }
  Error refused(std::vector<ConfigWrite> writes);
  ConfigSnapshot load();
  // By id; nullptr when the store has no such row.
  std::unique_ptr<model::Record> stored(const std::string& id);

  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<ConfigStoreBackend> backend_;
  std::unique_ptr<ConfigStore> store_;
};

}  // namespace busbar
