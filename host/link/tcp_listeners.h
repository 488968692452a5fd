// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "host/link/address.h"
#include "sdk/base/event_loop.h"
#include "sdk/base/result.h"
#include "sdk/base/unique_fd.h"
#include "sdk/wire/peer_packet.h"

namespace busbar {

// The ports at which devices call in: each is open while somebody listens, and may be shared. A
// connection goes to whoever permits its address by the longest block; of equals to the first. What
// nobody permits is closed at once. Out of descriptors, a port rests for a moment. Loop-only.
class TcpListeners {
 public:
  class Client {
   public:
    virtual ~Client() = default;
    virtual int prefixOf(const wire::PeerAddress& peer) const = 0;  // -1: not permitted
    virtual void accepted(UniqueFd fd, const wire::PeerAddress& peer) = 0;
    virtual void refused(const wire::PeerAddress& peer) = 0;
  };

  TcpListeners() = default;
  TcpListeners(const TcpListeners&) = delete;
  TcpListeners& operator=(const TcpListeners&) = delete;

  // `interfaceAddress` is an address of ours; empty: all of them.
  Status add(EventLoop& loop, Client& client, const std::string& interfaceAddress, uint16_t port);
  void remove(Client& client);
  size_t openPorts() const { return listeners_.size(); }

 private:
  struct Listener {
    explicit Listener(EventLoop& at) : loop(at) {}
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    ~Listener() { loop.cancel(rest); }
    EventLoop& loop;
    TimerId rest = 0;
    std::string interfaceAddress;
    uint16_t port = 0;
    UniqueFd fd;
    FdWatch watch;
    std::vector<Client*> clients;
  };
  static Status listen(Listener& listener);
  static void acceptSome(Listener& listener);
  static void rest(Listener& listener);
  static Client* findBest(const Listener& listener, const wire::PeerAddress& peer);

  std::vector<std::unique_ptr<Listener>> listeners_;
};

}  // namespace busbar
