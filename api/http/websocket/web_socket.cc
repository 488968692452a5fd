// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/websocket/web_socket.h"

#include <algorithm>
#include <utility>

#include "api/http/websocket/frame.h"
#include "api/http/websocket/handshake.h"

namespace busbar::http {

bool WebSocket::open(const Request& request, Responder responder) {
  connection_ = responder.upgrade(acceptHandshake(request), *this);
  if (!connection_.isOpen()) {
    state_ = State::Ended;
    return false;
  }
  state_ = State::Open;
  lastInput_ = context_.loop.now();
  arm();
  return true;
}

void WebSocket::sendFrame(Opcode opcode, std::string_view payload) {
  context_.frame.clear();
  appendFrame(context_.frame, opcode, payload);
  if (connection_.write(context_.frame) == StreamWrite::Behind) {
    isBehind_ = true;
  }
}

StreamWrite WebSocket::sendText(std::string_view text) {
  if (state_ != State::Open) {
    return StreamWrite::Gone;
  }
  context_.frame.clear();
  appendFrame(context_.frame, Opcode::Text, text);
  const StreamWrite result = connection_.write(context_.frame);
  if (result == StreamWrite::Gone) {
    state_ = State::Ended;  // onClosed follows
  } else {
    ++context_.messagesOut;
    isBehind_ = isBehind_ || result == StreamWrite::Behind;
  }
  return result;
}

void WebSocket::close(uint16_t code, std::string_view reason) {
  if (state_ != State::Open) {
    return;
  }
  state_ = State::Closing;
  context_.frame.clear();
  appendClose(context_.frame, code, reason);
  if (connection_.write(context_.frame) == StreamWrite::Gone) {
    state_ = State::Ended;
    return;
  }
  isBehind_ = false;  // its Close may be behind what waits
  connection_.setDeadline(after(context_.options.closeTimeout));
}

void WebSocket::cut() {
  if (state_ == State::Open || state_ == State::Closing) {
    state_ = State::Ended;
    connection_.cut();
  }
}

size_t WebSocket::onInput(std::string_view bytes) {
  std::string_view input = bytes;
  lastInput_ = context_.loop.now();
  awaitsPong_ = false;
  bool isNew = !decoder_.isInsideMessage();
  std::string ping;  // the last of those that came together (RFC 6455 s. 5.5.3)
  bool isPinged = false;
  while ((state_ == State::Open && !isBehind_) || state_ == State::Closing) {
    const MessageDecoder::Event event = decoder_.next(input);
    if (event == MessageDecoder::Event::NeedMore) {
      break;
    }
    onEvent(event, ping, isPinged);
    isNew = isNew || !decoder_.isInsideMessage();
  }
  if (isPinged && state_ == State::Open) {
    sendFrame(Opcode::Pong, ping);
  }
  if (!decoder_.isInsideMessage()) {
    messageDeadline_ = Instant::max();
  } else if (isNew) {
    messageDeadline_ = after(context_.options.messageTimeout);
    if (state_ == State::Open) {
      arm();
    }
  }
  return state_ == State::Ended ? bytes.size() : bytes.size() - input.size();
}

void WebSocket::onEvent(MessageDecoder::Event event, std::string& ping, bool& isPinged) {
  using Event = MessageDecoder::Event;
  if (event == Event::Close) {
    onPeerClose();
  } else if (event == Event::Failed) {
    fail(decoder_.closeCode(), decoder_.payload());
  } else if (state_ != State::Open) {
    return;  // after our Close only the peer's matters
  } else if (event == Event::Text) {
    ++context_.messagesIn;
    listener_.onTextMessage(decoder_.payload());
  } else if (event == Event::Binary) {
    ++context_.messagesIn;
    listener_.onBinaryMessage(decoder_.payload());
  } else if (!admitControlFrame()) {
    fail(static_cast<uint16_t>(CloseCode::PolicyViolation), "too many pings");
  } else if (event == Event::Ping) {
    ping.assign(decoder_.payload());
    isPinged = true;
  }
}

bool WebSocket::admitControlFrame() {
  constexpr std::chrono::seconds kWindow{1};
  const Instant now = context_.loop.now();
  if (now - controlSince_ >= kWindow) {
    controlSince_ = now;
    controlFrames_ = 0;
  }
  return ++controlFrames_ <= context_.options.maxControlFrames;
}

void WebSocket::onPeerClose() {
  if (state_ == State::Open) {
    context_.frame.clear();
    appendClose(context_.frame, decoder_.closeCode(), {});
    connection_.write(context_.frame);
  }
  state_ = State::Ended;
  connection_.close();
}

// RFC 6455 s. 7.1.7: says why, and waits for nothing.
void WebSocket::fail(uint16_t code, std::string_view reason) {
  ++context_.refused;
  if (state_ == State::Open) {
    context_.frame.clear();
    appendClose(context_.frame, code, reason);
    connection_.write(context_.frame);
  }
  state_ = State::Ended;
  connection_.close();
}

void WebSocket::onDrained() {
  isBehind_ = false;
  if (state_ == State::Open) {
    listener_.onDrained();
  }
}

// When the next look is due; input only moves what is compared, so that a message costs nothing.
void WebSocket::arm() {
  const WebSocketOptions& options = context_.options;
  const Milliseconds patience =
      awaitsPong_ ? options.pingAfter + options.pongTimeout : options.pingAfter;
  connection_.setDeadline(std::min(lastInput_ + patience, messageDeadline_));
}

void WebSocket::onDeadline() {
  const Instant now = context_.loop.now();
  const WebSocketOptions& options = context_.options;
  if (state_ == State::Closing) {
    state_ = State::Ended;
    connection_.close();
    return;
  }
  if (now >= messageDeadline_) {
    fail(static_cast<uint16_t>(CloseCode::PolicyViolation), "the message took too long");
    return;
  }
  if (awaitsPong_ && now - lastInput_ >= options.pingAfter + options.pongTimeout) {
    cut();
    return;
  }
  if (!awaitsPong_ && now - lastInput_ >= options.pingAfter) {
    awaitsPong_ = true;
    sendFrame(Opcode::Ping, {});
  }
  arm();
}

void WebSocket::onGoingAway() {
  if (state_ == State::Open) {
    close(CloseCode::GoingAway, "the server stops");
    connection_.setDeadline(after(context_.options.goodbyeTimeout));
  }
}

void WebSocket::onClosed(bool wasCut) {
  state_ = State::Ended;
  listener_.onClosed(wasCut);
}

}  // namespace busbar::http
