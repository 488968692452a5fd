// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// Bytes from a device against every kind of request, and the values of a map with every type out of
// what is accepted. Input: one octet that chooses the request, then the frame.

#include <cstdlib>
#include <vector>

#include "plugins/modbus/codec.h"
#include "plugins/modbus/planner.h"
#include "plugins/modbus/point_value.h"

namespace {

using namespace busbar::modbus;

RegisterMap everyType() {
  std::vector<PointSpec> specs;
  int64_t address = 0;
  for (const char* type :
       {"int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64", "string"}) {
    PointSpec spec;
    spec.name = type;
    spec.type = type;
    spec.table = address % 2 == 0 ? "holding" : "input";
    spec.address = address++;
    spec.byteOrder = address % 3 == 0 ? "little" : "big";
    spec.wordOrder = address % 2 == 0 ? "little" : "big";
    spec.length = spec.type == "string" ? 5 : 1;
    specs.push_back(spec);
  }
  PointSpec bits;
  bits.name = "bits";
  bits.table = "coil";
  bits.count = 30;
  specs.push_back(bits);
  RegisterMap map;
  if (!map.build(specs).empty()) {
    std::abort();
  }
  return map;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const RegisterMap map = everyType();
  if (size == 0) {
    return 0;
  }
  const std::span<const uint8_t> frame(data + 1, size - 1);
  static const std::vector<uint16_t> ones(10, 1);
  constexpr Function kFunctions[] = {
      Function::ReadCoils,          Function::ReadDiscreteInputs,    Function::ReadHoldingRegisters,
      Function::ReadInputRegisters, Function::WriteSingleCoil,       Function::WriteSingleRegister,
      Function::WriteMultipleCoils, Function::WriteMultipleRegisters};
  const Function function = kFunctions[data[0] % 8];
  const bool isSingle =
      function == Function::WriteSingleCoil || function == Function::WriteSingleRegister;
  const uint16_t count = isSingle ? 1 : 10;
  const Request request = {.transaction = 1,
                           .unit = 1,
                           .function = function,
                           .address = 0,
                           .count = count,
                           .values = std::span(ones).first(isRead(function) ? 0 : count)};
  const Response response = decodeResponse(frame, request);
  if (response.outcome != Outcome::Ok || !isRead(function)) {
    return 0;
  }
  if (response.data.size() < (isBitFunction(function) ? (count + 7U) / 8 : count * 2U)) {
    std::abort();
  }
  std::vector<uint16_t> words;
  for (const Point& point : map.points()) {
    const Value value = decodePoint(point, response.data, 0);
    isSameRaw(point, response.data, frame, 0);
    if (value.index() != 0) {
      // What was read can be written back, but for a uint64 that became a double.
      if (!encodePoint(point, value, words).empty() && point.type != Type::Uint64) {
        std::abort();
      }
    }
  }
  return 0;
}
