// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/service/store/store_turns.h"

namespace busbar {

void StoreTurns::ask(Waiter& waiter) {
  waiting_.push_back(&waiter);
  next();
}

void StoreTurns::forget(Waiter& waiter) {
  std::erase(waiting_, &waiter);
}

void StoreTurns::done() {
  --underWay_;
  next();
}

void StoreTurns::next() {
  while (underWay_ < kAtOnce && !waiting_.empty()) {
    Waiter* waiter = waiting_.front();
    waiting_.pop_front();
    ++underWay_;
    waiter->turn();
  }
}

}  // namespace busbar
