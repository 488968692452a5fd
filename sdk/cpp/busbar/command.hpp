// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <busbar/failure.hpp>

namespace busbar {

// What a frame that arrives while a command waits means to it.
enum class Answer {
  Done,    // this was the answer; the queue goes on
  Retry,   // the device wants it again (counts as a retry)
  Ignore,  // not for this command; the frame goes on to onReceived
};

// A message for a link's queue; see busbar_command in <busbar/driver.h> for the rules of the queue.
struct Command {
  std::string payload;
  std::string name;  // a waiting command of the same name is replaced; empty: never
  int priority = BUSBAR_PRIORITY_DEFAULT;
  uint32_t timeoutMs = 0;  // 0: 5000
  uint32_t retries = 0;
  uint32_t delayMs = 0;      // silence on the link afterwards
  uint32_t link = 0;         // 0: the driver's first link
  busbar_id parentCall = 0;  // 0: the function that runs right now, if any

  // When set, the queue is held until it answers Done, or until the time-out. It may throw Failure,
  // which ends the command.
  std::function<Answer(std::string_view frame)> onAnswer;
  // Told once how the command ended: nullptr is success.
  std::function<void(const Failure* failure)> onEnd;
};

}  // namespace busbar
