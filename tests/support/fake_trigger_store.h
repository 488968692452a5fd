// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "registry/store/trigger_store.h"
#include "sdk/base/event_loop.h"

namespace busbar {

// TriggerStore in memory, held to the same contract suite as the real one. `Data` plays the disk:
// hand the same one to a second store to reopen it. Loop-only.
class FakeTriggerStore : public TriggerStore {
 public:
  struct Data {
    std::map<std::string, TriggerProgress> progress;  // by instance
    std::map<std::string, TriggerFiring> firings;     // by id
    std::map<std::string, TriggerDelivery> deliveries;
  };

  explicit FakeTriggerStore(EventLoop& loop, std::shared_ptr<Data> data = std::make_shared<Data>())
      : loop_(loop), data_(std::move(data)) {}
  ~FakeTriggerStore() override { *alive_ = false; }

  void loadTriggers(Instant deadline, Done<Loaded> done) override {
    Loaded out;
    for (const auto& [id, progress] : data_->progress) {
      out.progress.push_back(progress);
    }
    for (const auto& [id, firing] : data_->firings) {
      if (!firing.isOver) {
        out.unfinished.push_back(firing);
      }
    }
    std::sort(out.unfinished.begin(), out.unfinished.end(), isOlder<TriggerFiring>);
    answer<Loaded>(deadline, std::move(out), std::move(done));
  }

  void applyTriggers(std::vector<TriggerWrite> writes, Instant deadline, Done<void> done) override {
    if (isHeld_) {
      held_.push_back({std::move(writes), deadline, std::move(done)});
      return;
    }
    if (failure_ || loop_.clock().now() >= deadline) {
      answer<void>(deadline, failure_ ? Status(*failure_) : Status(), std::move(done));
      return;
    }
    for (TriggerWrite& write : writes) {
      std::visit([this](auto& row) { put(std::move(row)); }, write);
    }
    answer<void>(deadline, Status(), std::move(done));
  }

  void listFirings(std::string instanceId, size_t limit, Instant deadline,
                   Done<std::vector<TriggerFiring>> done) override {
    answer<std::vector<TriggerFiring>>(deadline, newest(data_->firings, instanceId, limit),
                                       std::move(done));
  }

  void listDeliveries(std::string instanceId, size_t limit, Instant deadline,
                      Done<std::vector<TriggerDelivery>> done) override {
    answer<std::vector<TriggerDelivery>>(deadline, newest(data_->deliveries, instanceId, limit),
                                         std::move(done));
  }

  void findDelivery(std::string id, Instant deadline,
                    Done<std::optional<TriggerDelivery>> done) override {
    const auto it = data_->deliveries.find(id);
    answer<std::optional<TriggerDelivery>>(
        deadline, it == data_->deliveries.end() ? std::nullopt : std::optional(it->second),
        std::move(done));
  }

  // Every further write fails with this error, until it is cleared.
  void failWrites(std::optional<Error> error) { failure_ = std::move(error); }
  // Writes wait, neither done nor acknowledged, until they are let go, in order.
  void hold() { isHeld_ = true; }
  size_t held() const { return held_.size(); }
  void release() {
    isHeld_ = false;
    for (Held& call : std::exchange(held_, {})) {
      applyTriggers(std::move(call.writes), call.deadline, std::move(call.done));
    }
  }
  const Data& data() const { return *data_; }

 private:
  struct Held {
    std::vector<TriggerWrite> writes;
    Instant deadline;
    Done<void> done;
  };

  template <class Row>
  static bool isOlder(const Row& a, const Row& b) {
    return std::tie(a.timeMs, a.id) < std::tie(b.timeMs, b.id);
  }

  template <class Row>
  static std::vector<Row> newest(const std::map<std::string, Row>& rows,
                                 const std::string& instanceId, size_t limit) {
    std::vector<Row> out;
    for (const auto& [id, row] : rows) {
      if (row.instanceId == instanceId) {
        out.push_back(row);
      }
    }
    std::sort(out.rbegin(), out.rend(), isOlder<Row>);
    out.resize(std::min(out.size(), limit));
    return out;
  }

  void put(TriggerProgress row) { data_->progress[row.instanceId] = row; }
  void put(TriggerFiring row) {
    data_->firings[row.id] = row;
    const auto kept = newest(data_->firings, row.instanceId, kKeptFirings);
    std::erase_if(data_->firings, [&](const auto& each) {
      return each.second.instanceId == row.instanceId && each.second.isOver &&
             isOlder(each.second, kept.back());
    });
  }
  void put(TriggerDelivery row) {
    data_->deliveries[row.id] = row;
    const auto kept = newest(data_->deliveries, row.instanceId, kKeptDeliveries);
    std::erase_if(data_->deliveries, [&](const auto& each) {
      return each.second.instanceId == row.instanceId && isOlder(each.second, kept.back());
    });
  }
  void put(const TriggerForget& row) {
    const auto isOf = [&row](const auto& each) { return each.second.instanceId == row.instanceId; };
    std::erase_if(data_->progress, isOf);
    std::erase_if(data_->firings, isOf);
    std::erase_if(data_->deliveries, isOf);
  }

  template <class T>
  void answer(Instant deadline, Result<T> result, Done<T> done) {
    if (loop_.clock().now() >= deadline) {
      result = Error::of(ErrorCode::DeadlineExceeded, "too late");
    }
    loop_.post([alive = alive_, result = std::move(result), done = std::move(done)]() mutable {
      if (*alive) {
        done(std::move(result));
      }
    });
  }

  EventLoop& loop_;
  std::shared_ptr<Data> data_;  // shared with the store that reopens it
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with posted answers
  std::optional<Error> failure_;
  bool isHeld_ = false;
  std::vector<Held> held_;
};

}  // namespace busbar
