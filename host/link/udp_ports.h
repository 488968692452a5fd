// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "sdk/base/event_loop.h"
#include "sdk/base/result.h"
#include "sdk/base/unique_fd.h"
#include "sdk/wire/peer_packet.h"

namespace busbar {

// The ports at which datagrams of many peers come, and from which they go: each is one socket, open
// while somebody uses it, and shared. A datagram goes to everybody who permits its sender; of one
// that nobody permits, all are told. A client that is full misses what comes meanwhile, and nobody
// else does; only when all are full it waits in the kernel, which drops what is too much.
// Loop-only.
class UdpPorts {
 public:
  // Within these nobody may be added or removed.
  class Client {
   public:
    virtual ~Client() = default;
    virtual bool permits(const wire::PeerAddress& peer) const = 0;
    virtual bool isFull() const = 0;  // until it calls resume()
    virtual void received(const wire::PeerPacket& packet) = 0;
    virtual void missed(const wire::PeerAddress& peer) = 0;  // permitted, while it was full
    virtual void refused(const wire::PeerAddress& peer) = 0;
  };

  // Where a socket is bound. Equal places are one socket; but port 0, which is any that is free, is
  // for one client alone.
  struct Place {
    wire::PeerAddress own;  // of ours; no bytes: all addresses of its family
    // Joined; `own` is then all addresses. Others on this machine may join it at the same port.
    std::optional<wire::PeerAddress> group = {};
    std::optional<wire::PeerAddress> interface = {};  // the group's; none: as the routes say
    bool operator==(const Place&) const = default;
  };

  UdpPorts() = default;
  UdpPorts(const UdpPorts&) = delete;
  UdpPorts& operator=(const UdpPorts&) = delete;

  // A client may be at several places, one of each family. `broadcasts`: it may send to broadcast
  // addresses. Unavailable and what else the system says: the port is taken, or the interface is
  // not there.
  Status add(EventLoop& loop, Client& client, const Place& place, bool broadcasts);
  void remove(Client& client);  // also one that was never added
  void resume(const Client& client);
  // Out of the client's socket of that family. What the kernel does not take at once is lost, which
  // is no error, as datagrams are.
  Status send(const Client& client, const wire::PeerAddress& peer, std::string_view data);
  size_t openPorts() const { return ports_.size(); }

 private:
  struct Member {
    Client* client;
    bool broadcasts;
  };
  struct Port {
    Place place;
    UniqueFd fd;
    FdWatch watch;
    std::vector<Member> members;
    bool broadcasts = false;  // SO_BROADCAST, as the last sender may

    const Member* find(const Client& client) const;
    bool isFull() const;  // all of its clients are
    void allowBroadcast(bool isAllowed);
  };
  Result<Port*> open(EventLoop& loop, const Place& place);
  void onReadable(Port& port);
  static void deliver(const Port& port, const wire::PeerPacket& packet);

  std::vector<std::unique_ptr<Port>> ports_;
  std::unique_ptr<char[]> buffer_;  // of the datagram that is delivered; made at the first use
};

}  // namespace busbar
