// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sdk/base/log.h"
#include "sdk/base/result.h"
#include "tools/busbard/config.h"
#include "tools/busbard/data_folder.h"

namespace busbar::daemon {

// Everything that busbard is made of, built in order of dependence and taken down in reverse:
// stores, site, sandbox, host, API. One loop for front and host. Thread-compatible.
class Daemon {
 public:
  // Opens the stores and loads the site, checks the sandbox, starts the host and listens. Each
  // error is one sentence for the admin. `log` must outlive the daemon.
  static Result<std::unique_ptr<Daemon>> create(const Config& config, DataFolder folder,
                                                Logger& log);
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  ~Daemon();

  // "http://127.0.0.1:8080", of the first listen address.
  const std::string& url() const;
  // Serves until SIGTERM or SIGINT, then stops in order: no new requests, modules, state, runners.
  // SIGHUP reads certificates again; SIGUSR1 makes the log say more, SIGUSR2 less.
  void run();

 private:
  class Parts;
  explicit Daemon(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace busbar::daemon
