// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "registry/store/audit_store.h"
#include "registry/store/config_store.h"
#include "registry/store/module_store.h"
#include "sdk/base/event_loop.h"
#include "tests/support/await.h"

namespace busbar {

// One place where the two stores keep their data together; open() may be called again.
class ModuleStoreBackend {
 public:
  virtual ~ModuleStoreBackend() = default;
  virtual void open(EventLoop& loop) = 0;  // closes what is open
  virtual ConfigStore& config() = 0;
  virtual ModuleStore& modules() = 0;
  virtual AuditStore& audit() = 0;
};
using ModuleStoreBackendFactory = std::function<std::unique_ptr<ModuleStoreBackend>()>;

// What registry/store/module_store.h promises. Each implementer instantiates the suite with its
// backend.
class ModuleStoreContract : public testing::TestWithParam<ModuleStoreBackendFactory> {
 protected:
  using Value = std::optional<std::string>;
  using Keys = std::vector<std::string>;

  ModuleStoreContract();  // with the modules 1 and 2 of the samples

  Instant soon() const { return BootClock::now() + std::chrono::seconds(10); }
  Result<Value> tryGet(const std::string& id, const std::string& key);
  Value get(const std::string& id, const std::string& key);
  Status set(const std::string& id, const std::string& key, const std::string& value);
  Status remove(const std::string& id, const std::string& key);
  Result<Keys> tryList(const std::string& id, const std::string& prefix);
  Keys list(const std::string& id, const std::string& prefix = "");
  Status write(ConfigWrite write);

  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<ModuleStoreBackend> backend_;
  std::string one_;
  std::string two_;
};

}  // namespace busbar
