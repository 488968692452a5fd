// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/register_bank.h"

namespace sim {
namespace {

constexpr uint8_t kIllegalFunction = 1;
constexpr uint8_t kIllegalAddress = 2;
constexpr uint8_t kIllegalValue = 3;
constexpr uint8_t kNoTarget = 11;

uint32_t keyOf(uint8_t unit, uint16_t address) {
  return uint32_t{unit} << 16 | address;
}

uint16_t wordAt(const Bytes& bytes, size_t at) {
  return static_cast<uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

void putWord(Bytes& bytes, uint16_t word) {
  bytes.push_back(static_cast<uint8_t>(word >> 8));
  bytes.push_back(static_cast<uint8_t>(word));
}

Bytes exception(uint8_t function, uint8_t code) {
  return {static_cast<uint8_t>(function | 0x80), code};
}

}  // namespace

uint16_t RegisterBank::value(uint8_t unit, uint8_t readFunction, uint16_t address) const {
  switch (readFunction) {
    case 1: {
      const auto found = coils_.find(keyOf(unit, address));
      return found != coils_.end() && found->second ? 1 : 0;
    }
    case 2:
      return static_cast<uint16_t>((address + tick_) & 1);
    case 3: {
      const auto found = holding_.find(keyOf(unit, address));
      return found != holding_.end() ? found->second : address;
    }
    default:
      return static_cast<uint16_t>(address + tick_);
  }
}

void RegisterBank::setHolding(uint8_t unit, uint16_t address, uint16_t value) {
  holding_[keyOf(unit, address)] = value;
}

void RegisterBank::setCoil(uint8_t unit, uint16_t address, bool value) {
  coils_[keyOf(unit, address)] = value;
}

Bytes RegisterBank::readItems(uint8_t unit, uint8_t function, uint16_t address,
                              uint16_t count) const {
  const bool isBits = function <= 2;
  if (count == 0 || count > (isBits ? 2000 : 125)) {
    return exception(function, kIllegalValue);
  }
  if (uint32_t{address} + count > 0x10000) {
    return exception(function, kIllegalAddress);
  }
  Bytes out = {function, static_cast<uint8_t>(isBits ? (count + 7) / 8 : count * 2)};
  if (isBits) {
    out.resize(2U + out[1], 0);
  }
  for (uint16_t i = 0; i < count; ++i) {
    const uint16_t item = value(unit, function, static_cast<uint16_t>(address + i));
    if (!isBits) {
      putWord(out, item);
    } else if (item != 0) {
      out[2U + i / 8U] = static_cast<uint8_t>(out[2U + i / 8U] | 1U << (i % 8U));
    }
  }
  return out;
}

Bytes RegisterBank::writeSingle(uint8_t unit, const Bytes& pdu) {
  const uint16_t word = wordAt(pdu, 3);
  if (pdu[0] == 5) {
    if (word != 0 && word != 0xFF00) {
      return exception(pdu[0], kIllegalValue);
    }
    setCoil(unit, wordAt(pdu, 1), word != 0);
  } else {
    setHolding(unit, wordAt(pdu, 1), word);
  }
  ++writes_;
  return pdu;
}

Bytes RegisterBank::writeMany(uint8_t unit, const Bytes& pdu) {
  const uint16_t address = wordAt(pdu, 1);
  const uint16_t count = wordAt(pdu, 3);
  const bool isBits = pdu[0] == 15;
  const size_t bytes = isBits ? (count + 7U) / 8 : count * 2U;
  if (count == 0 || count > (isBits ? 1968 : 123) || pdu.size() != 6 + bytes || pdu[5] != bytes) {
    return exception(pdu[0], kIllegalValue);
  }
  if (uint32_t{address} + count > 0x10000) {
    return exception(pdu[0], kIllegalAddress);
  }
  for (uint16_t i = 0; i < count; ++i) {
    const auto at = static_cast<uint16_t>(address + i);
    if (isBits) {
      setCoil(unit, at, (pdu[6U + i / 8U] >> (i % 8U) & 1) != 0);
    } else {
      setHolding(unit, at, wordAt(pdu, 6U + i * 2U));
    }
  }
  ++writes_;
  return {pdu.begin(), pdu.begin() + 5};
}

Bytes RegisterBank::answer(uint8_t unit, const Bytes& pdu) {
  ++requests_;
  const uint8_t function = pdu.empty() ? 0 : pdu[0];
  if (unit == 0 || unit == 255) {
    unit = 1;
  }
  if (unit > units_) {
    return exception(function, kNoTarget);
  }
  if (function >= 1 && function <= 4 && pdu.size() == 5) {
    return readItems(unit, function, wordAt(pdu, 1), wordAt(pdu, 3));
  }
  if ((function == 5 || function == 6) && pdu.size() == 5) {
    return writeSingle(unit, pdu);
  }
  if ((function == 15 || function == 16) && pdu.size() >= 6) {
    return writeMany(unit, pdu);
  }
  return exception(function, kIllegalFunction);
}

}  // namespace sim
