// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/contract/state_store_contract.h"

#include <utility>

#include "tests/support/await.h"

namespace busbar {
namespace {

const Epoch kFirst = "00000000000000010000000000000001";
const Epoch kSecond = "00000000000000010000000000000002";
const Epoch kAfterRestart = "00000000000000020000000000000001";

}  // namespace

StateStoreContract::StateStoreContract()
    : loop_(std::move(*EventLoop::create(clock_))), backend_(GetParam()()) {
  reopen();
}

void StateStoreContract::reopen() {
  store_.reset();
  store_ = backend_->open(*loop_);
}

void StateStoreContract::flush() {
  const auto saved =
      await<void>(*loop_, [this](auto done) { store_->flush(soon(), std::move(done)); });
  EXPECT_TRUE(saved.ok()) << saved.error().message;
}

bool StateStoreContract::put(const std::string& moduleId, const Epoch& epoch,
                             const std::string& key, const std::string& json, uint64_t sequence) {
  return store_->put(moduleId, epoch, {key, json, sequence, 7});
}

std::string StateStoreContract::read(const std::string& moduleId) {
  const auto entries = await<std::vector<StateEntry>>(
      *loop_, [&](auto done) { store_->read(moduleId, soon(), std::move(done)); });
  EXPECT_TRUE(entries.ok());
  std::string out;
  for (const StateEntry& entry : *entries) {
    EXPECT_EQ(entry.timeNs, 7);
    out += (out.empty() ? "" : " ") + entry.key + "=" + entry.json + "#" +
           std::to_string(entry.sequence);
  }
  return out;
}

TEST_P(StateStoreContract, AnUnknownModuleHasNoState) {
  EXPECT_EQ(read("mod-1"), "");
}

TEST_P(StateStoreContract, KeepsTheLastValueOfEachKeySortedByKey) {
  EXPECT_TRUE(put("mod-1", kFirst, "power", "true", 1));
  EXPECT_TRUE(put("mod-1", kFirst, "input", "\"hdmi\"", 2));
  EXPECT_TRUE(put("mod-1", kFirst, "power", "false", 3));
  EXPECT_TRUE(put("mod-2", kFirst, "power", "1", 1));
  EXPECT_EQ(read("mod-1"), "input=\"hdmi\"#2 power=false#3");
  EXPECT_EQ(read("mod-2"), "power=1#1");
}

TEST_P(StateStoreContract, AnEmptyValueRemovesItsKey) {
  put("mod-1", kFirst, "a", "1");
  put("mod-1", kFirst, "b", "2");
  EXPECT_TRUE(put("mod-1", kFirst, "a", ""));
  EXPECT_TRUE(put("mod-1", kFirst, "never there", ""));
  EXPECT_EQ(read("mod-1"), "b=2#1");
  flush();
  reopen();
  EXPECT_EQ(read("mod-1"), "b=2#1");
  put("mod-1", kFirst, "b", "");
  flush();
  reopen();
  EXPECT_EQ(read("mod-1"), "");
}

TEST_P(StateStoreContract, ClearForgetsOneModule) {
  put("mod-1", kFirst, "a", "1");
  put("mod-2", kFirst, "a", "1");
  flush();
  EXPECT_TRUE(store_->clear("mod-1", kFirst));
  EXPECT_EQ(read("mod-1"), "");
  put("mod-1", kFirst, "b", "2");
  flush();
  reopen();
  EXPECT_EQ(read("mod-1"), "b=2#1");
  EXPECT_EQ(read("mod-2"), "a=1#1");
}

TEST_P(StateStoreContract, ALowerEpochIsRefusedAndChangesNothing) {
  EXPECT_TRUE(put("mod-1", kSecond, "a", "1"));
  EXPECT_FALSE(put("mod-1", kFirst, "a", "2"));
  EXPECT_FALSE(store_->clear("mod-1", kFirst));
  EXPECT_TRUE(put("mod-2", kFirst, "a", "9")) << "the rule is per module";
  EXPECT_EQ(read("mod-1"), "a=1#1");
  EXPECT_TRUE(put("mod-1", kAfterRestart, "a", "3"));
  EXPECT_FALSE(put("mod-1", kSecond, "a", "4"));
  EXPECT_EQ(read("mod-1"), "a=3#1");
}

TEST_P(StateStoreContract, TheEpochOutlivesAReopening) {
  put("mod-1", kSecond, "a", "1");
  EXPECT_TRUE(store_->clear("mod-2", kSecond));
  flush();
  reopen();
  for (const char* moduleId : {"mod-1", "mod-2"}) {
    EXPECT_FALSE(put(moduleId, kFirst, "a", "2"));
    EXPECT_TRUE(put(moduleId, kSecond, "a", "2"));
  }
}

TEST_P(StateStoreContract, WhatIsFlushedOutlivesAReopening) {
  for (int i = 0; i < 100; ++i) {
    put("mod-" + std::to_string(i % 10), kFirst, "key" + std::to_string(i), std::to_string(i));
  }
  flush();
  std::string before;
  for (int i = 0; i < 10; ++i) {
    before += read("mod-" + std::to_string(i));
  }
  reopen();
  std::string after;
  for (int i = 0; i < 10; ++i) {
    after += read("mod-" + std::to_string(i));
  }
  EXPECT_EQ(after, before);
}

TEST_P(StateStoreContract, FlushCoversEverythingPutBeforeItAlsoWhileOneIsUnderWay) {
  int flushed = 0;
  for (int i = 0; i < 5; ++i) {
    put("mod-1", kFirst, "key", std::to_string(i));
    store_->flush(soon(), [&flushed](Status status) {
      EXPECT_TRUE(status.ok());
      ++flushed;
    });
  }
  EXPECT_TRUE(runUntil(*loop_, [&] { return flushed == 5; }));
  reopen();
  EXPECT_EQ(read("mod-1"), "key=4#1");
  flush();
}

TEST_P(StateStoreContract, APassedDeadlineIsAnsweredAsSuch) {
  const auto late = await<std::vector<StateEntry>>(
      *loop_, [this](auto done) { store_->read("mod-1", BootClock::now(), std::move(done)); });
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, ErrorCode::DeadlineExceeded);
}

TEST_P(StateStoreContract, NoCompletionRunsAfterTheStoreIsGone) {
  int completions = 0;
  put("mod-1", kFirst, "a", "1");
  store_->flush(soon(), [&](Status) { ++completions; });
  store_->read("mod-1", soon(), [&](Result<std::vector<StateEntry>>) { ++completions; });
  store_.reset();
  for (int i = 0; i < 10; ++i) {
    loop_->runOnce(Milliseconds(0));
  }
  EXPECT_EQ(completions, 0);
}

}  // namespace busbar
