// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "registry/store/auth_store.h"
#include "sdk/base/event_loop.h"
#include "tests/support/await.h"

namespace busbar {

// One place where an AuthStore keeps its data; open() may be called again.
class AuthStoreBackend {
 public:
  virtual ~AuthStoreBackend() = default;
  virtual void open(EventLoop& loop) = 0;  // closes what is open
  virtual AuthStore& store() = 0;
};
using AuthStoreBackendFactory = std::function<std::unique_ptr<AuthStoreBackend>()>;

// What registry/store/auth_store.h promises. Each implementer instantiates the suite.
class AuthStoreContract : public testing::TestWithParam<AuthStoreBackendFactory> {
 protected:
  AuthStoreContract();

  Instant soon() const { return BootClock::now() + std::chrono::seconds(10); }
  Status put(std::vector<AuthRecord> records);
  Status erase(AuthRecord record);
  std::vector<AuthRecord> load(int64_t now);
  int64_t purge(int64_t now);

  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<AuthStoreBackend> backend_;
};

}  // namespace busbar
