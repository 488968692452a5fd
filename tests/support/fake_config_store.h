// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "registry/store/config_store.h"
#include "sdk/base/event_loop.h"

namespace busbar {

// ConfigStore in memory, held to the same contract suite as the real ones. `Data` plays the disk:
// hand the same one to a second store to reopen it. Loop-only.
class FakeConfigStore : public ConfigStore {
 public:
  struct Data {
    uint64_t position = 0;
    uint64_t generation = 0;
    std::map<std::string, model::Record> rows;  // by id
    std::vector<ConfigChange> log;
    std::map<std::string, std::vector<model::Settings>> history;  // by id, oldest first
  };

  explicit FakeConfigStore(EventLoop& loop, std::shared_ptr<Data> data = std::make_shared<Data>());
  ~FakeConfigStore() override;

  void load(Instant deadline, Done<ConfigSnapshot> done) override;
  void apply(std::vector<ConfigWrite> writes, Actor actor, Instant deadline,
             Done<std::vector<ConfigChange>> done) override;
  void settingsHistory(std::string settingsId, Instant deadline,
                       Done<std::vector<model::Settings>> done) override;
  void nextGeneration(Instant deadline, Done<uint64_t> done) override;
  void watch(uint64_t position, Callback<void(const ConfigChange&)> listener) override;

  // Every further write fails with this error, until it is cleared.
  void failWrites(std::optional<Error> error) { failure_ = std::move(error); }
  const Data& data() const { return *data_; }

 private:
  template <class T>
  void answer(Instant deadline, Result<T> result, Done<T> done);
  Result<std::vector<ConfigChange>> applyNow(const std::vector<ConfigWrite>& writes);
  void tell(std::vector<ConfigChange> changes);

  EventLoop& loop_;
  std::shared_ptr<Data> data_;  // shared with whoever reopens it
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  Callback<void(const ConfigChange&)> listener_;
  uint64_t heard_ = 0;  // the last position the listener was told of
  std::optional<Error> failure_;
};

}  // namespace busbar
