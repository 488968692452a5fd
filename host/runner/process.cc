// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/runner/process.h"

#include <algorithm>
#include <string>

#include "host/runner/instance.h"
#include "sdk/wire/peer_packet.h"

namespace busbar::runner {

void Process::touch() {
  if (turnPending_) {
    return;
  }
  turnPending_ = true;
  if (loop.isLoopThread()) {
    loop.defer([this] { endTurn_(); });
  } else {
    loop.post([this] { endTurn_(); });
  }
}

void Process::markDirty(Instance& instance) {
  if (instance.setDirty(true)) {
    dirty_.push_back(&instance);
  }
  touch();
}

void Process::takeDirty(std::vector<Instance*>& out) {
  const ProcessLock lock(*this);
  turnPending_ = false;
  out.swap(dirty_);
  for (Instance* instance : out) {
    instance->setDirty(false);
  }
}

void Process::forget(Instance& instance) {
  std::erase(dirty_, &instance);
}

std::span<char> Process::readBuffer() {
  constexpr size_t kBytes = wire::kPeerHeaderBytes + wire::kMaxPeerData;  // the longest packet
  if (!readBuffer_) {
    readBuffer_ = std::make_unique_for_overwrite<char[]>(kBytes);  // untouched pages cost nothing
  }
  return {readBuffer_.get(), kBytes};
}

void Process::logLine(LogBucket& bucket, uint64_t instance, const wire::Log& line) {
  // What a line costs on the wire: header, fixed members, text.
  const size_t bytes = 48 + line.message.size() + line.fields.size();
  if (!bucket.take(bytes, nowNs())) {
    return;
  }
  if (!outbox.hasRoom(bytes)) {
    bucket.lose();
    return;
  }
  wire::Log whole = line;
  whole.timeNs = loop.clock().utcNs();
  whole.dropped = bucket.takeDropped();
  wire::encode(outbox.bulk(), instance, whole);
  touch();
}

void Process::logCheck(uint8_t level, uint64_t instance, uint64_t call, std::string_view message) {
  wire::Log line;
  line.level = level;
  line.flags = wire::kLogFromChecks;
  line.call = call;
  line.message = message;
  logLine(checks_, instance, line);
}

CallScope::CallScope(Process& process, Entry entry, uint32_t instance, uint64_t call)
    : process_(process),
      entry_(entry),
      instance_(instance),
      call_(call),
      startNs_(std::max(process.loop.now().time_since_epoch().count(), process.lastCallEndNs)) {
  LivenessPage& page = process_.pages.liveness();
  page.instance.store(instance, std::memory_order_relaxed);
  page.callback.store(static_cast<uint32_t>(entry), std::memory_order_relaxed);
  page.callId.store(call, std::memory_order_relaxed);
  page.callStartNs.store(startNs_, std::memory_order_release);
}

CallScope::~CallScope() {
  process_.pages.liveness().callStartNs.store(0, std::memory_order_release);
  process_.lastCallEndNs = process_.nowNs();
  const int64_t took = process_.lastCallEndNs - startNs_;
  if (took > kSoftBudgetNs) {
    const ProcessLock lock(process_);
    process_.logCheck(BUSBAR_LOG_WARN, instance_, call_,
                      std::string(toString(entry_)) + " took " + std::to_string(took / 1'000'000) +
                          " ms; it must return within 50 ms");
  }
}

}  // namespace busbar::runner
