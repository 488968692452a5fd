// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/websocket/message_decoder.h"

#include <algorithm>
#include <utility>

namespace busbar::http {
namespace {

constexpr uint8_t kText = static_cast<uint8_t>(Opcode::Text);
constexpr uint8_t kBinary = static_cast<uint8_t>(Opcode::Binary);

bool isKnown(uint8_t opcode) {
  return opcode <= kBinary || (opcode >= static_cast<uint8_t>(Opcode::Close) &&
                               opcode <= static_cast<uint8_t>(Opcode::Pong));
}

}  // namespace

MessageDecoder::Event MessageDecoder::next(std::string_view& input) {
  if (std::exchange(isDelivered_, false)) {
    forgetMessage();
  }
  while (step_ != Step::Ended) {
    if (step_ == Step::Header) {
      if (!readHeader(input)) {
        return step_ == Step::Ended ? Event::Failed : Event::NeedMore;
      }
      beginPayload();
      if (step_ == Step::Ended) {
        return Event::Failed;
      }
    }
    if (const Event event = readPayload(input); event != Event::NeedMore) {
      return event;
    }
    if (step_ == Step::Payload) {
      return Event::NeedMore;
    }
  }
  input = {};
  return Event::NeedMore;
}

// True once the header is whole; false with Ended when it is refused.
bool MessageDecoder::readHeader(std::string_view& input) {
  if (headerBytes_ < 2) {
    fillHeader(input, 2);
    if (headerBytes_ < 2 || !checkFirstBytes()) {
      return false;
    }
  }
  fillHeader(input, headerSize());
  return headerBytes_ == headerSize();
}

void MessageDecoder::fillHeader(std::string_view& input, size_t wanted) {
  const size_t take = std::min(wanted - headerBytes_, input.size());
  std::copy_n(input.begin(), take, header_.begin() + headerBytes_);
  headerBytes_ = static_cast<uint8_t>(headerBytes_ + take);
  input.remove_prefix(take);
}

bool MessageDecoder::checkFirstBytes() {
  const uint8_t first = header_[0];
  const uint8_t length = header_[1] & 0x7FU;
  isFinal_ = (first & 0x80U) != 0;
  opcode_ = first & 0x0FU;
  if ((first & 0x70U) != 0) {
    fail(CloseCode::ProtocolError, "a reserved bit is set");
  } else if (!isKnown(opcode_)) {
    fail(CloseCode::ProtocolError, "unknown opcode");
  } else if ((header_[1] & 0x80U) == 0) {
    fail(CloseCode::ProtocolError, "a client's frame must be masked");
  } else if (isControl() && (!isFinal_ || length > kMaxControlPayload)) {
    fail(CloseCode::ProtocolError, "a control frame is whole and at most 125 bytes");
  } else if (opcode_ == 0 && messageOpcode_ == 0) {
    fail(CloseCode::ProtocolError, "a continuation of nothing");
  } else if ((opcode_ == kText || opcode_ == kBinary) && messageOpcode_ != 0) {
    fail(CloseCode::ProtocolError, "a message within a message");
  }
  return step_ != Step::Ended;
}

size_t MessageDecoder::headerSize() const {
  const uint8_t length = header_[1] & 0x7FU;
  const size_t lengthBytes = length < 126 ? 0 : length == 126 ? 2 : 8;
  return 2 + lengthBytes + mask_.size();
}

void MessageDecoder::beginPayload() {
  const size_t size = headerSize();
  const size_t lengthBytes = size - 2 - mask_.size();
  uint64_t length = lengthBytes == 0 ? header_[1] & 0x7FU : 0;
  for (size_t i = 0; i < lengthBytes; ++i) {
    length = length << 8 | header_[2 + i];
  }
  std::copy_n(header_.begin() + static_cast<ptrdiff_t>(size - mask_.size()), mask_.size(),
              mask_.begin());
  if ((lengthBytes == 2 && length < 126) || (lengthBytes == 8 && length <= 0xFFFF) ||
      (length >> 63) != 0) {
    fail(CloseCode::ProtocolError, "a length is not in its shortest form");
    return;
  }
  if (!isControl() && length > shared_.maxMessageBytes - message_.size()) {
    fail(CloseCode::TooBig, "the message is too long");
    return;
  }
  step_ = Step::Payload;
  frameBytes_ = frameLeft_ = length;
}

MessageDecoder::Event MessageDecoder::readPayload(std::string_view& input) {
  if (isControl()) {
    return readControl(input);
  }
  const bool isWhole = opcode_ != 0 && isFinal_ && frameLeft_ == frameBytes_;
  return isWhole && input.size() >= frameLeft_ ? readWhole(input) : readPiece(input);
}

MessageDecoder::Event MessageDecoder::readControl(std::string_view& input) {
  const size_t take = std::min<uint64_t>(frameLeft_, input.size());
  control_.append(input.substr(0, take));
  input.remove_prefix(take);
  frameLeft_ -= take;
  return frameLeft_ == 0 ? endControl() : Event::NeedMore;
}

// The common case: one frame, and all of it is here.
MessageDecoder::Event MessageDecoder::readWhole(std::string_view& input) {
  const auto size = static_cast<size_t>(frameLeft_);
  std::string& scratch = shared_.scratch;
  scratch.assign(input.substr(0, size));
  input.remove_prefix(size);
  applyMask(scratch.data(), size, mask_, 0);
  messageOpcode_ = opcode_;
  if (messageOpcode_ == kText && !utf8_.add(scratch)) {
    return fail(CloseCode::InvalidText, "the text is not UTF-8");
  }
  return endMessage(scratch);
}

MessageDecoder::Event MessageDecoder::readPiece(std::string_view& input) {
  if (opcode_ != 0) {
    messageOpcode_ = opcode_;
  }
  const size_t take = std::min<uint64_t>(frameLeft_, input.size());
  if (shared_.bytesInMemory + take > shared_.maxBytesInMemory) {
    return fail(CloseCode::TryAgainLater, "too many messages are being received");
  }
  const size_t before = message_.size();
  message_.append(input.substr(0, take));
  input.remove_prefix(take);
  shared_.bytesInMemory += take;
  applyMask(message_.data() + before, take, mask_, static_cast<size_t>(frameBytes_ - frameLeft_));
  frameLeft_ -= take;
  if (messageOpcode_ == kText && !utf8_.add(std::string_view(message_).substr(before))) {
    return fail(CloseCode::InvalidText, "the text is not UTF-8");
  }
  return frameLeft_ == 0 ? endFrame() : Event::NeedMore;
}

MessageDecoder::Event MessageDecoder::endFrame() {
  step_ = Step::Header;
  headerBytes_ = 0;
  if (!isFinal_) {
    return Event::NeedMore;
  }
  isDelivered_ = true;
  return endMessage(message_);
}

MessageDecoder::Event MessageDecoder::endMessage(std::string_view whole) {
  step_ = Step::Header;
  headerBytes_ = 0;
  const bool isText = std::exchange(messageOpcode_, 0) == kText;
  const bool isComplete = utf8_.isComplete();
  utf8_.reset();
  if (isText && !isComplete) {
    return fail(CloseCode::InvalidText, "the text ends within a character");
  }
  payload_ = whole;
  return isText ? Event::Text : Event::Binary;
}

MessageDecoder::Event MessageDecoder::endControl() {
  step_ = Step::Header;
  headerBytes_ = 0;
  std::string& scratch = shared_.scratch;
  scratch = std::exchange(control_, std::string());
  applyMask(scratch.data(), scratch.size(), mask_, 0);
  payload_ = scratch;
  if (opcode_ != static_cast<uint8_t>(Opcode::Close)) {
    return opcode_ == static_cast<uint8_t>(Opcode::Ping) ? Event::Ping : Event::Pong;
  }
  if (scratch.empty()) {
    closeCode_ = static_cast<uint16_t>(CloseCode::NoCode);
  } else if (scratch.size() == 1) {
    return fail(CloseCode::ProtocolError, "a close code has two bytes");
  } else {
    closeCode_ = static_cast<uint16_t>(static_cast<uint8_t>(scratch[0]) << 8 |
                                       static_cast<uint8_t>(scratch[1]));
    payload_.remove_prefix(2);
    Utf8Check reason;
    if (!isSendable(closeCode_)) {
      return fail(CloseCode::ProtocolError, "nobody may send this close code");
    }
    if (!reason.add(payload_) || !reason.isComplete()) {
      return fail(CloseCode::InvalidText, "the reason is not UTF-8");
    }
  }
  step_ = Step::Ended;
  forgetMessage();
  return Event::Close;
}

MessageDecoder::Event MessageDecoder::fail(CloseCode code, std::string_view why) {
  step_ = Step::Ended;
  closeCode_ = static_cast<uint16_t>(code);
  payload_ = why;
  messageOpcode_ = 0;
  headerBytes_ = 0;
  forgetMessage();
  return Event::Failed;
}

void MessageDecoder::forgetMessage() {
  shared_.bytesInMemory -= message_.size();
  message_ = std::string();
}

}  // namespace busbar::http
