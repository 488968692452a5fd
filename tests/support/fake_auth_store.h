// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "registry/store/auth_store.h"
#include "sdk/base/event_loop.h"

namespace busbar {

// AuthStore in memory, held to the same contract suite as the real one. `Data` plays the disk: hand
// the same one to a second store to reopen it. Loop-only.
class FakeAuthStore : public AuthStore {
 public:
  struct Data {
    std::map<std::pair<std::string, std::string>, AuthRecord> rows;  // by kind and id
  };

  explicit FakeAuthStore(EventLoop& loop, std::shared_ptr<Data> data = std::make_shared<Data>())
      : loop_(loop), data_(std::move(data)) {}

  void loadAuth(int64_t now, Instant deadline, Done<std::vector<AuthRecord>> done) override {
    std::vector<AuthRecord> out;
    for (const auto& [key, record] : data_->rows) {
      if (commonOf(record).expiresAt > now) {
        out.push_back(record);
      }
    }
    answer<std::vector<AuthRecord>>(deadline, std::move(out), std::move(done));
  }

  void applyAuth(std::vector<AuthWrite> writes, Instant deadline, Done<void> done) override {
    ++writes_;
    if (failure_ || loop_.clock().now() >= deadline) {
      answer<void>(deadline, failure_ ? Status(*failure_) : Status(), std::move(done));
      return;
    }
    for (AuthWrite& write : writes) {
      const std::pair key(std::string(kindOf(write.record)), commonOf(write.record).id);
      if (write.kind == AuthWrite::Kind::Erase) {
        data_->rows.erase(key);
      } else {
        data_->rows.insert_or_assign(key, std::move(write.record));
      }
    }
    if (std::exchange(isNextLate_, false)) {
      answer<void>(deadline, Error::of(ErrorCode::DeadlineExceeded, "too late"), std::move(done));
      return;
    }
    answer<void>(deadline, Status(), std::move(done));
  }

  void purgeAuth(int64_t now, Instant deadline, Done<int64_t> done) override {
    const auto count = std::erase_if(
        data_->rows, [now](const auto& row) { return commonOf(row.second).expiresAt <= now; });
    answer<int64_t>(deadline, static_cast<int64_t>(count), std::move(done));
  }

  // Every further write fails with this error, until it is cleared.
  void failWrites(std::optional<Error> error) { failure_ = std::move(error); }
  // The next write happens, but its caller hears that it was too late.
  void answerNextWriteLate() { isNextLate_ = true; }
  const Data& data() const { return *data_; }
  int writes() const { return writes_; }

 private:
  template <class T>
  void answer(Instant deadline, Result<T> result, Done<T> done) {
    const bool isLate = loop_.clock().now() >= deadline;
    loop_.post([isLate, result = std::move(result), done = std::move(done)]() mutable {
      done(isLate ? Result<T>(Error::of(ErrorCode::DeadlineExceeded, "too late"))
                  : std::move(result));
    });
  }

  EventLoop& loop_;
  std::shared_ptr<Data> data_;  // shared with the store that reopens it
  std::optional<Error> failure_;
  bool isNextLate_ = false;
  int writes_ = 0;
};

}  // namespace busbar
