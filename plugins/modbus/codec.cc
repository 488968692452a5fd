// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/modbus/codec.h"

#include <algorithm>

namespace busbar::modbus {
namespace {

constexpr uint16_t kCoilOn = 0xFF00;
constexpr uint8_t kExceptionBit = 0x80;

void put16(std::span<uint8_t> out, size_t at, uint16_t value) {
  out[at] = static_cast<uint8_t>(value >> 8);
  out[at + 1] = static_cast<uint8_t>(value);
}

uint16_t get16(std::span<const uint8_t> in, size_t at) {
  return static_cast<uint16_t>(in[at] << 8 | in[at + 1]);
}

uint16_t maxCount(Function function) {
  switch (function) {
    case Function::ReadCoils:
    case Function::ReadDiscreteInputs:
      return kMaxReadBits;
    case Function::ReadHoldingRegisters:
    case Function::ReadInputRegisters:
      return kMaxReadRegisters;
    case Function::WriteSingleCoil:
    case Function::WriteSingleRegister:
      return 1;
    case Function::WriteMultipleCoils:
      return kMaxWriteBits;
    case Function::WriteMultipleRegisters:
      return kMaxWriteRegisters;
  }
  return 0;
}

bool isLegal(const Request& request) {
  if (request.count == 0 || request.count > maxCount(request.function)) {
    return false;
  }
  if (uint32_t{request.address} + request.count > 0x10000) {
    return false;
  }
  return isRead(request.function) || request.values.size() == request.count;
}

size_t byteCount(Function function, uint16_t count) {
  return isBitFunction(function) ? (size_t{count} + 7) / 8 : size_t{count} * 2;
}

size_t pduBytes(const Request& request) {
  const bool isMany = request.function == Function::WriteMultipleCoils ||
                      request.function == Function::WriteMultipleRegisters;
  return isMany ? 6 + byteCount(request.function, request.count) : 5;
}

void putValues(const Request& request, std::span<uint8_t> out) {
  if (!isBitFunction(request.function)) {
    for (size_t i = 0; i < request.values.size(); ++i) {
      put16(out, i * 2, request.values[i]);
    }
    return;
  }
  std::fill(out.begin(), out.end(), uint8_t{0});
  for (size_t i = 0; i < request.values.size(); ++i) {
    if (request.values[i] != 0) {
      out[i / 8] = static_cast<uint8_t>(out[i / 8] | 1U << (i % 8));
    }
  }
}

// The two words after the function code of a write, which the device sends back.
uint16_t secondWord(const Request& request) {
  switch (request.function) {
    case Function::WriteSingleCoil:
      return request.values[0] != 0 ? kCoilOn : 0;
    case Function::WriteSingleRegister:
      return request.values[0];
    default:
      return request.count;
  }
}

Response decodeRead(std::span<const uint8_t> pdu, const Request& request) {
  const size_t bytes = byteCount(request.function, request.count);
  if (pdu.size() != 2 + bytes || pdu[1] != bytes) {
    return {.outcome = Outcome::WrongLength, .data = {}};
  }
  return {.outcome = Outcome::Ok, .data = pdu.subspan(2)};
}

Response decodeWrite(std::span<const uint8_t> pdu, const Request& request) {
  if (pdu.size() != 5) {
    return {.outcome = Outcome::WrongLength, .data = {}};
  }
  const bool isEcho = get16(pdu, 1) == request.address && get16(pdu, 3) == secondWord(request);
  return {.outcome = isEcho ? Outcome::Ok : Outcome::WrongEcho, .data = {}};
}

}  // namespace

bool isRead(Function function) {
  return static_cast<uint8_t>(function) <= 4;
}

bool isBitFunction(Function function) {
  return function == Function::ReadCoils || function == Function::ReadDiscreteInputs ||
         function == Function::WriteSingleCoil || function == Function::WriteMultipleCoils;
}

size_t encodeRequest(const Request& request, std::span<uint8_t> out) {
  if (!isLegal(request)) {
    return 0;
  }
  const size_t pdu = pduBytes(request);
  if (out.size() < kMbapBytes + pdu) {
    return 0;
  }
  put16(out, 0, request.transaction);
  put16(out, 2, 0);
  put16(out, 4, static_cast<uint16_t>(pdu + 1));
  out[6] = request.unit;
  out[7] = static_cast<uint8_t>(request.function);
  put16(out, 8, request.address);
  put16(out, 10, isRead(request.function) ? request.count : secondWord(request));
  if (pdu > 5) {
    const size_t bytes = byteCount(request.function, request.count);
    out[12] = static_cast<uint8_t>(bytes);
    putValues(request, out.subspan(13, bytes));
  }
  return kMbapBytes + pdu;
}

Response decodeResponse(std::span<const uint8_t> frame, const Request& request) {
  const int length = frameLength(frame);
  if (length < 0) {
    return {.outcome = Outcome::BadHeader, .data = {}};
  }
  if (length == 0 || static_cast<size_t>(length) > frame.size()) {
    return {.outcome = Outcome::Truncated, .data = {}};
  }
  if (static_cast<size_t>(length) < frame.size()) {
    return {.outcome = Outcome::WrongLength, .data = {}};
  }
  if (get16(frame, 0) != request.transaction) {
    return {.outcome = Outcome::WrongTransaction, .data = {}};
  }
  if (frame[6] != request.unit) {
    return {.outcome = Outcome::WrongUnit, .data = {}};
  }
  const auto pdu = frame.subspan(kMbapBytes);
  const auto code = static_cast<uint8_t>(request.function);
  if (pdu[0] == (code | kExceptionBit)) {
    if (pdu.size() != 2) {
      return {.outcome = Outcome::WrongLength, .data = {}};
    }
    return {.outcome = Outcome::Exception, .exception = pdu[1], .data = {}};
  }
  if (pdu[0] != code) {
    return {.outcome = Outcome::WrongFunction, .data = {}};
  }
  return isRead(request.function) ? decodeRead(pdu, request) : decodeWrite(pdu, request);
}

int frameLength(std::span<const uint8_t> stream) {
  if (stream.size() >= 4 && get16(stream, 2) != 0) {
    return -1;
  }
  if (stream.size() < 6) {
    return 0;
  }
  // The length field counts the unit and the PDU; the shortest PDU that exists has two bytes.
  const uint16_t length = get16(stream, 4);
  if (length < 3 || length > kMaxPduBytes + 1) {
    return -1;
  }
  return 6 + length;
}

std::string exceptionText(uint8_t exception) {
  std::string_view name = "unknown reason";
  switch (exception) {
    case 1:
      name = "illegal function";
      break;
    case 2:
      name = "illegal data address";
      break;
    case 3:
      name = "illegal data value";
      break;
    case 4:
      name = "server device failure";
      break;
    case 5:
      name = "acknowledge, still working";
      break;
    case 6:
      name = "server device busy";
      break;
    case 8:
      name = "memory parity error";
      break;
    case 10:
      name = "gateway path unavailable";
      break;
    case 11:
      name = "gateway target device failed to respond";
      break;
    default:
      break;
  }
  return std::string(name) + " (exception " + std::to_string(exception) + ")";
}

std::string_view outcomeText(Outcome outcome) {
  switch (outcome) {
    case Outcome::Ok:
      return "a good reply";
    case Outcome::Exception:
      return "an exception";
    case Outcome::WrongTransaction:
      return "a reply to another request";
    case Outcome::Truncated:
      return "a reply that ends early";
    case Outcome::BadHeader:
      return "bytes that are not Modbus TCP";
    case Outcome::WrongUnit:
      return "a reply of another unit";
    case Outcome::WrongFunction:
      return "a reply to another function";
    case Outcome::WrongLength:
      return "a reply of the wrong length";
    case Outcome::WrongEcho:
      return "a confirmation of other values than were written";
  }
  return "an unknown reply";
}

}  // namespace busbar::modbus
