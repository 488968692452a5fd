// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/module/call_table.h"

#include <algorithm>
#include <utility>

namespace busbar {
namespace {

int64_t slotNumber(Instant when, Nanoseconds slot) {
  return when.time_since_epoch() / slot;
}

// W3C trace context: "00-TRACE-SPAN-FLAGS".
std::string_view traceIdOf(std::string_view traceparent) {
  return traceparent.size() >= 35 ? traceparent.substr(3, 32) : std::string_view();
}

}  // namespace

CallTable::CallTable(EventLoop& loop, Expired expired)
    : loop_(loop), expired_(std::move(expired)), wheel_(kSlots, kNone), ended_(kEndedKept) {
  lastTick_ = slotNumber(loop_.now(), kSlot);
}

CallTable::~CallTable() {
  loop_.cancel(timer_);
}

CallTable::Id CallTable::add(Module& mod, Instant deadline, Origin&& origin, Done&& done) {
  if (freeHead_ == kNone) {
    freeHead_ = static_cast<uint32_t>(calls_.size());
    calls_.emplace_back();
  }
  const uint32_t index = freeHead_;
  Call& call = calls_[index];
  freeHead_ = call.next;
  call.mod = &mod;
  call.deadline = deadline;
  call.done = std::move(done);
  call.origin = std::move(origin);
  link(index);
  if (live_++ == 0) {
    lastTick_ = slotNumber(loop_.now(), kSlot);
    if (timer_ == 0) {
      timer_ = loop_.runAfter(kSlot, [this] { tick(); });
    }
  }
  return static_cast<Id>(call.generation) << 32U | index;
}

const Origin* CallTable::originOf(Id id, const Module& mod) const {
  const uint32_t index = indexOf(id);
  return index == kNone || calls_[index].mod != &mod ? nullptr : &calls_[index].origin;
}

std::string_view CallTable::traceOf(Id id) const {
  if (const uint32_t index = indexOf(id); index != kNone) {
    return traceIdOf(calls_[index].origin.caller.traceparent);
  }
  const auto it = std::find_if(ended_.begin(), ended_.end(),
                               [id](const Ended& ended) { return ended.id == id; });
  return it == ended_.end() || id == 0 ? std::string_view() : traceIdOf(it->traceparent);
}

bool CallTable::complete(Id id, Result<ExecuteReply>&& result) {
  const uint32_t index = indexOf(id);
  if (index == kNone) {
    return false;
  }
  take(index)(std::move(result));
  return true;
}

void CallTable::failAll(const Module& mod, const Error& error) {
  // A Done may add calls (to other modules), so the vector is indexed anew each time.
  for (uint32_t index = 0; index < calls_.size(); ++index) {
    if (calls_[index].mod == &mod) {
      take(index)(error);
    }
  }
}

CallTable::Done CallTable::take(uint32_t index) {
  unlink(index);
  Call& call = calls_[index];
  Done done = std::move(call.done);
  call.mod = nullptr;
  if (!call.origin.caller.traceparent.empty()) {
    Ended& ended = ended_[nextEnded_++ % kEndedKept];
    ended.id = static_cast<Id>(call.generation) << 32U | index;
    ended.traceparent.swap(call.origin.caller.traceparent);
  }
  if (++call.generation == 0) {
    call.generation = 1;
  }
  call.next = freeHead_;
  freeHead_ = index;
  --live_;
  return done;
}

void CallTable::link(uint32_t index) {
  Call& call = calls_[index];
  call.wheelSlot =
      static_cast<uint32_t>(static_cast<uint64_t>(slotNumber(call.deadline, kSlot) + 1) % kSlots);
  call.previous = kNone;
  call.next = wheel_[call.wheelSlot];
  if (call.next != kNone) {
    calls_[call.next].previous = index;
  }
  wheel_[call.wheelSlot] = index;
}

void CallTable::unlink(uint32_t index) {
  const Call& call = calls_[index];
  if (call.previous != kNone) {
    calls_[call.previous].next = call.next;
  } else {
    wheel_[call.wheelSlot] = call.next;
  }
  if (call.next != kNone) {
    calls_[call.next].previous = call.previous;
  }
}

void CallTable::tick() {
  timer_ = 0;
  const int64_t now = slotNumber(loop_.now(), kSlot);
  // After a long pause one round over the wheel sees every slot.
  int64_t from = std::max(lastTick_ + 1, now - static_cast<int64_t>(kSlots) + 1);
  for (; from <= now; ++from) {
    expireSlot(static_cast<size_t>(static_cast<uint64_t>(from) % kSlots));
  }
  lastTick_ = now;
  if (live_ > 0) {
    timer_ = loop_.runAfter(kSlot, [this] { tick(); });
  }
}

void CallTable::expireSlot(size_t slot) {
  std::vector<Id> due;
  for (uint32_t index = wheel_[slot]; index != kNone; index = calls_[index].next) {
    if (calls_[index].deadline <= loop_.now()) {
      due.push_back(static_cast<Id>(calls_[index].generation) << 32U | index);
    }
  }
  for (const Id id : due) {
    if (Module* mod = moduleOf(id)) {
      expired_(id, *mod);
      complete(id, Error::because(ErrorCode::DeadlineExceeded, "deadline_exceeded",
                                  "the module did not answer before the deadline"));
    }
  }
}

}  // namespace busbar
