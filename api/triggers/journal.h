// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "registry/store/trigger_store.h"
#include "sdk/base/callback.h"
#include "sdk/base/event_loop.h"

namespace busbar::triggers {

// Carries what must outlive a restart to the store, many at a time: what is written in one turn of
// the loop, and while the store is busy, shares a transaction. Progress alone waits a little; with
// something written it goes along. Loop-only.
class Journal {
 public:
  static constexpr Milliseconds kProgressDelay{100};
  static constexpr Milliseconds kWriteLimit{10'000};
  static constexpr Milliseconds kAgainAfter{1000};

  using Stored = Callback<void(Status)>;
  // The progress of an instance now; empty: it is gone.
  using ProgressOf = std::function<std::string(const std::string& instanceId)>;

  // Both must outlive this.
  Journal(EventLoop& loop, TriggerStore& store, ProgressOf progressOf);
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  ~Journal();

  // `stored` comes later, once: it is durable, or why not. Not when this is gone before.
  void write(TriggerWrite write, Stored stored = {});
  // Read when it is written; a failure is tried again.
  void progressChanged(const std::string& instanceId);
  // Reads all progress at once, writes what waits, and calls when nothing waits any more.
  void flush(Callback<void()> done);

  // Of the last transaction.
  const Status& lastWrite() const { return lastWrite_; }
  size_t waiting() const { return waiting_.size() + inFlight_; }

 private:
  struct Entry {
    TriggerWrite write;
    Stored stored;
  };
  void arm(Milliseconds delay);
  void begin();
  void finish(std::shared_ptr<std::vector<Stored>> stored, std::set<std::string> progress,
              Status outcome);

  EventLoop& loop_;
  TriggerStore& store_;
  ProgressOf progressOf_;
  std::vector<Entry> waiting_;
  std::set<std::string> progress_;
  size_t inFlight_ = 0;
  bool willBegin_ = false;  // at the end of this turn
  TimerId timer_ = 0;
  Status lastWrite_;
  std::vector<Callback<void()>> flushes_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with completions
};

}  // namespace busbar::triggers
