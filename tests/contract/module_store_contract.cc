// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/contract/module_store_contract.h"

#include <utility>

#include "tests/support/sample_records.h"

namespace busbar {

using model::Table;

ModuleStoreContract::ModuleStoreContract()
    : loop_(std::move(*EventLoop::create(clock_))),
      backend_(GetParam()()),
      one_(sample::id(Table::Module, 1)),
      two_(sample::id(Table::Module, 2)) {
  backend_->open(*loop_);
  EXPECT_TRUE(write({ConfigWrite::Kind::Insert, sample::driver()}).ok());
  EXPECT_TRUE(write({ConfigWrite::Kind::Insert, sample::mod(1)}).ok());
  EXPECT_TRUE(write({ConfigWrite::Kind::Insert, sample::mod(2)}).ok());
}

Result<ModuleStoreContract::Value> ModuleStoreContract::tryGet(const std::string& id,
                                                               const std::string& key) {
  return await<Value>(
      *loop_, [&](auto done) { backend_->modules().get(id, key, soon(), std::move(done)); });
}

ModuleStoreContract::Value ModuleStoreContract::get(const std::string& id, const std::string& key) {
  auto value = tryGet(id, key);
  EXPECT_TRUE(value.ok()) << value.error().message;
  return value.ok() ? *value : Value();
}

Status ModuleStoreContract::set(const std::string& id, const std::string& key,
                                const std::string& value) {
  return await<void>(
      *loop_, [&](auto done) { backend_->modules().set(id, key, value, soon(), std::move(done)); });
}

Status ModuleStoreContract::remove(const std::string& id, const std::string& key) {
  return await<void>(
      *loop_, [&](auto done) { backend_->modules().remove(id, key, soon(), std::move(done)); });
}

Result<ModuleStoreContract::Keys> ModuleStoreContract::tryList(const std::string& id,
                                                               const std::string& prefix) {
  return await<Keys>(
      *loop_, [&](auto done) { backend_->modules().list(id, prefix, soon(), std::move(done)); });
}

ModuleStoreContract::Keys ModuleStoreContract::list(const std::string& id,
                                                    const std::string& prefix) {
  auto keys = tryList(id, prefix);
  EXPECT_TRUE(keys.ok()) << keys.error().message;
  return keys.ok() ? *keys : Keys();
}

Status ModuleStoreContract::write(ConfigWrite write) {
  auto changes = await<std::vector<ConfigChange>>(*loop_, [&](auto done) {
    std::vector<ConfigWrite> writes;
    writes.push_back(std::move(write));
    backend_->config().apply(std::move(writes), {}, soon(), std::move(done));
  });
  return changes.ok() ? Status() : Status(changes.error());
}

TEST_P(ModuleStoreContract, KeepsTheLastValueOfAKey) {
  EXPECT_EQ(get(one_, "a"), std::nullopt);
  ASSERT_TRUE(set(one_, "a", "1").ok());
  ASSERT_TRUE(set(one_, "a", R"({"b":2})").ok());
  ASSERT_TRUE(set(one_, "b", "").ok());
  EXPECT_EQ(get(one_, "a"), R"({"b":2})");
  EXPECT_EQ(get(one_, "b"), "");
  backend_->open(*loop_);
  EXPECT_EQ(get(one_, "a"), R"({"b":2})");
}

TEST_P(ModuleStoreContract, ModulesDoNotSeeEachOther) {
  ASSERT_TRUE(set(one_, "a", "1").ok());
  ASSERT_TRUE(set(two_, "a", "2").ok());
  EXPECT_EQ(get(one_, "a"), "1");
  ASSERT_TRUE(remove(two_, "a").ok());
  EXPECT_EQ(get(one_, "a"), "1");
  EXPECT_EQ(list(two_), Keys{});
  EXPECT_EQ(get("mod-nobody", "a"), std::nullopt);
  EXPECT_EQ(list("mod-nobody"), Keys{});
}

TEST_P(ModuleStoreContract, RemovesWhatIsThereAndWhatIsNot) {
  ASSERT_TRUE(set(one_, "a", "1").ok());
  ASSERT_TRUE(remove(one_, "a").ok());
  EXPECT_TRUE(remove(one_, "a").ok());
  EXPECT_TRUE(remove("mod-nobody", "a").ok());
  EXPECT_EQ(get(one_, "a"), std::nullopt);
}

TEST_P(ModuleStoreContract, ListsKeysByPrefixAsBytes) {
  for (const char* key : {"b", "a%1", "a_2", "ab", "aB", "ä", "a"}) {
    ASSERT_TRUE(set(one_, key, "0").ok());
  }
  EXPECT_EQ(list(one_), (Keys{"a", "a%1", "aB", "a_2", "ab", "b", "ä"}));
  EXPECT_EQ(list(one_, "a"), (Keys{"a", "a%1", "aB", "a_2", "ab"}));
  EXPECT_EQ(list(one_, "a_"), Keys{"a_2"});
  EXPECT_EQ(list(one_, "a%"), Keys{"a%1"});
  EXPECT_EQ(list(one_, "ä"), Keys{"ä"});
  EXPECT_EQ(list(one_, "c"), Keys{});
}

TEST_P(ModuleStoreContract, RefusesMalformedKeysAndLargeValues) {
  const std::string longest(ModuleStore::kMaxKeyBytes, 'k');
  EXPECT_TRUE(set(one_, longest, "1").ok());
  for (const std::string& key :
       {std::string(), longest + "k", std::string("a\nb"), std::string("a\0b", 3),
        std::string("\xC2\x85"), std::string("\xFF"), std::string("\x7F")}) {
    for (const Error& error :
         {set(one_, key, "1").error(), remove(one_, key).error(), tryGet(one_, key).error()}) {
      EXPECT_EQ(error.code, ErrorCode::InvalidArgument) << key;
      EXPECT_EQ(error.field, "key");
    }
    EXPECT_TRUE(key.empty() || tryList(one_, key).error().field == "key");
  }
  EXPECT_TRUE(set(one_, "v", std::string(ModuleStore::kMaxValueBytes, 'v')).ok());
  const Status large = set(one_, "v", std::string(ModuleStore::kMaxValueBytes + 1, 'w'));
  EXPECT_EQ(large.error().code, ErrorCode::InvalidArgument);
  EXPECT_EQ(large.error().field, "value");
  EXPECT_EQ(get(one_, "v")->front(), 'v');
}

TEST_P(ModuleStoreContract, AModuleHasABoundedNumberOfKeys) {
  for (size_t n = 0; n < ModuleStore::kMaxKeys; ++n) {
    ASSERT_TRUE(set(one_, "k" + std::to_string(n), "0").ok());
  }
  const Status more = set(one_, "more", "0");
  EXPECT_EQ(more.error().code, ErrorCode::ResourceExhausted);
  EXPECT_EQ(more.error().reason, "store_quota");
  EXPECT_EQ(list(one_).size(), ModuleStore::kMaxKeys);
  EXPECT_TRUE(set(one_, "k7", "1").ok()) << "a key that is there may change";
  EXPECT_TRUE(set(two_, "more", "0").ok()) << "each module has its own quota";
  ASSERT_TRUE(remove(one_, "k7").ok());
  EXPECT_TRUE(set(one_, "more", "0").ok());
}

TEST_P(ModuleStoreContract, AModuleHasABoundedNumberOfBytes) {
  const std::string block(ModuleStore::kMaxValueBytes, 'v');
  const size_t blocks = ModuleStore::kMaxBytes / block.size() - 1;
  for (size_t n = 0; n < blocks; ++n) {
    ASSERT_TRUE(set(one_, std::string(1, static_cast<char>('a' + n)), block).ok());
  }
  // Keys count too: all but one byte of the last block is left for key and value.
  const std::string rest = block.substr(0, block.size() - blocks - 1);
  EXPECT_EQ(set(one_, "z", rest + "v").error().reason, "store_quota");
  EXPECT_EQ(get(one_, "z"), std::nullopt);
  EXPECT_TRUE(set(one_, "z", rest).ok());
  EXPECT_EQ(set(one_, "a", block).ok(), true) << "what is replaced does not count";
  EXPECT_EQ(set(one_, "y", "").error().reason, "store_quota");
}

TEST_P(ModuleStoreContract, DataGoesWithItsModule) {
  EXPECT_EQ(set(sample::id(Table::Module, 3), "a", "1").error().code, ErrorCode::NotFound);
  EXPECT_EQ(set(sample::id(Table::Driver, 1), "a", "1").error().code, ErrorCode::NotFound);
  ASSERT_TRUE(set(one_, "a", "1").ok());
  ASSERT_TRUE(set(two_, "a", "2").ok());
  model::Module changed = sample::mod(1);
  changed.revision = 1;
  changed.notes = "moved";
  ASSERT_TRUE(write({ConfigWrite::Kind::Update, changed}).ok());
  EXPECT_EQ(get(one_, "a"), "1") << "a changed row keeps its data";
  ASSERT_TRUE(write({ConfigWrite::Kind::Erase, sample::mod(1)}).ok());
  EXPECT_EQ(get(one_, "a"), std::nullopt);
  EXPECT_EQ(set(one_, "a", "3").error().code, ErrorCode::NotFound);
  ASSERT_TRUE(write({ConfigWrite::Kind::Insert, sample::mod(1)}).ok());
  EXPECT_EQ(get(one_, "a"), std::nullopt);
  EXPECT_EQ(get(two_, "a"), "2");
}

TEST_P(ModuleStoreContract, APassedDeadlineChangesNothing) {
  const Status late = await<void>(*loop_, [&](auto done) {
    backend_->modules().set(one_, "a", "1", clock_.now(), std::move(done));
  });
  EXPECT_EQ(late.error().code, ErrorCode::DeadlineExceeded);
  EXPECT_EQ(get(one_, "a"), std::nullopt);
}

TEST_P(ModuleStoreContract, CallsAreAnsweredInOrderAndNeverFromWithin) {
  std::string seen;
  backend_->modules().set(one_, "a", "1", soon(), [&](Status status) {
    EXPECT_TRUE(status.ok());
    seen += "set ";
  });
  backend_->modules().get(one_, "a", soon(), [&](Result<Value> value) {
    seen += value.ok() ? value->value_or("none") : "failed";
  });
  EXPECT_EQ(seen, "");
  ASSERT_TRUE(runUntil(*loop_, [&] { return seen == "set 1"; })) << seen;
}

}  // namespace busbar
