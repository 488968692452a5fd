// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <busbar_manifest.hpp>

#include <busbar/driver.hpp>

using namespace busbar;

// Greets devices that call in and logs what it is told.
class GluePeers final : public Driver {
 public:
  explicit GluePeers(const CreateInfo& info) : Driver(info) {}

  static constexpr auto functions() {
    return std::make_tuple(fn("say", &GluePeers::say), fn("close", &GluePeers::close),
                           fn("up", &GluePeers::up));
  }

  void onPeerConnected(const busbar_link_info& link) override {
    sendTo({link.peer.ptr, link.peer.len}, "hello");
  }
  void onPeerDisconnected(const busbar_link_info& link) override {
    info("gone " + std::string(link.peer.ptr, link.peer.len));
  }
  void onReceived(std::string_view frame, const busbar_received& received) override {
    info(std::string(frame) + " from " + std::string(received.peer.ptr, received.peer.len));
  }

  void say(const std::string& peer, const std::string& text) { sendTo(peer, text); }
  void close(const std::string& peer) { closePeer(peer); }
  bool up() { return isConnected(); }
};

BUSBAR_DRIVER(GluePeers)
