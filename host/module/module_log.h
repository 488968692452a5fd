// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "host/client/host_client.h"

namespace busbar {

// Replaces every occurrence of a module's secret values (6 bytes or more) before text leaves the
// host. Value type. Does not protect against a driver that encodes a secret before it prints it.
class SecretMask {
 public:
  SecretMask() = default;
  explicit SecretMask(std::vector<std::string> secrets);
  bool empty() const { return secrets_.empty(); }
  // Replaces in place; true if anything was replaced.
  bool apply(std::string& text) const;
  bool hits(std::string_view text) const;

 private:
  std::vector<std::string> secrets_;
};

// The last 500 lines of one module. Loop-only.
class LogRing {
 public:
  static constexpr size_t kLines = 500;
  static constexpr size_t kMaxLineBytes = 8192;

  void add(LogLine line);
  std::vector<LogLine> all() const { return {lines_.begin(), lines_.end()}; }

 private:
  std::deque<LogLine> lines_;
};

}  // namespace busbar
