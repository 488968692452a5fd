// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>

namespace busbar {

// Who may use the store now. Modules take turns of one request, a few at a time: a module that
// floods waits behind the others, and writes of the configuration never wait behind many modules.
// Loop-only.
class StoreTurns {
 public:
  static constexpr size_t kAtOnce = 8;

  class Waiter {
   public:
    // Begins one request, which ends with done().
    virtual void turn() = 0;

   protected:
    ~Waiter() = default;
  };

  // One turn for `waiter`, now or later; it asks again after that.
  void ask(Waiter& waiter);
  // It wants no turn any more.
  void forget(Waiter& waiter);
  // A turn is over.
  void done();

 private:
  void next();

  std::deque<Waiter*> waiting_;
  size_t underWay_ = 0;
};

}  // namespace busbar
