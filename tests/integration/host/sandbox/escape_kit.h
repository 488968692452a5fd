// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/sandbox/layers.h"
#include "sdk/base/result.h"
#include "sdk/base/unique_fd.h"
#include "tests/drivers/escape/escape.h"
#include "tests/support/temp_dir.h"

namespace busbar::sandbox {

struct EscapeAttempt {
  std::string name;
  std::string category;
  bool afterLoadOnly = false;
};
const std::vector<EscapeAttempt>& escapeAttempts();

// What attempts aim at on the host: a folder with files, listening sockets, and a process of the
// same user. All of it is loopback and temporary.
class EscapeTargets {
 public:
  EscapeTargets();
  EscapeTargets(const EscapeTargets&) = delete;
  EscapeTargets& operator=(const EscapeTargets&) = delete;
  ~EscapeTargets();

  // Puts the files back and fills in what an attempt needs to know.
  escape_context prepare(uint32_t attempt, escape_where where);
  std::string driverFolder() const { return driver_.path(); }
  // What a runner with links holds.
  UniqueFd connectedTcp();
  UniqueFd connectedUdp() const;
  UniqueFd terminal() const;

 private:
  test::TempDir folder_;
  test::TempDir driver_;
  std::vector<UniqueFd> keep_;  // listening sockets, the terminal's other end
  UniqueFd deviceTcp_;
  uint32_t deviceTcpPort_ = 0;
  uint32_t deviceUdpPort_ = 0;
  std::string terminalPath_;
  escape_context base_{};
  pid_t victim_ = -1;
};

}  // namespace busbar::sandbox
