// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/link/tcp_peers_link.h"

#include <cerrno>
#include <utility>

#include <busbar/driver.h>

#include "host/link/link_connector.h"
#include "host/link/link_shares.h"

namespace busbar {
namespace {

// News of connections that may wait for the runner; further ones are turned away.
constexpr size_t kMaxWaitingPackets = 256;

}  // namespace

TcpPeersLink::TcpPeersLink(const Context& context, LinkTarget target, PeerFilter filter)
    : PeersLink(context, std::move(target), std::move(filter)),
      buffer_(std::make_unique<char[]>(wire::kMaxPeerData)) {}

TcpPeersLink::~TcpPeersLink() {
  context_.shares.listeners().remove(*this);
}

Status TcpPeersLink::open() {
  TcpListeners::Client& self = *this;
  return context_.shares.listeners().add(context_.loop, self, target().interfaceAddress,
                                         target().port);
}

void TcpPeersLink::close() {
  context_.shares.listeners().remove(*this);
  connections_.clear();
}

void TcpPeersLink::accepted(UniqueFd fd, const wire::PeerAddress& peer) {
  if (pair() == nullptr || connections_.size() >= kMaxConnections ||
      pair()->waiting() >= kMaxWaitingPackets || connections_.contains(peer)) {
    context_.owner.linkLog(BUSBAR_LOG_WARN, "turned " + peer.text() + " away at port " +
                                                std::to_string(target().port) + ": " +
                                                std::to_string(connections_.size()) +
                                                " connections are open");
    return;
  }
  setLinkOptions(fd.get());
  Connection& connection = connections_[peer];
  connection.fd = std::move(fd);
  if (!watch(peer, connection)) {
    connections_.erase(peer);
    return;
  }
  wire::PeerPacket packet;
  packet.kind = wire::PeerPacketKind::Connected;
  packet.peer = peer;
  pair()->send(packet);
}

bool TcpPeersLink::watch(const wire::PeerAddress& peer, Connection& connection) {
  const uint32_t events =
      EPOLLIN | (connection.unsent.empty() ? 0U : static_cast<uint32_t>(EPOLLOUT));
  auto made = context_.loop.watch(connection.fd.get(), events,
                                  [this, peer](uint32_t e) { onEvents(peer, e); });
  if (made.ok()) {
    connection.watch = std::move(*made);
  }
  return made.ok();
}

void TcpPeersLink::onEvents(const wire::PeerAddress& who, uint32_t events) {
  const wire::PeerAddress peer = who;  // outlives the watch
  auto at = connections_.find(peer);
  if ((events & EPOLLOUT) != 0) {
    writeSome(at);
    at = connections_.find(peer);
  }
  if (at == connections_.end() || (events & ~static_cast<uint32_t>(EPOLLOUT)) == 0) {
    return;
  }
  if (pair() == nullptr || pair()->isFull()) {
    at->second.watch.end();  // a hang-up would be reported all the time
    return;
  }
  readSome(at);
}

bool TcpPeersLink::readSome(Connections::iterator at) {
  const ssize_t got =
      ::recv(at->second.fd.get(), buffer_.get(), wire::kMaxPeerData, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
    return false;
  }
  if (got <= 0) {
    end(at, got == 0 ? "connection_closed" : "connection_lost");
    return false;
  }
  wire::PeerPacket packet;
  packet.peer = at->first;
  packet.data = {buffer_.get(), static_cast<size_t>(got)};
  pair()->send(packet);
  return true;
}

void TcpPeersLink::end(Connections::iterator at, std::string_view code) {
  wire::PeerPacket packet;
  packet.kind = wire::PeerPacketKind::Disconnected;
  packet.peer = at->first;
  packet.data = code;
  connections_.erase(at);
  if (pair() != nullptr) {
    pair()->send(packet);
  }
}

void TcpPeersLink::pairWritable() {
  for (auto& [peer, connection] : connections_) {
    if (!connection.watch.active()) {
      static_cast<void>(watch(peer, connection));
    }
  }
}

void TcpPeersLink::writeSome(Connections::iterator at) {
  if (!mayWrite()) {
    fail(Error::because(ErrorCode::Unavailable, "lease_lost",
                        "this host may not speak for the module any more"));
    return;
  }
  Connection& connection = at->second;
  while (!connection.unsent.empty()) {
    const ssize_t sent = ::send(connection.fd.get(), connection.unsent.data(),
                                connection.unsent.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno != EAGAIN && errno != EINTR) {
        end(at, "connection_lost");
        return;
      }
      break;
    }
    connection.unsent.erase(0, static_cast<size_t>(sent));
  }
  if (connection.unsent.empty() && connection.closes) {
    end(at, {});
  } else if (connection.watch.active()) {
    connection.watch.setEvents(
        EPOLLIN | (connection.unsent.empty() ? 0U : static_cast<uint32_t>(EPOLLOUT)));
  }
}

void TcpPeersLink::pairPacket(const wire::PeerPacket& packet) {
  const auto at = connections_.find(packet.peer);
  if (at == connections_.end() || at->second.closes) {
    return;  // it crossed the end of the connection
  }
  if (packet.kind == wire::PeerPacketKind::Close) {
    at->second.closes = true;
  } else if (packet.kind == wire::PeerPacketKind::Data) {
    if (at->second.unsent.size() + packet.data.size() > kMaxUnsentBytes) {
      end(at, "peer_too_slow");
      return;
    }
    at->second.unsent.append(packet.data);
  }
  writeSome(at);
}

}  // namespace busbar
