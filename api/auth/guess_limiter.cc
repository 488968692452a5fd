// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/guess_limiter.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace busbar::auth {

GuessLimiter::Entry* GuessLimiter::find(const std::string& key, Instant now) {
  const auto it = entries_.find(key);
  if (it == entries_.end()) {
    return nullptr;
  }
  auto& guesses = it->second.guesses;
  while (!guesses.empty() && now - guesses.front() >= kWindow) {
    guesses.pop_front();
  }
  return &it->second;
}

int GuessLimiter::secondsToWait(const std::string& key, Instant now) {
  const Entry* entry = find(key, now);
  if (entry == nullptr || entry->guesses.size() < kFreeGuesses) {
    return 0;
  }
  Instant allowed = entry->guesses.front() + kWindow;
  if (const size_t made = entry->guesses.size(); made < kGuesses) {
    allowed = entry->guesses.back() + std::chrono::seconds(1LL << (made - kFreeGuesses));
  }
  const auto left = std::chrono::ceil<std::chrono::seconds>(allowed - now);
  return static_cast<int>(std::max<int64_t>(left.count(), 0));
}

void GuessLimiter::begin(const std::string& key, Instant now) {
  if (Entry* known = find(key, now)) {
    uses_.splice(uses_.end(), uses_, known->use);
    known->guesses.push_back(now);
    return;
  }
  if (entries_.size() >= kMaxKeys) {
    entries_.erase(uses_.front());
    uses_.pop_front();
  }
  uses_.push_back(key);
  entries_[key] = {{now}, std::prev(uses_.end())};
}

void GuessLimiter::takeBack(const std::string& key) {
  const auto it = entries_.find(key);
  if (it == entries_.end()) {
    return;
  }
  if (!it->second.guesses.empty()) {
    it->second.guesses.pop_back();
  }
  if (it->second.guesses.empty()) {
    uses_.erase(it->second.use);
    entries_.erase(it);
  }
}

std::string addressBlock(std::string_view address) {
  std::string text(address);
  std::array<char, 16> bytes{};
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) {
    return {bytes.data(), 8};
  }
  return text;
}

}  // namespace busbar::auth
