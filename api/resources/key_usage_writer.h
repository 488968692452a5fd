// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/auth/key_usage.h"
#include "registry/site/site.h"
#include "registry/store/config_store.h"
#include "sdk/base/event_loop.h"

namespace busbar::api {

// Writes the last use of API keys into their rows every hour, in one transaction. A write that
// fails, or that meets another change of a key, is made up for an hour later. Loop-only.
class KeyUsageWriter {
 public:
  static constexpr Milliseconds kInterval{3'600'000};
  // A use that the row knows to within this is not written again.
  static constexpr int64_t kSlackSeconds = 600;

  // All must outlive this.
  KeyUsageWriter(EventLoop& loop, const Site& site, ConfigStore& store, auth::KeyUsage& usage);
  KeyUsageWriter(const KeyUsageWriter&) = delete;
  KeyUsageWriter& operator=(const KeyUsageWriter&) = delete;
  ~KeyUsageWriter() { loop_.cancel(timer_); }

  void writeNow();

 private:
  void arm();

  EventLoop& loop_;
  const Site& site_;
  ConfigStore& store_;
  auth::KeyUsage& usage_;
  TimerId timer_ = 0;
};

}  // namespace busbar::api
