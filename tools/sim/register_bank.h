// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sim {

using Bytes = std::vector<uint8_t>;

// The tables of a Modbus server with many units, as a function of address and tick, so that a test
// knows what to expect: input register a holds a + tick (mod 65536); discrete input a is (a + tick)
// odd; holding register a holds a and coil a is off until written. What is written stays.
class RegisterBank {
 public:
  explicit RegisterBank(unsigned units) : units_(units) {}

  // One tick more; the values of inputs change.
  void tick() { ++tick_; }
  uint64_t tickCount() const { return tick_; }
  uint64_t requestCount() const { return requests_; }
  uint64_t writeCount() const { return writes_; }

  // The answer's PDU to a request's PDU. Units are 1 to `units`; unit 0 and 255 mean the first.
  Bytes answer(uint8_t unit, const Bytes& pdu);
  uint16_t value(uint8_t unit, uint8_t readFunction, uint16_t address) const;
  void setHolding(uint8_t unit, uint16_t address, uint16_t value);
  void setCoil(uint8_t unit, uint16_t address, bool value);

 private:
  Bytes readItems(uint8_t unit, uint8_t function, uint16_t address, uint16_t count) const;
  Bytes writeSingle(uint8_t unit, const Bytes& pdu);
  Bytes writeMany(uint8_t unit, const Bytes& pdu);

  unsigned units_;
  uint64_t tick_ = 0;
  uint64_t requests_ = 0;
  uint64_t writes_ = 0;
  std::unordered_map<uint32_t, uint16_t> holding_;  // unit << 16 | address
  std::unordered_map<uint32_t, bool> coils_;
};

}  // namespace sim
