// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "api/http/websocket/close_code.h"

// One frame of RFC 6455 s. 5.2. Pure functions.
namespace busbar::http {

enum class Opcode : uint8_t {
  Continuation = 0,
  Text = 1,
  Binary = 2,
  Close = 8,
  Ping = 9,
  Pong = 10,
};

inline constexpr size_t kMaxControlPayload = 125;
inline constexpr size_t kMaxFrameHeader = 14;  // two bytes, eight of length, four of mask

using FrameMask = std::array<uint8_t, 4>;

// Appends an unmasked, unfragmented frame, as servers send them.
void appendFrame(std::string& out, Opcode opcode, std::string_view payload);
// The same for Close; NoCode makes an empty one. `reason` is cut at a character so that it fits.
void appendClose(std::string& out, uint16_t code, std::string_view reason);

// Takes the mask off (or puts it on) in place. `offset` is how many bytes of the payload came
// before.
void applyMask(char* bytes, size_t count, const FrameMask& mask, size_t offset);

}  // namespace busbar::http
