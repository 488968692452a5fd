// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/link/tcp_listeners.h"

#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "host/link/peers_link.h"

namespace busbar {
namespace {

constexpr int kAcceptsPerTurn = 16;
constexpr int kBacklog = 64;
constexpr auto kRest = Milliseconds(200);

}  // namespace

Status TcpListeners::add(EventLoop& loop, Client& client, const std::string& interfaceAddress,
                         uint16_t port) {
  const auto same = std::find_if(listeners_.begin(), listeners_.end(), [&](const auto& listener) {
    return listener->port == port && listener->interfaceAddress == interfaceAddress;
  });
  if (same != listeners_.end()) {
    (*same)->clients.push_back(&client);
    return {};
  }
  auto listener = std::make_unique<Listener>(loop);
  listener->interfaceAddress = interfaceAddress;
  listener->port = port;
  BUSBAR_TRY(listen(*listener));
  auto watch =
      loop.watch(listener->fd.get(), EPOLLIN, [at = listener.get()](uint32_t) { acceptSome(*at); });
  BUSBAR_TRY(watch);
  listener->watch = std::move(*watch);
  listener->clients.push_back(&client);
  listeners_.push_back(std::move(listener));
  return {};
}

void TcpListeners::remove(Client& client) {
  for (const auto& listener : listeners_) {
    std::erase(listener->clients, &client);
  }
  std::erase_if(listeners_, [](const auto& listener) { return listener->clients.empty(); });
}

// All addresses: IPv6 and IPv4 in one socket, where the machine has IPv6.
Status TcpListeners::listen(Listener& listener) {
  const bool any = listener.interfaceAddress.empty();
  Error error;
  for (const char* host : {any ? "::" : listener.interfaceAddress.c_str(), any ? "0.0.0.0" : ""}) {
    if (*host == '\0') {
      break;
    }
    const auto found = resolveAddress(host, listener.port, SOCK_STREAM, true);
    BUSBAR_TRY(found);
    const SocketAddress& at = found->front();
    listener.fd.reset(
        ::socket(at.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int one = 1;
    const int zero = 0;
    setsockopt(listener.fd.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (any && at.storage.ss_family == AF_INET6) {
      setsockopt(listener.fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
    }
    if (listener.fd.valid() && ::bind(listener.fd.get(), at.get(), at.size) == 0 &&
        ::listen(listener.fd.get(), kBacklog) == 0) {
      return {};
    }
    error = Error::fromErrno(errno, "listen at " + at.text());
  }
  return error;
}

TcpListeners::Client* TcpListeners::findBest(const Listener& listener,
                                             const wire::PeerAddress& peer) {
  Client* best = nullptr;
  int longest = -1;
  for (Client* client : listener.clients) {
    const int prefix = client->prefixOf(peer);
    if (prefix > longest) {
      best = client;
      longest = prefix;
    }
  }
  return best;
}

// A client may be removed, and with it the listener, by what it does with a connection: so one at a
// time, the rest by the next event.
void TcpListeners::acceptSome(Listener& listener) {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    SocketAddress from;
    from.size = sizeof from.storage;
    UniqueFd fd(::accept4(listener.fd.get(), from.get(), &from.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        rest(listener);
      }
      return;
    }
    const wire::PeerAddress peer = toPeer(from);
    if (Client* client = findBest(listener, peer)) {
      client->accepted(std::move(fd), peer);
      return;
    }
    const linger reset{1, 0};
    setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    for (Client* client : listener.clients) {
      client->refused(peer);
    }
  }
}

// The connection that cannot be taken stays in the backlog and would be reported all the time.
void TcpListeners::rest(Listener& listener) {
  listener.watch.setEvents(0);
  listener.rest = listener.loop.runAfter(kRest, [at = &listener] {
    at->rest = 0;
    at->watch.setEvents(EPOLLIN);
  });
}

}  // namespace busbar
