// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "host/link/link_connector.h"
#include "host/link/stream_pump.h"

namespace busbar {

// TLS, and TCP that may start TLS: the connection ends here, and the runner gets one end of a
// socketpair. Loop-only.
//
// | state       | connected | handshake done | startTls | pump drained | failure, lost |
// |-------------|-----------|----------------|----------|--------------|---------------|
// | Down        | Handshake, or Clear by the target's kind               | -             |
// | Clear       | -         | -              | Draining | -            | Down          |
// | Draining    | -         | -              | -        | Handshake    | Down          |
// | Handshake   | -         | Secure         | -        | -            | Down          |
// | Secure      | -         | -              | -        | -            | Down          |
class StreamLink final : public Link, private LinkConnector::Owner, private StreamPump::Owner {
 public:
  StreamLink(const Context& context, LinkTarget target, std::shared_ptr<const TlsClient> tls);
  ~StreamLink() override;

  void connect() override { connector_.connect(); }
  void request() override;
  void disconnect() override;
  void lost(uint32_t generation) override;
  void startTls(uint32_t generation) override;
  void finish() override;

 private:
  enum class State { Down, Clear, Draining, Handshake, Secure };

  void linkConnected(uint32_t linkId, uint32_t generation, UniqueFd fd, std::string peer) override;
  void linkFailed(uint32_t linkId, const Error& error) override;
  bool pumpMayWrite() const override { return owner_.linkMayWrite(); }
  void pumpEnded(const Error* why) override;
  void pumpDrained() override;

  void beginHandshake(UniqueFd fd);
  void shakeHands();
  void handOver(UniqueFd fd, std::unique_ptr<TlsClientSession> session);
  void fail(const Error& error);
  void drop();

  EventLoop& loop_;
  Link::Owner& owner_;
  const uint32_t linkId_;
  const std::shared_ptr<const TlsClient> tls_;  // shared with links of the same trust
  LinkConnector connector_;
  State state_ = State::Down;
  std::string peer_;
  UniqueFd fd_;  // in Handshake
  std::unique_ptr<TlsClientSession> session_;
  FdWatch watch_;
  TimerId handshakeTimer_ = 0;
  std::unique_ptr<StreamPump> pump_;
  // Of the last pump, kept open so that the runner learns the cause from link_down, not from the
  // end of its pair.
  UniqueFd oldPair_;
  bool isLost_ = false;  // the runner has closed its end; the pump still sends the rest
  bool again_ = false;   // request() came meanwhile
};

}  // namespace busbar
