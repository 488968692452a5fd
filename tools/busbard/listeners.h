// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "api/http/front/front.h"
#include "api/metrics/metrics.h"
#include "registry/site/site.h"
#include "sdk/base/event_loop.h"
#include "sdk/base/log.h"
#include "sdk/base/unique_fd.h"
#include "tools/busbard/config.h"

namespace busbar::daemon {

// Where busbard is reached: the control socket, and the addresses of the configuration. While the
// site has no admin, nothing but this machine reaches it: 127.0.0.1 stands in for each address that
// is not loopback, with its port. As soon as there is an admin, the stand-ins end and the addresses
// themselves are opened; one that is taken by then is tried again until it is free. Loop-only.
class Listeners {
 public:
  // All must outlive this; `metrics` must not be scraped after it.
  struct Surroundings {
    EventLoop& loop;
    http::Handler& handler;
    Site& site;
    Logger& log;
    api::Metrics& metrics;
  };
  Listeners(Surroundings surroundings, const Config& config);
  Listeners(const Listeners&) = delete;
  Listeners& operator=(const Listeners&) = delete;
  ~Listeners();

  // Binds all; the control socket is `folder`/control.sock. Errors as of http::Front::create().
  Status open(const std::string& folder);
  // "http://127.0.0.1:8080": the first that is open now.
  const std::string& url() const { return url_; }

  // Reads certificates again; what fails is logged, and its present one stays.
  void reloadCertificates();
  // Takes no new requests anywhere; `done` when all are answered, or at `limit`.
  void drain(Instant limit, Callback<void()> done);

 private:
  Status add(const ListenAddress& address);
  Status addStandIn(const ListenAddress& address);
  Status openControlSocket(const std::string& folder);
  void follow();
  void openRest();

  static constexpr Milliseconds kRetry{1'000};

  Surroundings with_;
  const Config& config_;
  UniqueFd folderFd_;
  std::unique_ptr<http::Front> control_;
  std::vector<std::unique_ptr<http::Front>> fronts_;
  std::vector<std::unique_ptr<http::Front>> standIns_;  // drained ones stay, for their figures
  std::vector<ListenAddress> waiting_;                  // for the first admin
  std::string url_;
  Site::Subscription subscription_;
  TimerId retryTimer_ = 0;
  bool isOpening_ = false;  // stand-ins are drained, the rest is open or tried
  bool hasComplained_ = false;
  bool isStopping_ = false;
  size_t draining_ = 0;
  // Tells deferred work that this is gone; shared with it.
  std::shared_ptr<bool> isAlive_ = std::make_shared<bool>(true);
};

}  // namespace busbar::daemon
