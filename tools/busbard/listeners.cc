// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbard/listeners.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "registry/site/cascade.h"
#include "sdk/base/net/address_guard.h"

namespace busbar::daemon {
namespace {

constexpr const char* kLoopback = "127.0.0.1";

http::FrontOptions frontOptions(const Config& config, const ListenAddress& address) {
  http::FrontOptions options;
  options.address = address.host;
  options.port = address.port;
  options.tlsCertificateFile = config.tlsCertificateFile;
  options.tlsKeyFile = config.tlsKeyFile;
  options.maxConnections = static_cast<size_t>(config.maxConnections);
  options.maxConnectionsPerAddress = static_cast<size_t>(config.maxConnectionsPerAddress);
  options.maxBodyBytesInMemory = static_cast<size_t>(config.maxBodyMemoryBytes);
  options.headTimeout = config.headTimeout;
  options.bodyTimeout = config.bodyTimeout;
  options.idleTimeout = config.idleTimeout;
  return options;
}

bool isLoopback(const ListenAddress& address) {
  const auto ip = IpAddress::parse(address.host);
  return ip && classify(*ip) == AddressKind::Loopback;
}

}  // namespace

Listeners::Listeners(Surroundings surroundings, const Config& config)
    : with_(surroundings), config_(config) {}

Listeners::~Listeners() {
  *isAlive_ = false;
  with_.loop.cancel(retryTimer_);
}

Status Listeners::open(const std::string& folder) {
  const bool isSetUp = hasAdmin(with_.site);
  std::vector<ListenAddress> later;
  for (const ListenAddress& address : config_.listen) {
    if (isSetUp || isLoopback(address)) {
      BUSBAR_TRY(add(address));
    } else {
      later.push_back(address);
    }
  }
  for (const ListenAddress& address : later) {
    BUSBAR_TRY(addStandIn(address));
  }
  BUSBAR_TRY(openControlSocket(folder));
  if (!waiting_.empty()) {
    subscription_ =
        with_.site.subscribe([this](const ConfigChange&, const model::Record*) { follow(); });
  }
  return {};
}

Status Listeners::add(const ListenAddress& address) {
  auto front = http::Front::create(with_.loop, with_.handler, frontOptions(config_, address));
  if (!front) {
    return front.error();
  }
  fronts_.push_back(std::move(*front));
  url_ = fronts_.front()->url();
  with_.metrics.addFront(fronts_.back()->url(),
                         [each = fronts_.back().get()] { return each->stats(); });
  return {};
}

// One port on loopback can stand in for several addresses, and a configured one for others.
Status Listeners::addStandIn(const ListenAddress& address) {
  waiting_.push_back(address);
  const ListenAddress local{kLoopback, address.port};
  const auto serves = [&local](const std::unique_ptr<http::Front>& front) {
    return local.port != 0 && front->url().ends_with("://" + toString(local));
  };
  if (std::none_of(fronts_.begin(), fronts_.end(), serves) &&
      std::none_of(standIns_.begin(), standIns_.end(), serves)) {
    auto front = http::Front::create(with_.loop, with_.handler, frontOptions(config_, local));
    if (!front) {
      return front.error();
    }
    standIns_.push_back(std::move(*front));
    waiting_.back().port = standIns_.back()->port();  // which the kernel may have chosen
    url_ = (fronts_.empty() ? standIns_ : fronts_).front()->url();
    with_.metrics.addFront(standIns_.back()->url(),
                           [each = standIns_.back().get()] { return each->stats(); });
  }
  with_.log.warn("busbard", "there is no admin yet: only this machine is listened to",
                 {{"url", url_}, {"later", toString(waiting_.back())}});
  return {};
}

// Opened through the folder's descriptor, so that a long path fits.
Status Listeners::openControlSocket(const std::string& folder) {
  folderFd_.reset(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folderFd_) {
    return Error::fromErrno(errno, "open data folder " + folder);
  }
  http::FrontOptions options;
  options.unixPath = "/proc/self/fd/" + std::to_string(folderFd_.get()) + "/control.sock";
  auto front = http::Front::create(with_.loop, with_.handler, std::move(options));
  if (!front) {
    return front.error();
  }
  control_ = std::move(*front);
  with_.metrics.addFront("control", [each = control_.get()] { return each->stats(); });
  return {};
}

void Listeners::follow() {
  if (isOpening_ || !hasAdmin(with_.site)) {
    return;
  }
  isOpening_ = true;
  with_.loop.defer([this, isAlive = isAlive_] {
    if (!*isAlive || isStopping_) {
      return;
    }
    subscription_ = Site::Subscription();
    // Their ports are needed. Requests in work, such as the one that made the admin, are answered.
    for (const auto& front : standIns_) {
      front->drain(with_.loop.clock().now() + config_.stopTimeout, [] {});
    }
    openRest();
  });
}

void Listeners::openRest() {
  retryTimer_ = 0;
  std::erase_if(waiting_, [this](const ListenAddress& address) {
    const Status added = add(address);
    if (!added.ok()) {
      if (!std::exchange(hasComplained_, true)) {
        with_.log.error("busbard", "not listening yet; it is tried again",
                        {{"address", toString(address)}, {"why", added.error().message}});
      }
      return false;
    }
    with_.log.info("busbard", "there is an admin: listening", {{"url", fronts_.back()->url()}});
    return true;
  });
  if (!waiting_.empty()) {
    retryTimer_ = with_.loop.runAfter(kRetry, [this] { openRest(); });
  }
}

void Listeners::reloadCertificates() {
  if (config_.tlsCertificateFile.empty()) {
    return;
  }
  for (const auto* fronts : {&fronts_, &standIns_}) {
    for (const auto& front : *fronts) {
      if (const Status reloaded = front->reloadCertificates(); !reloaded.ok()) {
        with_.log.error("busbard", "the certificate stays as it was",
                        {{"url", front->url()}, {"why", reloaded.error().message}});
      } else {
        with_.log.info("busbard", "certificate read again", {{"url", front->url()}});
      }
    }
  }
}

void Listeners::drain(Instant limit, Callback<void()> done) {
  isStopping_ = true;
  with_.loop.cancel(std::exchange(retryTimer_, 0));
  std::vector<http::Front*> open{control_.get()};
  for (const auto& front : fronts_) {
    open.push_back(front.get());
  }
  for (const auto& front : standIns_) {
    if (!isOpening_) {  // else they are drained already
      open.push_back(front.get());
    }
  }
  draining_ = open.size();
  const auto last = std::make_shared<Callback<void()>>(std::move(done));  // shared by all of them
  for (http::Front* front : open) {
    front->drain(limit, [this, last] {
      if (--draining_ == 0) {
        (*last)();
      }
    });
  }
}

}  // namespace busbar::daemon
