// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/net/resolver.h"

#include <netdb.h>
#include <sys/socket.h>

#include <utility>

namespace busbar {
namespace {

// Blocks; only on a pool thread.
Result<std::vector<IpAddress>> look(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (code != 0) {
    return Error::because(
        ErrorCode::Unavailable, "dns_failed",
        "resolve " + host + ": " + gai_strerror(code) + "; check the name and the DNS server");
  }
  std::vector<IpAddress> addresses;
  for (const addrinfo* at = found; at != nullptr && addresses.size() < Resolver::kMaxAddresses;
       at = at->ai_next) {
    if (const auto address = IpAddress::fromSockaddr(at->ai_addr, at->ai_addrlen)) {
      addresses.push_back(*address);
    }
  }
  freeaddrinfo(found);
  if (addresses.empty()) {
    return Error::because(ErrorCode::Unavailable, "dns_failed",
                          "resolve " + host + ": it has no IPv4 and no IPv6 address");
  }
  return addresses;
}

}  // namespace

void SystemResolver::resolve(const std::string& host, Done done) {
  if (const auto kept = kept_.find(host); kept != kept_.end() && kept->second.until > loop_.now()) {
    loop_.defer(
        [alive = alive_, done = std::move(done), addresses = kept->second.addresses]() mutable {
          if (*alive) {
            done(std::move(addresses));
          }
        });
    return;
  }
  std::vector<Done>& waiting = waiting_[host];
  waiting.push_back(std::move(done));
  if (waiting.size() == 1) {
    ask(host);
  }
}

void SystemResolver::ask(const std::string& host) {
  const Status queued = pool_.run([this, alive = alive_, host, &loop = loop_] {
    auto addresses = look(host);
    loop.post([this, alive, host, addresses = std::move(addresses)]() mutable {
      if (*alive) {
        answered(host, std::move(addresses));
      }
    });
  });
  if (!queued.ok()) {
    loop_.defer([this, alive = alive_, host, error = queued.error()]() mutable {
      if (*alive) {
        answered(host, std::move(error));
      }
    });
  }
}

void SystemResolver::answered(const std::string& host, Result<std::vector<IpAddress>> addresses) {
  if (addresses.ok()) {
    keep(host, *addresses);
  }
  auto waiting = waiting_.extract(host);
  const auto alive = alive_;
  for (Done& done : waiting.mapped()) {
    done(addresses);
    if (!*alive) {
      return;
    }
  }
}

void SystemResolver::keep(const std::string& host, const std::vector<IpAddress>& addresses) {
  if (kept_.size() >= kMaxKept) {
    std::erase_if(kept_,
                  [now = loop_.now()](const auto& kept) { return kept.second.until <= now; });
  }
  if (kept_.size() < kMaxKept || kept_.count(host) > 0) {
    kept_[host] = {addresses, loop_.now() + kKeepFor};
  }
}

}  // namespace busbar
