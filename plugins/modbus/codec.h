// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

// Modbus over TCP as bytes: the MBAP header and the PDUs of eight function codes (Modbus
// Application Protocol V1.1b3, Modbus Messaging on TCP/IP V1.0b). Pure: no sockets, no clock, no
// state.
namespace busbar::modbus {

inline constexpr size_t kMbapBytes = 7;
inline constexpr size_t kMaxPduBytes = 253;
inline constexpr size_t kMaxAduBytes = kMbapBytes + kMaxPduBytes;
inline constexpr uint16_t kMaxReadRegisters = 125;
inline constexpr uint16_t kMaxReadBits = 2000;
inline constexpr uint16_t kMaxWriteRegisters = 123;
inline constexpr uint16_t kMaxWriteBits = 1968;

enum class Function : uint8_t {
  ReadCoils = 1,
  ReadDiscreteInputs = 2,
  ReadHoldingRegisters = 3,
  ReadInputRegisters = 4,
  WriteSingleCoil = 5,
  WriteSingleRegister = 6,
  WriteMultipleCoils = 15,
  WriteMultipleRegisters = 16,
};

// What a client asks. `values` is for writes only: a register each, or for coils zero and non-zero;
// its size is `count`. Single writes have count 1.
struct Request {
  uint16_t transaction = 0;
  uint8_t unit = 1;
  Function function = Function::ReadHoldingRegisters;
  uint16_t address = 0;
  uint16_t count = 1;
  std::span<const uint16_t> values;
};

// Writes the request into `out` and returns its length; 0 when the request is not a legal one
// (count out of the function's range, address + count above 65536, values of another size) or `out`
// is small.
size_t encodeRequest(const Request& request, std::span<uint8_t> out);

enum class Outcome : uint8_t {
  Ok,
  Exception,         // the device refused; Response::exception says why
  WrongTransaction,  // an answer to something else, such as a request that timed out: skip it
  Truncated,
  BadHeader,  // protocol is not 0 or the length field is impossible: this is not Modbus
  WrongUnit,
  WrongFunction,
  WrongLength,  // the byte count does not fit what was asked
  WrongEcho,    // a write was confirmed with other values than were sent
};

struct Response {
  Outcome outcome = Outcome::Truncated;
  uint8_t exception = 0;
  // Of a read: registers big-endian, or bits packed with the lowest address in bit 0. Borrowed from
  // the frame.
  std::span<const uint8_t> data;
};

// Judges `frame`, one whole ADU, as the answer to `request`. Reads nothing beyond the frame; `data`
// is long enough for `request.count` items whenever the outcome is Ok for a read.
Response decodeResponse(std::span<const uint8_t> frame, const Request& request);

// Length of the ADU that begins `stream`: > 0 its length, 0 when more bytes are needed to know, -1
// when the bytes cannot begin one.
int frameLength(std::span<const uint8_t> stream);

bool isRead(Function function);
bool isBitFunction(Function function);
// "illegal data address (exception 2)".
std::string exceptionText(uint8_t exception);
// "a reply for another unit"; for Exception use exceptionText.
std::string_view outcomeText(Outcome outcome);

}  // namespace busbar::modbus
