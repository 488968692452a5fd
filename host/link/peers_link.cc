// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/link/peers_link.h"

#include <netinet/in.h>

#include <cstring>
#include <utility>

#include <busbar/driver.h>

namespace busbar {
namespace {

constexpr auto kQuietPeriod = std::chrono::seconds(10);
constexpr int kDriverBug = 6;

}  // namespace

wire::PeerAddress toPeer(const SocketAddress& address) {
  wire::PeerAddress peer;
  if (address.storage.ss_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &address.storage, sizeof in);
    peer.family = 4;
    peer.port = ntohs(in.sin_port);
    std::memcpy(peer.bytes.data(), &in.sin_addr, 4);
    return peer;
  }
  sockaddr_in6 in6{};
  std::memcpy(&in6, &address.storage, sizeof in6);
  peer.port = ntohs(in6.sin6_port);
  if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) {
    peer.family = 4;
    std::memcpy(peer.bytes.data(), in6.sin6_addr.s6_addr + 12, 4);
    return peer;
  }
  peer.family = 6;
  peer.scope = in6.sin6_scope_id;
  std::memcpy(peer.bytes.data(), &in6.sin6_addr, 16);
  return peer;
}

SocketAddress toSocketAddress(const wire::PeerAddress& peer) {
  SocketAddress address;
  if (peer.family == 4) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(peer.port);
    std::memcpy(&in.sin_addr, peer.bytes.data(), 4);
    std::memcpy(&address.storage, &in, sizeof in);
    address.size = sizeof in;
    return address;
  }
  sockaddr_in6 in6{};
  in6.sin6_family = AF_INET6;
  in6.sin6_port = htons(peer.port);
  in6.sin6_scope_id = peer.scope;
  std::memcpy(&in6.sin6_addr, peer.bytes.data(), 16);
  std::memcpy(&address.storage, &in6, sizeof in6);
  address.size = sizeof in6;
  return address;
}

std::optional<wire::PeerAddress> toAddress(const std::string& text) {
  if (text.empty()) {
    return std::nullopt;
  }
  const auto found = resolveAddress(text, 0, SOCK_DGRAM, true);
  return found.ok() ? std::optional(toPeer(found->front())) : std::nullopt;
}

bool isMulticast(const wire::PeerAddress& peer) {
  return peer.family == 4 ? (peer.bytes[0] & 0xf0U) == 0xe0U : peer.bytes[0] == 0xff;
}

PeersLink::PeersLink(const Context& context, LinkTarget target, PeerFilter filter)
    : context_(context),
      filter_(std::move(filter)),
      target_(std::move(target)),
      random_(context.randomSeed | 1U) {}

PeersLink::~PeersLink() {
  *alive_ = false;
  context_.loop.cancel(retryTimer_);
}

Result<PeerFilter> PeersLink::filterOf(const LinkTarget& target) {
  PeerFilter filter;
  for (size_t i = 0; i < target.peers.size(); ++i) {
    if (const Status added = filter.add(target.peers[i]); !added.ok()) {
      return Error::at(ErrorCode::InvalidArgument, "/peers/" + std::to_string(i),
                       added.error().message);
    }
  }
  if (!target.interfaceAddress.empty() && !toAddress(target.interfaceAddress)) {
    return Error::at(ErrorCode::InvalidArgument, "/interface",
                     target.interfaceAddress + " is not an address");
  }
  if (const auto group = toAddress(target.group);
      !target.group.empty() && !(group && isMulticast(*group))) {
    return Error::at(ErrorCode::InvalidArgument, "/group",
                     target.group + " is not a multicast address");
  }
  return filter;
}

void PeersLink::connect() {
  wanted_ = true;
  if (!trying_ && pair_ == nullptr) {
    context_.loop.cancel(std::exchange(retryTimer_, 0));
    begin();
  }
}

void PeersLink::disconnect() {
  wanted_ = false;
  trying_ = false;
  ++generation_;
  context_.loop.cancel(std::exchange(retryTimer_, 0));
  close();
  pair_.reset();
}

void PeersLink::lost(uint32_t generation) {
  if (generation == generation_ && pair_ != nullptr) {
    close();
    pair_.reset();
    retryLater();
  }
}

