// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/websocket/frame.h"

#include <algorithm>
#include <cstring>

namespace busbar::http {
namespace {

constexpr size_t kMaxCloseReason = kMaxControlPayload - 2;

std::string_view cutAtCharacter(std::string_view text, size_t maxBytes) {
  size_t size = std::min(text.size(), maxBytes);
  while (size > 0 && size < text.size() && (static_cast<uint8_t>(text[size]) & 0xC0U) == 0x80) {
    --size;
  }
  return text.substr(0, size);
}

}  // namespace

void appendFrame(std::string& out, Opcode opcode, std::string_view payload) {
  std::array<char, kMaxFrameHeader> header;
  header[0] = static_cast<char>(0x80U | static_cast<uint8_t>(opcode));
  const uint64_t length = payload.size();
  size_t used = 2;
  if (length < 126) {
    header[1] = static_cast<char>(length);
  } else {
    const size_t lengthBytes = length <= 0xFFFF ? 2 : 8;
    header[1] = lengthBytes == 2 ? 126 : 127;
    for (size_t i = 0; i < lengthBytes; ++i) {
      header[used++] = static_cast<char>(length >> (8 * (lengthBytes - 1 - i)));
    }
  }
  out.append(header.data(), used).append(payload);
}

void appendClose(std::string& out, uint16_t code, std::string_view reason) {
  if (code == static_cast<uint16_t>(CloseCode::NoCode)) {
    appendFrame(out, Opcode::Close, {});
    return;
  }
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
  payload.append(cutAtCharacter(reason, kMaxCloseReason));
  appendFrame(out, Opcode::Close, payload);
}

void applyMask(char* bytes, size_t count, const FrameMask& mask, size_t offset) {
  FrameMask turned;  // the mask as it stands at bytes[0]
  for (size_t i = 0; i < turned.size(); ++i) {
    turned[i] = mask[(offset + i) % mask.size()];
  }
  std::array<uint8_t, 8> twice;
  std::copy(turned.begin(), turned.end(), twice.begin());
  std::copy(turned.begin(), turned.end(), twice.begin() + 4);
  uint64_t wide = 0;
  std::memcpy(&wide, twice.data(), sizeof wide);
  size_t at = 0;
  for (; at + sizeof wide <= count; at += sizeof wide) {
    uint64_t word = 0;
    std::memcpy(&word, bytes + at, sizeof word);
    word ^= wide;
    std::memcpy(bytes + at, &word, sizeof word);
  }
  for (; at < count; ++at) {
    bytes[at] = static_cast<char>(static_cast<uint8_t>(bytes[at]) ^ turned[at % turned.size()]);
  }
}

}  // namespace busbar::http
