// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/link/tcp_peers_link.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "host/link/link_connector.h"
#include "host/link/link_shares.h"

namespace busbar {
namespace {

// News of connections that may wait for the runner; further ones are turned away.
constexpr size_t kMaxWaitingPackets = 256;

}  // namespace

TcpPeersLink::TcpPeersLink(const Context& context, LinkTarget target, PeerFilter filter)
    : PeersLink(context, std::move(target), std::move(filter)),
      buffer_(std::make_unique_for_overwrite<char[]>(wire::kMaxPeerData)) {}

TcpPeersLink::~TcpPeersLink() {
  close();
}

Status TcpPeersLink::open() {
  TcpListeners::Client& self = *this;
  return context_.shares.listeners().add(context_.loop, self, target().interfaceAddress,
                                         target().port);
}

void TcpPeersLink::close() {
  context_.shares.listeners().remove(*this);
  while (!connections_.empty()) {
    forget(connections_.begin());
  }
}

// nullptr: there is room for it.
const char* TcpPeersLink::whyNot(const wire::PeerAddress& peer) const {
  if (pair() == nullptr) {
    return "the link is just opened or closed";
  }
  if (connections_.size() >= kMaxConnections) {
    return "as many connections are open as a link may have";
  }
  if (pair()->waiting() >= kMaxWaitingPackets) {
    return "the driver does not take the news of others";
  }
  return connections_.contains(peer) ? "a connection from there is still open" : nullptr;
}

void TcpPeersLink::accepted(UniqueFd fd, const wire::PeerAddress& peer) {
  if (const char* reason = whyNot(peer)) {
    noteTrouble("turned " + peer.text() + " away at port " + std::to_string(target().port) + ": " +
                reason);
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
  auto made = context_.loop.watch(connection.fd.get(), EPOLLIN,
                                  [this, peer](uint32_t events) { onEvents(peer, events); });
  if (made.ok()) {
    connection.watch = std::move(*made);
    watchAgain(connections_.find(peer));
  }
  return made.ok();
}

void TcpPeersLink::watchAgain(Connections::iterator at) {
  Connection& connection = at->second;
  if (connection.watch.active()) {
    connection.watch.setEvents(EPOLLIN |
                               (connection.unsent.empty() ? 0U : static_cast<uint32_t>(EPOLLOUT)));
  }
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

void TcpPeersLink::readSome(Connections::iterator at) {
  const ssize_t got = ::recv(at->second.fd.get(), buffer_.get(), wire::kMaxPeerData, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
    return;
  }
  if (got <= 0) {
    end(at, at->second.goodbye != 0 ? "" : got == 0 ? "connection_closed" : "connection_lost");
    return;
  }
  wire::PeerPacket packet;
  packet.peer = at->first;
  packet.data = {buffer_.get(), static_cast<size_t>(got)};
  pair()->send(packet);
}

void TcpPeersLink::end(Connections::iterator at, std::string_view code) {
  wire::PeerPacket packet;
  packet.kind = wire::PeerPacketKind::Disconnected;
  packet.peer = at->first;
  packet.data = code;
  forget(at);
  if (pair() != nullptr) {
    pair()->send(packet);
  }
}

void TcpPeersLink::forget(Connections::iterator at) {
  context_.loop.cancel(at->second.goodbye);
  connections_.erase(at);
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
  size_t taken = 0;
  while (taken < connection.unsent.size()) {
    const ssize_t sent = ::send(connection.fd.get(), connection.unsent.data() + taken,
                                connection.unsent.size() - taken, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno != EAGAIN && errno != EINTR) {
        end(at, "connection_lost");
        return;
      }
      break;
    }
    taken += static_cast<size_t>(sent);
  }
  connection.unsent.erase(0, taken);
  watchAgain(at);
  if (connection.unsent.empty() && connection.closes) {
    sayGoodbye(at);
  }
}

// A close() would reset the connection and take back what is still on its way.
void TcpPeersLink::sayGoodbye(Connections::iterator at) {
  ::shutdown(at->second.fd.get(), SHUT_WR);
  at->second.goodbye = context_.loop.runAfter(
      kGoodbye, [this, peer = at->first] { end(connections_.find(peer), {}); });
}

void TcpPeersLink::pairPacket(const wire::PeerPacket& packet) {
  if (packet.kind != wire::PeerPacketKind::Data && packet.kind != wire::PeerPacketKind::Close) {
    failByRunner("a packet of a kind that comes from the host");
    return;
  }
  const auto at = connections_.find(packet.peer);
  if (at == connections_.end() || at->second.closes) {
    return;  // it crossed the end of the connection
  }
  if (at->second.unsent.size() + packet.data.size() > kMaxUnsentBytes) {
    end(at, "peer_too_slow");
    return;
  }
  at->second.unsent.append(packet.data);
  at->second.closes = packet.kind == wire::PeerPacketKind::Close;
  writeSome(at);
}

}  // namespace busbar
