// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "tools/busbar/client.h"
#include "tools/busbar/command_line.h"
#include "tools/busbar/output.h"
#include "tools/busbar/verb.h"

namespace busbar::cli {

// What a verb works with. Thread-compatible.
class Session {
 public:
  Session(const VerbTable& table, const Command& command, Connection connection)
      : table_(table), command_(command), client_(std::move(connection)), output_(command.output) {
    if (command.timeoutSeconds > 0) {
      client_.setTimeout(Milliseconds(command.timeoutSeconds * 1000));
    }
  }

  const VerbTable& table() const { return table_; }
  Client& client() { return client_; }
  const Output& output() const { return output_; }
  // For calls into drivers: the server ends them at --timeout, or at the function's own limit; this
  // program waits longer than that. Returns the query to add to the path.
  std::string callLimit() {
    constexpr int kLongestCallSeconds = 600;
    const int seconds = timeoutSeconds().value_or(kLongestCallSeconds);
    client_.setTimeout(Milliseconds((seconds + 10) * 1000));
    return timeoutSeconds() ? "?timeout_ms=" + std::to_string(seconds * 1000) : std::string();
  }
  // As given with --timeout; none when not.
  std::optional<int> timeoutSeconds() const {
    return command_.timeoutSeconds > 0 ? std::optional(command_.timeoutSeconds) : std::nullopt;
  }

 private:
  const VerbTable& table_;
  const Command& command_;
  Client client_;
  Output output_;
};

}  // namespace busbar::cli
