// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <busbar/driver.h>

namespace busbar::runner {

// The messages that wait for one link, see busbar_command in driver.h. Time is handed in; the
// caller sends what next() returns and tells how that went. Each accepted command ends once, in a
// list of Ended, unless it is cancelled. Thread-compatible.
class CommandQueue {
 public:
  static constexpr size_t kMaxCommands = 256;
  static constexpr uint32_t kDefaultTimeoutMs = 5000;
  static constexpr int32_t kRetryPriority = 20;
  static constexpr int64_t kNever = INT64_MAX;

  struct Command {
    std::string name;  // empty: never replaced
    std::string payload;
    int32_t priority = BUSBAR_PRIORITY_DEFAULT;
    uint32_t timeoutMs = 0;  // 0: kDefaultTimeoutMs
    uint32_t retries = 0;
    uint32_t delayMs = 0;
    bool wait = false;
    busbar_id token = 0;
    int64_t deadlineNs = kNever;  // of the call on whose behalf
  };
  struct Ended {
    busbar_id token;
    busbar_status status;
    const char* message;  // literal; nullptr for OK
  };
  using EndedList = std::vector<Ended>;

  // `onDemand`: the link is opened for what waits; unnamed commands wait for it too, and each up to
  // its own time-out.
  explicit CommandQueue(bool onDemand = false) : onDemand_(onDemand) {}

  // E_INVALID: token 0 or in use. E_AGAIN: full. E_OFFLINE: no link and no name.
  busbar_status push(Command command, EndedList& ended);
  // The driver says how the waiting command went. E_STATE: it does not wait.
  busbar_status finish(busbar_id token, busbar_status status, int64_t nowNs, EndedList& ended);
  // Ends a queued or waiting command without a word.
  bool cancel(busbar_id token);
  // Ends what is queued; the one that waits for its answer goes on.
  void clear(EndedList& ended);
  void linkUp() { up_ = true; }
  // Unnamed ones end, named ones stay; a named one that waited is sent again later.
  void linkDown(EndedList& ended);

  // Ends what ran out of time; then the payload to send now, if any. Call sent() once it is gone.
  std::optional<std::string_view> next(int64_t nowNs, EndedList& ended);
  void sent(int64_t nowNs, EndedList& ended);
  // When next() has something to do without other news; kNever: nothing. `canSend` false: the link
  // takes no bytes now, and its owner asks again when it does.
  int64_t nextNs(bool canSend) const;
  // The command that waits for its answer, or 0.
  busbar_id waiting() const { return flying_ ? flying_->command.token : 0; }
  // Something waits for a link.
  bool wantsLink() const { return !up_ && !queue_.empty(); }
  size_t size() const { return queue_.size() + (flying_ ? 1 : 0); }

 private:
  struct Item {
    Command command;
    uint64_t order = 0;
    int64_t timeoutNs = kNever;  // while it waits for its answer
    int64_t openByNs = 0;        // on demand, while the link is down; 0: not yet known
  };
  void insert(Item item);
  void retry(int64_t nowNs, busbar_status status, const char* message, EndedList& ended);
  void land(int64_t nowNs, busbar_status status, const char* message, EndedList& ended);
  void expire(int64_t nowNs, EndedList& ended);

  const bool onDemand_;
  std::vector<Item> queue_;     // in order of sending
  std::optional<Item> flying_;  // sent, waits for its answer
  uint64_t nextOrder_ = 0;
  int64_t silentUntilNs_ = 0;
  bool up_ = false;
};

}  // namespace busbar::runner
