// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/service/service.h"
#include "host/service/store/store_turns.h"
#include "registry/store/module_store.h"

namespace busbar {

// "busbar.store/1" of one module over a ModuleStore. Requests are run one after the other and
// answered in their order, each by one STORE event: E_INVALID names what is malformed; E_AGAIN with
// the code store_quota, disk_full or store_busy; E_TIMEOUT, after which a write may still happen;
// E_OFFLINE when the store has stopped writing. Loop-only.
class StoreService final : public Service, private StoreTurns::Waiter {
 public:
  // Beyond these a request is refused at once, with store_busy.
  static constexpr size_t kMaxWaiting = 256;
  static constexpr size_t kMaxWaitingBytes = 1U << 20U;
  // Of a request that has no parent call, or one with a later deadline.
  static constexpr Milliseconds kTimeLimit{30'000};

  // `turns` is shared by all modules and by the requests that are under way, which may outlive
  // this. The others must outlive it.
  StoreService(EventLoop& loop, ModuleStore& store, std::shared_ptr<StoreTurns> turns,
               ServiceClient& client);
  StoreService(const StoreService&) = delete;
  StoreService& operator=(const StoreService&) = delete;
  ~StoreService() override;

  bool request(const wire::Frame& frame, std::string& why) override;
  void release(uint64_t token) override;

 private:
  struct Request {
    uint64_t token = 0;
    uint64_t parentCall = 0;
    uint32_t operation = 0;
    std::string key;
    std::string value;
    Instant deadline;
    TimerId timer = 0;
    std::optional<Error> mistake;  // found on arrival, told in its turn
  };

  void turn() override;
  void next();
  void begin(Request request);
  template <class T>
  Callback<void(Result<T>)> toFinish();
  void answer(uint64_t token, const Result<std::optional<std::string>>& value);
  void answer(uint64_t token, const Result<std::vector<std::string>>& keys);
  void answer(uint64_t token, const Status& status);
  void succeed(uint64_t token, std::string_view doc);
  Request take(std::deque<Request>::iterator it);
  void expire(uint64_t token);

  EventLoop& loop_;
  ModuleStore& store_;
  std::shared_ptr<StoreTurns> turns_;
  ServiceClient& client_;
  std::deque<Request> waiting_;
  size_t waitingBytes_ = 0;
  bool asked_ = false;                                          // for a turn
  bool running_ = false;                                        // one request is under way
  std::optional<uint64_t> open_;                                // its token, until it is released
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with what is under way
};

// For the host's list; `loop` and `store` outlive it.
ServiceProvider storeProvider(EventLoop& loop, ModuleStore& store);

}  // namespace busbar
