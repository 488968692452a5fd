// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/store/sqlite_config_store.h"

#include "tests/contract/config_store_contract.h"
#include "tests/support/temp_dir.h"

namespace busbar {
namespace {

class SqliteBackend : public ConfigStoreBackend {
 public:
  std::unique_ptr<ConfigStore> open(EventLoop& loop) override {
    auto store = SqliteConfigStore::open(
        loop, {dir_.file("busbar.db"), dir_.file("secret.key"), "", 64, 10'000});
    EXPECT_TRUE(store.ok()) << store.error().message;
    return std::move(*store);
  }

 private:
  test::TempDir dir_;
};

INSTANTIATE_TEST_SUITE_P(Sqlite, ConfigStoreContract, testing::Values([] {
                           return std::unique_ptr<ConfigStoreBackend>(
                               std::make_unique<SqliteBackend>());
                         }));

}  // namespace
}  // namespace busbar
