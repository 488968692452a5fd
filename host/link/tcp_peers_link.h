// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "host/link/peers_link.h"
#include "host/link/tcp_listeners.h"

namespace busbar {

// Devices that call in: at most kMaxConnections, from permitted addresses. While the runner does
// not read, none of them is read; a device that does not take what is sent to it is cut off once
// kMaxUnsentBytes wait. A connection that the driver closes ends when the device has closed its
// side too, or after kGoodbye: until then what was sent last is on its way. Loop-only.
class TcpPeersLink final : public PeersLink, private TcpListeners::Client {
 public:
  static constexpr size_t kMaxConnections = 64;
  static constexpr size_t kMaxUnsentBytes = 256U << 10U;
  static constexpr auto kGoodbye = std::chrono::seconds(2);

  TcpPeersLink(const Context& context, LinkTarget target, PeerFilter filter);
  ~TcpPeersLink() override;

 private:
  struct Connection {
    UniqueFd fd;
    FdWatch watch;
    std::string unsent;
    bool closes = false;  // once all is sent
    TimerId goodbye = 0;  // all is sent
  };
  using Connections = std::map<wire::PeerAddress, Connection>;

  Status open() override;
  void close() override;
  void pairPacket(const wire::PeerPacket& packet) override;
  void pairWritable() override;

  int prefixOf(const wire::PeerAddress& peer) const override { return filter_.prefixOf(peer); }
  void accepted(UniqueFd fd, const wire::PeerAddress& peer) override;
  void refused(const wire::PeerAddress& peer) override { noteRefused(peer); }

  const char* whyNot(const wire::PeerAddress& peer) const;
  bool watch(const wire::PeerAddress& peer, Connection& connection);
  void onEvents(const wire::PeerAddress& peer, uint32_t events);
  void readSome(Connections::iterator at);
  void writeSome(Connections::iterator at);
  void sayGoodbye(Connections::iterator at);
  void watchAgain(Connections::iterator at);
  void end(Connections::iterator at, std::string_view code);
  void forget(Connections::iterator at);

  Connections connections_;
  std::unique_ptr<char[]> buffer_;
};

}  // namespace busbar
