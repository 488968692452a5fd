// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/modbus/codec.h"

#include <array>
#include <vector>

#include <gtest/gtest.h>

namespace busbar::modbus {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes encoded(const Request& request) {
  Bytes out(kMaxAduBytes);
  out.resize(encodeRequest(request, out));
  return out;
}

// The examples of the Modbus Application Protocol V1.1b3, each behind an MBAP header.
TEST(ModbusCodec, EncodesTheExamplesOfTheSpecification) {
  EXPECT_EQ(encoded({.transaction = 0x1501,
                     .unit = 0xFF,
                     .function = Function::ReadCoils,
                     .address = 0x13,
                     .count = 0x13,
                     .values = {}}),
            (Bytes{0x15, 0x01, 0, 0, 0, 6, 0xFF, 1, 0, 0x13, 0, 0x13}));
  EXPECT_EQ(encoded({.transaction = 1,
                     .unit = 1,
                     .function = Function::ReadHoldingRegisters,
                     .address = 0x6B,
                     .count = 3,
                     .values = {}}),
            (Bytes{0, 1, 0, 0, 0, 6, 1, 3, 0, 0x6B, 0, 3}));
  const std::array<uint16_t, 1> on = {1};
  EXPECT_EQ(encoded({.transaction = 2,
                     .unit = 1,
                     .function = Function::WriteSingleCoil,
                     .address = 0xAC,
                     .count = 1,
                     .values = on}),
            (Bytes{0, 2, 0, 0, 0, 6, 1, 5, 0, 0xAC, 0xFF, 0}));
  const std::array<uint16_t, 1> three = {3};
  EXPECT_EQ(encoded({.transaction = 3,
                     .unit = 1,
                     .function = Function::WriteSingleRegister,
                     .address = 1,
                     .count = 1,
                     .values = three}),
            (Bytes{0, 3, 0, 0, 0, 6, 1, 6, 0, 1, 0, 3}));
  const std::array<uint16_t, 10> coils = {1, 0, 1, 1, 0, 0, 1, 1, 1, 0};
  EXPECT_EQ(encoded({.transaction = 4,
                     .unit = 1,
                     .function = Function::WriteMultipleCoils,
                     .address = 0x13,
                     .count = 10,
                     .values = coils}),
            (Bytes{0, 4, 0, 0, 0, 9, 1, 15, 0, 0x13, 0, 10, 2, 0xCD, 1}));
  const std::array<uint16_t, 2> registers = {0x000A, 0x0102};
  EXPECT_EQ(encoded({.transaction = 5,
                     .unit = 1,
                     .function = Function::WriteMultipleRegisters,
                     .address = 1,
                     .count = 2,
                     .values = registers}),
            (Bytes{0, 5, 0, 0, 0, 11, 1, 16, 0, 1, 0, 2, 4, 0, 0x0A, 1, 2}));
}

TEST(ModbusCodec, RefusesRequestsThatAreNotLegal) {
  const auto read = [](Function function, uint16_t address, uint16_t count) {
    return encoded({.function = function, .address = address, .count = count, .values = {}});
  };
  EXPECT_EQ(read(Function::ReadHoldingRegisters, 0, 125).size(), 12U);
  EXPECT_TRUE(read(Function::ReadHoldingRegisters, 0, 126).empty());
  EXPECT_TRUE(read(Function::ReadHoldingRegisters, 0, 0).empty());
  EXPECT_EQ(read(Function::ReadCoils, 0, 2000).size(), 12U);
  EXPECT_TRUE(read(Function::ReadCoils, 0, 2001).empty());
  EXPECT_EQ(read(Function::ReadInputRegisters, 65535, 1).size(), 12U);
  EXPECT_TRUE(read(Function::ReadInputRegisters, 65535, 2).empty());
  const std::vector<uint16_t> values(124);
  EXPECT_TRUE(
      encoded({.function = Function::WriteMultipleRegisters, .count = 124, .values = values})
          .empty());
  EXPECT_TRUE(encoded({.function = Function::WriteMultipleRegisters, .count = 2, .values = values})
                  .empty());
  std::array<uint8_t, 11> small{};
  EXPECT_EQ(encodeRequest({.count = 1, .values = {}}, small), 0U);
}

TEST(ModbusCodec, FillsTheLongestFrame) {
  const std::vector<uint16_t> values(123, 0xABCD);
  EXPECT_EQ(encoded({.function = Function::WriteMultipleRegisters, .count = 123, .values = values})
                .size(),
            kMbapBytes + 6 + 246);
}

class ModbusReply : public testing::Test {
 protected:
  Outcome outcome(const Bytes& frame) const { return decodeResponse(frame, request_).outcome; }

