// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "api/auth/oauth/auth_parts.h"
#include "api/http/router/router.h"
#include "sdk/base/event_loop.h"

namespace busbar::oauth {

// The first admin. While there is no user at all, a one-time token stands in a file that only the
// daemon's own user reads; who shows it within 30 minutes makes the first admin, once. A restart
// makes a new token. The control socket needs none of this. Loop-only.
class Setup {
 public:
  static constexpr Milliseconds kLife{30 * 60 * 1000};

  // `parts` must outlive this.
  explicit Setup(AuthParts& parts) : parts_(parts) {}
  ~Setup() { end(); }
  Setup(const Setup&) = delete;
  Setup& operator=(const Setup&) = delete;

  // Writes the token to `path` (mode 0600) when there is no user yet; removes what an earlier start
  // left there otherwise. Blocks for one small file: for use before the loop runs.
  Status begin(const std::string& path);
  // True while a token can be shown.
  bool isOpen() const { return !hash_.empty(); }

  // POST /api/busbar/v1/setup {token, email, name, password}.
  void addRoutes(http::Router& router);

 private:
  void end();
  void run(http::Request& request, http::Responder responder);
  void makeAdmin(const std::shared_ptr<Exchange>& exchange, model::User user,
                 const Result<std::string>& hash);

  AuthParts& parts_;
  std::string path_;
  std::string hash_;  // of the token; empty: there is none
  TimerId timer_ = 0;
  bool isBusy_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with completions
};

}  // namespace busbar::oauth
