// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/runner/command_queue.h"

#include <algorithm>
#include <utility>

namespace busbar::runner {
namespace {

constexpr int64_t kNsPerMs = 1'000'000;

}  // namespace

void CommandQueue::insert(Item item) {
  const auto at =
      std::upper_bound(queue_.begin(), queue_.end(), item, [](const Item& a, const Item& b) {
        return a.command.priority != b.command.priority ? a.command.priority > b.command.priority
                                                        : a.order < b.order;
      });
  queue_.insert(at, std::move(item));
}

busbar_status CommandQueue::push(Command command, EndedList& ended) {
  const auto sameToken = [&command](const Item& i) { return i.command.token == command.token; };
  if (command.token == 0 || (flying_ && sameToken(*flying_)) ||
      std::any_of(queue_.begin(), queue_.end(), sameToken)) {
    return BUSBAR_E_INVALID;
  }
  if (command.name.empty() && !up_ && !onDemand_) {
    return BUSBAR_E_OFFLINE;
  }
  if (!command.name.empty()) {
    const auto older = std::find_if(queue_.begin(), queue_.end(), [&command](const Item& i) {
      return i.command.name == command.name;
    });
    if (older != queue_.end()) {
      ended.push_back({older->command.token, BUSBAR_E_CANCELLED, "replaced by a newer command"});
      queue_.erase(older);
    }
  }
  if (size() >= kMaxCommands) {
    return BUSBAR_E_AGAIN;
  }
  if (command.timeoutMs == 0) {
    command.timeoutMs = kDefaultTimeoutMs;
  }
  insert({std::move(command), nextOrder_++, kNever, 0});
  return BUSBAR_OK;
}

// The flying command has ended; the silence that it asked for begins.
void CommandQueue::land(int64_t nowNs, busbar_status status, const char* message,
                        EndedList& ended) {
  if (!flying_) {
    return;
  }
  silentUntilNs_ = nowNs + flying_->command.delayMs * kNsPerMs;
  ended.push_back({flying_->command.token, status, message});
  flying_.reset();
}

void CommandQueue::retry(int64_t nowNs, busbar_status status, const char* message,
                         EndedList& ended) {
  if (!flying_) {
    return;
  }
  if (flying_->command.retries == 0) {
    land(nowNs, status, message, ended);
    return;
  }
  silentUntilNs_ = nowNs + flying_->command.delayMs * kNsPerMs;
  Item again = std::move(*flying_);
  flying_.reset();
  --again.command.retries;
  // Clamped: priorities come from the driver.
  again.command.priority = static_cast<int32_t>(
      std::min<int64_t>(int64_t{again.command.priority} + kRetryPriority, INT32_MAX));
  again.timeoutNs = kNever;
  insert(std::move(again));
}

busbar_status CommandQueue::finish(busbar_id token, busbar_status status, int64_t nowNs,
                                   EndedList& ended) {
  if (token == 0 || waiting() != token) {
    return BUSBAR_E_STATE;
  }
  if (status == BUSBAR_E_AGAIN) {
    retry(nowNs, BUSBAR_E_AGAIN, "no retries are left", ended);
  } else if (status >= 0) {
    land(nowNs, BUSBAR_OK, nullptr, ended);
  } else {
    land(nowNs, status, "the driver ended it", ended);
  }
  return BUSBAR_OK;
}

bool CommandQueue::cancel(busbar_id token) {
  if (token != 0 && waiting() == token) {
    flying_.reset();
    return true;
  }
  return std::erase_if(queue_, [token](const Item& i) { return i.command.token == token; }) != 0;
}

void CommandQueue::clear(EndedList& ended) {
  for (const Item& item : queue_) {
    ended.push_back({item.command.token, BUSBAR_E_CANCELLED, "the queue was cleared"});
  }
  queue_.clear();
}

void CommandQueue::linkDown(EndedList& ended) {
  up_ = false;
  silentUntilNs_ = 0;
  if (flying_) {
    Item item = std::move(*flying_);
    flying_.reset();
    item.timeoutNs = kNever;
    insert(std::move(item));
  }
  std::erase_if(queue_, [&ended](const Item& item) {
    const bool unnamed = item.command.name.empty();
    if (unnamed) {
      ended.push_back({item.command.token, BUSBAR_E_OFFLINE, "the link went down"});
    }
    return unnamed;
  });
  for (Item& item : queue_) {
    item.openByNs = 0;
  }
}

void CommandQueue::expire(int64_t nowNs, EndedList& ended) {
  if (flying_ && flying_->command.deadlineNs <= nowNs) {
    land(nowNs, BUSBAR_E_TIMEOUT, "the call's deadline passed", ended);
  } else if (flying_ && flying_->timeoutNs <= nowNs) {
    retry(nowNs, BUSBAR_E_TIMEOUT, "the device did not answer", ended);
  }
  std::erase_if(queue_, [&](const Item& item) {
    const bool late = item.command.deadlineNs <= nowNs;
    if (late) {
      ended.push_back({item.command.token, BUSBAR_E_TIMEOUT, "the call's deadline passed"});
    }
    return late;
  });
  if (onDemand_ && !up_) {
    std::erase_if(queue_, [&](Item& item) {
      if (item.openByNs == 0) {
        item.openByNs = nowNs + item.command.timeoutMs * kNsPerMs;
      }
      const bool late = item.openByNs <= nowNs;
      if (late) {
        ended.push_back(
            {item.command.token, BUSBAR_E_OFFLINE, "the connection did not open in time"});
      }
      return late;
    });
  }
}

std::optional<std::string_view> CommandQueue::next(int64_t nowNs, EndedList& ended) {
  expire(nowNs, ended);
  if (!up_ || flying_ || queue_.empty() || silentUntilNs_ > nowNs) {
    return std::nullopt;
  }
  return queue_.front().command.payload;
}

void CommandQueue::sent(int64_t nowNs, EndedList& ended) {
  flying_ = std::move(queue_.front());
  queue_.erase(queue_.begin());
  if (flying_->command.wait) {
    flying_->timeoutNs = nowNs + flying_->command.timeoutMs * kNsPerMs;
  } else {
    land(nowNs, BUSBAR_OK, nullptr, ended);
  }
}

int64_t CommandQueue::nextNs(bool canSend) const {
  int64_t next = kNever;
  for (const Item& item : queue_) {
    next = std::min(next, item.command.deadlineNs);
    if (onDemand_ && !up_ && item.openByNs != 0) {
      next = std::min(next, item.openByNs);
    }
  }
  if (flying_) {
    next = std::min({next, flying_->command.deadlineNs, flying_->timeoutNs});
  } else if (canSend && up_ && !queue_.empty()) {
    next = std::min(next, silentUntilNs_);
  }
  return next;
}

}  // namespace busbar::runner