  Request request_ = {.transaction = 7,
                      .unit = 1,
                      .function = Function::ReadHoldingRegisters,
                      .address = 0x6B,
                      .count = 3,
                      .values = {}};
  Bytes good_ = {0, 7, 0, 0, 0, 9, 1, 3, 6, 0x02, 0x2B, 0, 0, 0, 0x64};
};

TEST_F(ModbusReply, GivesTheRegistersOfARead) {
  const Response response = decodeResponse(good_, request_);
  ASSERT_EQ(response.outcome, Outcome::Ok);
  EXPECT_EQ(Bytes(response.data.begin(), response.data.end()), (Bytes{0x02, 0x2B, 0, 0, 0, 0x64}));
}

TEST_F(ModbusReply, IsTruncatedAtEveryShorterLength) {
  for (size_t length = 0; length < good_.size(); ++length) {
    EXPECT_EQ(outcome(Bytes(good_.begin(), good_.begin() + static_cast<ptrdiff_t>(length))),
              Outcome::Truncated)
        << length;
  }
}

TEST_F(ModbusReply, TellsWhatIsWrong) {
  const auto with = [&](size_t at, uint8_t octet) {
    Bytes frame = good_;
    frame[at] = octet;
    return outcome(frame);
  };
  EXPECT_EQ(with(1, 8), Outcome::WrongTransaction);
  EXPECT_EQ(with(3, 1), Outcome::BadHeader);
  EXPECT_EQ(with(5, 2), Outcome::BadHeader);
  EXPECT_EQ(with(4, 1), Outcome::BadHeader);
  EXPECT_EQ(with(5, 8), Outcome::WrongLength);
  EXPECT_EQ(with(6, 2), Outcome::WrongUnit);
  EXPECT_EQ(with(7, 4), Outcome::WrongFunction);
  EXPECT_EQ(with(8, 4), Outcome::WrongLength);
  EXPECT_EQ(outcome({0, 7, 0, 0, 0, 7, 1, 3, 4, 0, 1, 0, 2}), Outcome::WrongLength);
}

TEST_F(ModbusReply, CarriesTheException) {
  const Response response = decodeResponse(Bytes{0, 7, 0, 0, 0, 3, 1, 0x83, 2}, request_);
  EXPECT_EQ(response.outcome, Outcome::Exception);
  EXPECT_EQ(exceptionText(response.exception), "illegal data address (exception 2)");
  EXPECT_EQ(exceptionText(99), "unknown reason (exception 99)");
  EXPECT_EQ(outcome({0, 7, 0, 0, 0, 4, 1, 0x83, 2, 0}), Outcome::WrongLength);
}

TEST_F(ModbusReply, ChecksTheEchoOfAWrite) {
  const std::array<uint16_t, 1> on = {1};
  request_ = {.transaction = 7,
              .unit = 1,
              .function = Function::WriteSingleCoil,
              .address = 0xAC,
              .count = 1,
              .values = on};
  EXPECT_EQ(outcome({0, 7, 0, 0, 0, 6, 1, 5, 0, 0xAC, 0xFF, 0}), Outcome::Ok);
  EXPECT_EQ(outcome({0, 7, 0, 0, 0, 6, 1, 5, 0, 0xAC, 0, 0}), Outcome::WrongEcho);
  EXPECT_EQ(outcome({0, 7, 0, 0, 0, 6, 1, 5, 0, 0xAD, 0xFF, 0}), Outcome::WrongEcho);
  const std::array<uint16_t, 2> two = {1, 2};
  request_ = {.transaction = 7,
              .unit = 1,
              .function = Function::WriteMultipleRegisters,
              .address = 1,
              .count = 2,
              .values = two};
  EXPECT_EQ(outcome({0, 7, 0, 0, 0, 6, 1, 16, 0, 1, 0, 2}), Outcome::Ok);
  EXPECT_EQ(outcome({0, 7, 0, 0, 0, 6, 1, 16, 0, 1, 0, 1}), Outcome::WrongEcho);
}

TEST(ModbusFraming, FindsTheLengthAsSoonAsItIsThere) {
  const Bytes stream = {0, 7, 0, 0, 0, 9, 1, 3};
  EXPECT_EQ(frameLength(std::span(stream).first(5)), 0);
  EXPECT_EQ(frameLength(std::span(stream).first(6)), 15);
  EXPECT_EQ(frameLength(Bytes{0, 7, 0, 1}), -1);
  EXPECT_EQ(frameLength(Bytes{0, 7, 0, 0, 0, 2}), -1);
  EXPECT_EQ(frameLength(Bytes{0, 7, 0, 0, 0, 254}), 260);
  EXPECT_EQ(frameLength(Bytes{0, 7, 0, 0, 0, 255}), -1);
}

}  // namespace
}  // namespace busbar::modbus
