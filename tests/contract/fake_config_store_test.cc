// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_config_store.h"

#include "tests/contract/audit_store_contract.h"
#include "tests/contract/config_store_contract.h"
#include "tests/contract/module_store_contract.h"

namespace busbar {
namespace {

class FakeBackend : public ConfigStoreBackend {
 public:
  std::unique_ptr<ConfigStore> open(EventLoop& loop) override {
    return std::make_unique<FakeConfigStore>(loop, data_);
  }

 private:
  std::shared_ptr<FakeConfigStore::Data> data_ = std::make_shared<FakeConfigStore::Data>();
};

INSTANTIATE_TEST_SUITE_P(Fake, ConfigStoreContract, testing::Values([] {
                           return std::unique_ptr<ConfigStoreBackend>(
                               std::make_unique<FakeBackend>());
                         }));

class FakeModuleBackend : public ModuleStoreBackend {
 public:
  void open(EventLoop& loop) override { store_ = std::make_unique<FakeConfigStore>(loop, data_); }
  ConfigStore& config() override { return *store_; }
  ModuleStore& modules() override { return *store_; }
  AuditStore& audit() override { return *store_; }

 private:
  std::shared_ptr<FakeConfigStore::Data> data_ = std::make_shared<FakeConfigStore::Data>();
  std::unique_ptr<FakeConfigStore> store_;
};

INSTANTIATE_TEST_SUITE_P(Fake, ModuleStoreContract, testing::Values([] {
                           return std::unique_ptr<ModuleStoreBackend>(
                               std::make_unique<FakeModuleBackend>());
                         }));

INSTANTIATE_TEST_SUITE_P(Fake, AuditStoreContract, testing::Values([] {
                           return std::unique_ptr<ModuleStoreBackend>(
                               std::make_unique<FakeModuleBackend>());
                         }));

}  // namespace
}  // namespace busbar
