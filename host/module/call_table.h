// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/client/host_client.h"
#include "sdk/base/event_loop.h"

namespace busbar {

class Module;

// All calls in flight of this host. Ids are never used twice; a call ends exactly once: complete()
// or the deadline. Deadlines stand in a wheel of 4 ms slots, so arming and disarming costs a few
// instructions however long the deadline is. Loop-only.
class CallTable {
 public:
  using Id = uint64_t;
  using Done = Callback<void(Result<ExecuteReply>&&)>;
  // Called for a call whose deadline passed, before its Done, so that the runner can be told.
  using Expired = Callback<void(Id id, Module& mod)>;

  CallTable(EventLoop& loop, Expired expired);
  CallTable(const CallTable&) = delete;
  CallTable& operator=(const CallTable&) = delete;
  ~CallTable();

  Id add(Module& mod, Instant deadline, Origin&& origin, Done&& done);
  // The module of a call in flight, nullptr if it has ended.
  Module* moduleOf(Id id) const {
    const uint32_t index = indexOf(id);
    return index == kNone ? nullptr : calls_[index].mod;
  }
  // On whose behalf a call in flight of `mod` is made; nullptr when there is no such call.
  const Origin* originOf(Id id, const Module& mod) const;
  // The trace id of a call in flight or lately ended, empty when there is none: what a driver logs
  // may arrive after its answer.
  std::string_view traceOf(Id id) const;
  // True if the call was in flight; its Done has run.
  bool complete(Id id, Result<ExecuteReply>&& result);
  // Ends every call of `mod` with `error`.
  void failAll(const Module& mod, const Error& error);
  size_t size() const { return live_; }

 private:
  static constexpr size_t kSlots = 4096;
  static constexpr Milliseconds kSlot{4};
  static constexpr uint32_t kNone = UINT32_MAX;
  struct Call {
    Module* mod = nullptr;
    Instant deadline{};
    Done done;
    Origin origin;
    uint32_t generation = 1;
    uint32_t next = kNone;  // in its wheel slot, or in the free list
    uint32_t previous = kNone;
    uint32_t wheelSlot = 0;
  };

  // kNone when ended.
  uint32_t indexOf(Id id) const {
    const auto index = static_cast<uint32_t>(id);
    const bool live = index < calls_.size() && calls_[index].mod != nullptr &&
                      calls_[index].generation == static_cast<uint32_t>(id >> 32U);
    return live ? index : kNone;
  }
  Done take(uint32_t index);  // unlinks and frees
  void link(uint32_t index);
  void unlink(uint32_t index);
  void tick();
  void expireSlot(size_t slot);

  struct Ended {
    Id id = 0;
    std::string traceparent;
  };
  static constexpr size_t kEndedKept = 256;

  EventLoop& loop_;
  Expired expired_;
  std::vector<Call> calls_;
  std::vector<uint32_t> wheel_;
  std::vector<Ended> ended_;  // a ring
  size_t nextEnded_ = 0;
  uint32_t freeHead_ = kNone;
  size_t live_ = 0;
  int64_t lastTick_ = 0;
  TimerId timer_ = 0;
};

}  // namespace busbar
