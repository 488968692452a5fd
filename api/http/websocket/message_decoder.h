// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "api/http/websocket/close_code.h"
#include "api/http/websocket/frame.h"
#include "api/http/websocket/utf8_check.h"

namespace busbar::http {

// What all decoders of an endpoint share. Loop-only.
struct DecoderShared {
  size_t maxMessageBytes = 2 << 20;
  size_t maxBytesInMemory = 64 << 20;  // of messages that are not complete, together
  size_t bytesInMemory = 0;
  std::string scratch;  // a message that came in one piece
};

// Turns what a client sends into messages (RFC 6455 s. 5). Refused: frames without a mask, reserved
// bits and opcodes, lengths that are not the shortest form or over the limit (before a byte is
// kept), control frames in fragments or over 125 bytes, text that is not UTF-8 (with its first bad
// byte), close frames with a code that nobody may send. No I/O, no clock. A decoder between
// messages holds no buffer. Loop-only.
class MessageDecoder {
 public:
  enum class Event {
    NeedMore,  // all input was used
    Text,      // payload()
    Binary,    // payload()
    Ping,      // payload()
    Pong,      // payload()
    Close,     // closeCode(); payload() is the reason. Nothing more is decoded.
    Failed,    // closeCode() and payload() say what to close with. Nothing more is decoded.
  };

  explicit MessageDecoder(DecoderShared& shared) : shared_(shared) {}
  ~MessageDecoder() { forgetMessage(); }
  MessageDecoder(const MessageDecoder&) = delete;
  MessageDecoder& operator=(const MessageDecoder&) = delete;

  // Takes what it uses off `input`.
  Event next(std::string_view& input);

  // Valid until the next call, and until another decoder of the same endpoint is called.
  std::string_view payload() const { return payload_; }
  uint16_t closeCode() const { return closeCode_; }
  // Whether bytes of a frame or a message have come whose rest is awaited.
  bool isInsideMessage() const { return headerBytes_ > 0 || messageOpcode_ != 0; }

 private:
  enum class Step { Header, Payload, Ended };
  bool readHeader(std::string_view& input);
  void fillHeader(std::string_view& input, size_t wanted);
  bool checkFirstBytes();
  size_t headerSize() const;
  void beginPayload();
  Event readPayload(std::string_view& input);
  Event readControl(std::string_view& input);
  Event readWhole(std::string_view& input);
  Event readPiece(std::string_view& input);
  Event endFrame();
  Event endControl();
  Event endMessage(std::string_view whole);
  Event fail(CloseCode code, std::string_view why);
  void forgetMessage();
  bool isControl() const { return (opcode_ & 8U) != 0; }

  DecoderShared& shared_;
  Step step_ = Step::Header;
  std::array<uint8_t, kMaxFrameHeader> header_{};
  uint8_t headerBytes_ = 0;
  uint8_t opcode_ = 0;         // of the present frame
  uint8_t messageOpcode_ = 0;  // of the message that is being received; 0: none
  bool isFinal_ = false;
  bool isDelivered_ = false;  // message_ was given out and is to be dropped
  Utf8Check utf8_;
  FrameMask mask_{};
  uint16_t closeCode_ = 0;
  uint64_t frameBytes_ = 0;
  uint64_t frameLeft_ = 0;
  std::string message_;
  std::string control_;
  std::string_view payload_;
};

}  // namespace busbar::http
