// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "api/http/front/request.h"
#include "api/http/front/responder.h"
#include "api/http/websocket/close_code.h"
#include "api/http/websocket/message_decoder.h"
#include "sdk/base/event_loop.h"

namespace busbar::http {

struct WebSocketOptions {
  Milliseconds pingAfter{30'000};       // of silence
  Milliseconds pongTimeout{30'000};     // silent for so long after a ping: cut
  Milliseconds closeTimeout{5'000};     // for the peer's answer to our Close
  Milliseconds goodbyeTimeout{1'000};   // the same when the server stops
  Milliseconds messageTimeout{30'000};  // first to last byte of a message
  unsigned maxControlFrames = 500;      // pings and pongs of a peer in one second; more: 1008
};

// What the sockets of one endpoint share. Outlives them. Loop-only.
struct WebSocketContext {
  explicit WebSocketContext(EventLoop& eventLoop) : loop(eventLoop) {}
  WebSocketContext(const WebSocketContext&) = delete;
  WebSocketContext& operator=(const WebSocketContext&) = delete;

  EventLoop& loop;
  WebSocketOptions options;
  DecoderShared decoder;
  std::string frame;  // scratch
  uint64_t messagesIn = 0;
  uint64_t messagesOut = 0;
  uint64_t refused = 0;  // sockets that broke the protocol or a limit of it
};

// Whom a websocket tells. Called on the loop.
class WebSocketListener {
 public:
  // `text` is valid UTF-8, and valid until this returns. Not called while the peer is behind: what
  // it sends then waits.
  virtual void onTextMessage(std::string_view text) = 0;
  virtual void onBinaryMessage(std::string_view bytes) = 0;
  // The peer has taken what was queued when a send said Behind.
  virtual void onDrained() = 0;
  // Once, at the end, whoever ended it. The listener may destroy the socket now.
  virtual void onClosed(bool wasCut) = 0;

 protected:
  ~WebSocketListener() = default;
};

// The server's end of one websocket (RFC 6455) over an upgraded connection of the front. Answers
// pings (of several that came together the last one), asks silent peers for a sign of life, and
// closes in order: Close, the peer's Close within a time limit, end of the connection.
//
//   Open -> Closing -> Ended      Open -> Ended: the peer closed, broke the protocol, or is gone
//
// It costs no timer; deadlines are as exact as the front's sweep. Loop-only.
class WebSocket final : private UpgradeListener {
 public:
  // All must outlive this.
  WebSocket(WebSocketContext& context, WebSocketListener& listener)
      : context_(context), listener_(listener), decoder_(context.decoder) {}
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;

  // Answers a request that refuseHandshake() has nothing against. False when the client is gone;
  // the listener is told nothing then.
  bool open(const Request& request, Responder responder);

  // UTF-8. Gone when the socket is not open. A peer that lets too much queue up is cut.
  StreamWrite sendText(std::string_view text);
  // Begins the close handshake. `reason`: UTF-8, cut at 123 bytes.
  void close(CloseCode code, std::string_view reason) {
    close(static_cast<uint16_t>(code), reason);
  }
  void close(uint16_t code, std::string_view reason);
  // Drops what the peer has not taken, and the connection with it.
  void cut();

  bool isOpen() const { return state_ == State::Open; }
  size_t queuedBytes() const { return connection_.queuedBytes(); }

 private:
  enum class State { Opening, Open, Closing, Ended };

  size_t onInput(std::string_view bytes) override;
  void onDrained() override;
  void onDeadline() override;
  void onGoingAway() override;
  void onClosed(bool wasCut) override;

  void onEvent(MessageDecoder::Event event, std::string& ping, bool& isPinged);
  bool admitControlFrame();
  void onPeerClose();
  void fail(uint16_t code, std::string_view reason);
  void sendFrame(Opcode opcode, std::string_view payload);
  void arm();
  Instant after(Milliseconds limit) const { return context_.loop.now() + limit; }

  WebSocketContext& context_;
  WebSocketListener& listener_;
  UpgradedConnection connection_;
  MessageDecoder decoder_;
  State state_ = State::Opening;
  bool isBehind_ = false;
  bool awaitsPong_ = false;
  unsigned controlFrames_ = 0;  // since controlSince_
  Instant controlSince_{};
  Instant lastInput_{};
  Instant messageDeadline_ = Instant::max();
};

}  // namespace busbar::http
