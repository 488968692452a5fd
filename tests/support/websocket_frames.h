// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/websocket/frame.h"

// The client's side of RFC 6455, for tests: it makes what is asked for, also what is wrong.
namespace busbar::test {

struct FrameShape {
  bool isFinal = true;
  bool isMasked = true;
  unsigned reservedBits = 0;       // 0x40, 0x20, 0x10
  unsigned lengthBytes = 0;        // 0: the shortest form; else 2 or 8
  std::optional<uint64_t> length;  // what is claimed instead of the payload's size
};

inline std::string clientFrame(unsigned opcode, std::string_view payload, FrameShape shape = {}) {
  const uint64_t length = shape.length.value_or(payload.size());
  const unsigned lengthBytes = shape.lengthBytes != 0 ? shape.lengthBytes
                               : length < 126         ? 0
                               : length <= 0xFFFF     ? 2
                                                      : 8;
  std::string out;
  out += static_cast<char>((shape.isFinal ? 0x80U : 0) | shape.reservedBits | opcode);
  out += static_cast<char>((shape.isMasked ? 0x80U : 0) |
                           (lengthBytes == 0   ? static_cast<unsigned>(length)
                            : lengthBytes == 2 ? 126U
                                               : 127U));
  for (unsigned i = 0; i < lengthBytes; ++i) {
    out += static_cast<char>(length >> (8 * (lengthBytes - 1 - i)));
  }
  if (!shape.isMasked) {
    return out.append(payload);
  }
  const http::FrameMask mask{0x12, 0xAB, 0x00, 0xFF};
  for (const uint8_t byte : mask) {
    out += static_cast<char>(byte);
  }
  std::string masked(payload);
  http::applyMask(masked.data(), masked.size(), mask, 0);
  return out + masked;
}

inline std::string clientText(std::string_view text) {
  return clientFrame(1, text);
}
inline std::string clientClose(uint16_t code, std::string_view reason = {}) {
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
  return clientFrame(8, payload.append(reason));
}

struct ServerFrame {
  unsigned opcode = 0;
  std::string payload;
  // Of a Close with a code, else 1005.
  unsigned closeCode() const {
    return payload.size() < 2 ? 1005U
                              : static_cast<unsigned>(static_cast<uint8_t>(payload[0])) << 8 |
                                    static_cast<uint8_t>(payload[1]);
  }
};

// Takes whole frames off `bytes`.
inline std::vector<ServerFrame> takeFrames(std::string& bytes) {
  std::vector<ServerFrame> out;
  size_t at = 0;
  while (bytes.size() - at >= 2) {
    const auto byte = [&](size_t i) { return static_cast<uint8_t>(bytes[at + i]); };
    const unsigned shortLength = byte(1);
    const size_t lengthBytes = shortLength == 127 ? 8 : shortLength == 126 ? 2 : 0;
    if (bytes.size() - at < 2 + lengthBytes) {
      break;
    }
    uint64_t length = lengthBytes == 0 ? shortLength : 0;
    for (size_t i = 0; i < lengthBytes; ++i) {
      length = length << 8 | byte(2 + i);
    }
    if (bytes.size() - at < 2 + lengthBytes + length) {
      break;
    }
    out.push_back({byte(0) & 0x0FU, bytes.substr(at + 2 + lengthBytes, length)});
    at += 2 + lengthBytes + length;
  }
  bytes.erase(0, at);
  return out;
}

inline std::string upgradeRequest(std::string_view target, std::string_view headers = {}) {
  return "GET " + std::string(target) +
         " HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
         std::string(headers) + "\r\n";
}

}  // namespace busbar::test