void PeersLink::finish() {
  if (pair_ != nullptr) {
    pair_->drain();
  }
}

void PeersLink::begin() {
  trying_ = true;
  ++generation_;
  if (!target_.peers.empty() || target_.host.empty()) {
    up();
    return;
  }
  auto literal = resolveAddress(target_.host, target_.port, SOCK_DGRAM, true);
  if (literal.ok()) {
    resolved(literal);
    return;
  }
  const Status queued =
      context_.pool.run([this, alive = alive_, generation = generation_, host = target_.host,
                         port = target_.port, &loop = context_.loop]() mutable {
        auto addresses = resolveAddress(host, port, SOCK_DGRAM, false);
        loop.post([this, alive = std::move(alive), generation, addresses = std::move(addresses)] {
          if (*alive && generation == generation_) {
            resolved(addresses);
          }
        });
      });
  if (!queued.ok()) {
    fail(queued.error());
  }
}

void PeersLink::resolved(const Result<std::vector<SocketAddress>>& addresses) {
  if (!addresses.ok()) {
    fail(addresses.error());
    return;
  }
  filter_ = PeerFilter();
  for (const SocketAddress& address : *addresses) {
    filter_.add(toPeer(address));
  }
  up();
}

void PeersLink::up() {
  if (filter_.empty() && target_.group.empty() && !target_.broadcast) {
    fail(Error::of(ErrorCode::FailedPrecondition,
                   "nobody may talk to port " + std::to_string(target_.port) +
                       ": set ip, or peers of the link in the settings"));
    return;
  }
  if (const Status opened = open(); !opened.ok()) {
    fail(opened.error());
    return;
  }
  UniqueFd theirs;
  PeerPair::Owner& self = *this;
  auto pair = PeerPair::create(context_.loop, self, theirs);
  if (!pair) {
    fail(pair.error());
    return;
  }
  pair_ = std::move(*pair);
  trying_ = false;
  backoff_.reset();
  context_.owner.linkUp(context_.linkId, generation_, target_.kind, std::move(theirs), {});
}

void PeersLink::fail(const Error& error) {
  trying_ = false;
  close();
  const bool wasUp = pair_ != nullptr;
  pair_.reset();
  retryLater();
  if (wasUp) {
    context_.owner.linkDown(context_.linkId, generation_, &error);
  } else {
    context_.owner.linkFailed(context_.linkId, error);
  }
}

void PeersLink::retryLater() {
  random_ = random_ * 1664525U + 1013904223U;  // Numerical Recipes LCG: jitter needs no more
  context_.loop.cancel(retryTimer_);
  retryTimer_ = context_.loop.runAfter(backoff_.next(random_ >> 8U), [this] {
    retryTimer_ = 0;
    if (wanted_ && !trying_ && pair_ == nullptr) {
      begin();
    }
  });
}

void PeersLink::pairClosed(const std::string& bug) {
  if (!bug.empty()) {
    failByRunner(bug);
    return;
  }
  close();
  pair_.reset();
  retryLater();
}

void PeersLink::failByRunner(const std::string& bug) {
  note(bugs_, kDriverBug, "link of port " + std::to_string(target_.port) + ": " + bug);
  fail(Error::of(ErrorCode::Internal, "the driver's process sent " + bug));
}

void PeersLink::noteRefused(const wire::PeerAddress& peer) {
  note(refusals_, BUSBAR_LOG_WARN,
       "refused " + peer.text() + " at port " + std::to_string(target_.port) +
           ": not a peer of the link");
}

void PeersLink::noteDriverBug(const std::string& message) {
  note(bugs_, kDriverBug, message);
}

void PeersLink::noteTrouble(const std::string& message) {
  note(troubles_, BUSBAR_LOG_WARN, message);
}

void PeersLink::note(Quiet& quiet, int level, const std::string& message) {
  ++quiet.count;
  if (context_.loop.now() < quiet.until) {
    return;
  }
  quiet.until = context_.loop.now() + kQuietPeriod;
  const uint64_t times = std::exchange(quiet.count, 0);
  context_.owner.linkLog(
      level,
      times > 1 ? message + " (" + std::to_string(times) + " times since the last line)" : message);
}

}  // namespace busbar
