// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/module/module_log.h"

#include <algorithm>
#include <utility>

#include "sdk/base/json.h"

namespace busbar {
namespace {

constexpr size_t kShortestSecret = 6;  // shorter ones would mask ordinary words
constexpr std::string_view kMask = "[secret]";

}  // namespace

SecretMask::SecretMask(std::vector<std::string> secrets) : secrets_(std::move(secrets)) {
  std::erase_if(secrets_, [](const std::string& s) { return s.size() < kShortestSecret; });
  // In JSON text a secret stands escaped.
  const size_t plain = secrets_.size();
  for (size_t i = 0; i < plain; ++i) {
    std::string escaped;
    json::appendString(escaped, secrets_[i]);
    escaped = escaped.substr(1, escaped.size() - 2);
    if (escaped != secrets_[i]) {
      secrets_.push_back(std::move(escaped));
    }
  }
  // Longest first: one secret may contain another.
  std::sort(secrets_.begin(), secrets_.end(),
            [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
}

bool SecretMask::apply(std::string& text) const {
  bool replaced = false;
  for (const std::string& secret : secrets_) {
    for (size_t at = text.find(secret); at != std::string::npos;
         at = text.find(secret, at + kMask.size())) {
      text.replace(at, secret.size(), kMask);
      replaced = true;
    }
  }
  return replaced;
}

bool SecretMask::hits(std::string_view text) const {
  return std::any_of(secrets_.begin(), secrets_.end(), [&](const std::string& secret) {
    return text.find(secret) != std::string_view::npos;
  });
}

void LogRing::add(LogLine line) {
  if (line.message.size() > kMaxLineBytes) {
    size_t cut = kMaxLineBytes;
    while (cut > 0 && (static_cast<unsigned char>(line.message[cut]) & 0xC0U) == 0x80U) {
      --cut;  // not inside a UTF-8 sequence
    }
    line.message.resize(cut);
  }
  lines_.push_back(std::move(line));
  if (lines_.size() > kLines) {
    lines_.pop_front();
  }
}

}  // namespace busbar
