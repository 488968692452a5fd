// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "registry/store/audit_store.h"
#include "tests/contract/module_store_contract.h"
#include "tests/support/await.h"

namespace busbar {

// What registry/store/audit_store.h promises. Each implementer instantiates the suite with its
// backend.
class AuditStoreContract : public testing::TestWithParam<ModuleStoreBackendFactory> {
 protected:
  AuditStoreContract();

  Instant soon() const { return BootClock::now() + std::chrono::seconds(10); }
  model::Record write(ConfigWrite::Kind kind, model::Record record);
  void append(const std::string& action, const std::string& subject);
  AuditPage list(AuditFilter filter = {});
  AuditVerdict verify();
  int64_t trim(int64_t beforeMs);

  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<ModuleStoreBackend> backend_;
};

}  // namespace busbar
