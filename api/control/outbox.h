// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "api/control/variable_table.h"

namespace busbar::api {

// What waits, in order, for a reader that is behind: messages as they are, and of bindings whose
// older values may give way only that they changed; their value is looked up when it is sent.
// Loop-only.
class Outbox {
 public:
  using Entry = std::variant<std::string, Binding*>;
  static constexpr size_t kMarkBytes = 64;  // what a waiting binding costs

  void add(std::string text) {
    bytes_ += text.size();
    entries_.emplace_back(std::move(text));
  }
  // False when it waits already: the older value gives way.
  bool add(Binding& binding) {
    if (std::exchange(binding.isWaiting, true)) {
      return false;
    }
    bytes_ += kMarkBytes;
    entries_.emplace_back(&binding);
    return true;
  }
  void forget(const Binding& binding) {
    if (binding.isWaiting) {
      std::erase_if(entries_, [&binding](const Entry& entry) {
        const auto* waiting = std::get_if<Binding*>(&entry);
        return waiting != nullptr && *waiting == &binding;
      });
      bytes_ -= kMarkBytes;
    }
  }
  std::optional<Entry> take() {
    if (entries_.empty()) {
      return std::nullopt;
    }
    Entry first = std::move(entries_.front());
    entries_.pop_front();
    if (Binding** binding = std::get_if<Binding*>(&first)) {
      (*binding)->isWaiting = false;
      bytes_ -= kMarkBytes;
    } else {
      bytes_ -= std::get<std::string>(first).size();
    }
    return first;
  }
  size_t bytes() const { return bytes_; }

 private:
  std::deque<Entry> entries_;
  size_t bytes_ = 0;
};

}  // namespace busbar::api
