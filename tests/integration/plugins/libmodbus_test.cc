// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// The Modbus codec against a server made of libmodbus, over a plain TCP socket.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <thread>

#include <gtest/gtest.h>
#include <modbus/modbus.h>

#include "plugins/modbus/codec.h"
#include "plugins/modbus/planner.h"
#include "plugins/modbus/point_value.h"

namespace busbar::modbus {
namespace {

constexpr int kItems = 300;

// One connection is served until the client closes it.
class LibmodbusServer {
 public:
  LibmodbusServer()
      : context_(modbus_new_tcp("127.0.0.1", 0)),
        mapping_(modbus_mapping_new(kItems, kItems, kItems, kItems)) {
    listener_ = modbus_tcp_listen(context_, 1);
    sockaddr_in address{};
    socklen_t length = sizeof(address);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    for (int i = 0; i < kItems; ++i) {
      mapping_->tab_input_registers[i] = static_cast<uint16_t>(i * 7);
      mapping_->tab_registers[i] = static_cast<uint16_t>(i);
      mapping_->tab_input_bits[i] = i % 3 == 0 ? 1 : 0;
    }
    thread_ = std::thread([this] { serve(); });
  }
  ~LibmodbusServer() {
    thread_.join();
    close(listener_);
    modbus_mapping_free(mapping_);
    modbus_free(context_);
  }

  uint16_t port() const { return port_; }
  modbus_mapping_t& mapping() { return *mapping_; }

 private:
  void serve() {
    if (modbus_tcp_accept(context_, &listener_) < 0) {
      return;
    }
    std::array<uint8_t, MODBUS_TCP_MAX_ADU_LENGTH> query{};
    for (;;) {
      const int length = modbus_receive(context_, query.data());
      if (length < 0) {
        break;
      }
      if (length > 0) {
        modbus_reply(context_, query.data(), length, mapping_);
      }
    }
    modbus_close(context_);
  }

  modbus_t* context_;
  modbus_mapping_t* mapping_;
  int listener_ = -1;
  uint16_t port_ = 0;
  std::thread thread_;
};

class Libmodbus : public testing::Test {
 protected:
  void SetUp() override {
    socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval limit = {.tv_sec = 10, .tv_usec = 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server_.port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }
  void TearDown() override { close(socket_); }

  // The answer to a request; its data is borrowed from frame_.
  Response ask(Request request) {
    request.transaction = ++transaction_;
    std::array<uint8_t, kMaxAduBytes> out{};
    const size_t length = encodeRequest(request, out);
    EXPECT_GT(length, 0U);
    EXPECT_EQ(send(socket_, out.data(), length, 0), static_cast<ssize_t>(length));
    frame_.clear();
    int wanted = 0;
    while (wanted == 0 || frame_.size() < static_cast<size_t>(wanted)) {
      uint8_t octet = 0;
      if (recv(socket_, &octet, 1, 0) != 1) {
        break;
      }
      frame_.push_back(octet);
      wanted = frameLength(frame_);
    }
    return decodeResponse(frame_, request);
  }

  LibmodbusServer server_;
  int socket_ = -1;
  uint16_t transaction_ = 0;
  std::vector<uint8_t> frame_;
};

TEST_F(Libmodbus, ReadsAllFourTables) {
  auto response =
      ask({.function = Function::ReadInputRegisters, .address = 10, .count = 125, .values = {}});
  ASSERT_EQ(response.outcome, Outcome::Ok);
  EXPECT_EQ(response.data[0] << 8 | response.data[1], 70);
  EXPECT_EQ(response.data[248] << 8 | response.data[249], 134 * 7);
  response =
      ask({.function = Function::ReadHoldingRegisters, .address = 299, .count = 1, .values = {}});
  ASSERT_EQ(response.outcome, Outcome::Ok);
  EXPECT_EQ(response.data[0] << 8 | response.data[1], 299);
  response =
      ask({.function = Function::ReadDiscreteInputs, .address = 0, .count = 10, .values = {}});
  ASSERT_EQ(response.outcome, Outcome::Ok);
  EXPECT_EQ(response.data[0], 0x49);
  EXPECT_EQ(response.data[1], 0x02);
  response = ask({.function = Function::ReadCoils, .address = 0, .count = 300, .values = {}});
  EXPECT_EQ(response.outcome, Outcome::Ok);
}

TEST_F(Libmodbus, WritesWithAllFourFunctions) {
  const std::array<uint16_t, 1> one = {1};
  EXPECT_EQ(
      ask({.function = Function::WriteSingleCoil, .address = 5, .count = 1, .values = one}).outcome,
      Outcome::Ok);
  EXPECT_EQ(server_.mapping().tab_bits[5], 1);
  const std::array<uint16_t, 1> word = {0xBEEF};
  EXPECT_EQ(
      ask({.function = Function::WriteSingleRegister, .address = 6, .count = 1, .values = word})
          .outcome,
      Outcome::Ok);
  EXPECT_EQ(server_.mapping().tab_registers[6], 0xBEEF);
  std::vector<uint16_t> many(200);
  for (size_t i = 0; i < many.size(); ++i) {
    many[i] = i % 5 == 0 ? 1 : 0;
  }
  EXPECT_EQ(
      ask({.function = Function::WriteMultipleCoils, .address = 50, .count = 200, .values = many})
          .outcome,
      Outcome::Ok);
  EXPECT_EQ(server_.mapping().tab_bits[55], 1);
  EXPECT_EQ(server_.mapping().tab_bits[56], 0);
  const std::vector<uint16_t> words(123, 0x1234);
  EXPECT_EQ(ask({.function = Function::WriteMultipleRegisters,
                 .address = 100,
                 .count = 123,
                 .values = words})
                .outcome,
            Outcome::Ok);
  EXPECT_EQ(server_.mapping().tab_registers[222], 0x1234);
  EXPECT_EQ(server_.mapping().tab_registers[223], 223);
}

TEST_F(Libmodbus, HearsItsExceptions) {
  const auto response =
      ask({.function = Function::ReadHoldingRegisters, .address = 300, .count = 1, .values = {}});
  ASSERT_EQ(response.outcome, Outcome::Exception);
  EXPECT_EQ(exceptionText(response.exception), "illegal data address (exception 2)");
}

TEST_F(Libmodbus, AgreesOnFloatsWithBothWordOrders) {
  // modbus_set_float puts the low word first; its _abcd form swaps the bytes of each word in this
  // version.
  std::array<uint16_t, 2> words{};
  modbus_set_float(21.5F, words.data());
  server_.mapping().tab_input_registers[0] = words[1];
  server_.mapping().tab_input_registers[1] = words[0];
  modbus_set_float(-3.25F, server_.mapping().tab_input_registers + 2);
  PointSpec high;
  high.name = "high";
  high.table = "input";
  high.type = "float32";
  PointSpec low = high;
  low.name = "low";
  low.address = 2;
  low.wordOrder = "little";
  RegisterMap map;
  ASSERT_EQ(map.build({high, low}), "");
  const auto reads = planReads(map.points(), {});
  ASSERT_EQ(reads.size(), 1U);
  const auto response = ask({.function = readFunction(reads[0].table),
                             .address = reads[0].address,
                             .count = reads[0].count,
                             .values = {}});
  ASSERT_EQ(response.outcome, Outcome::Ok);
  EXPECT_EQ(decodePoint(*map.find("high"), response.data, 0), Value(21.5));
  EXPECT_EQ(decodePoint(*map.find("low"), response.data, 0), Value(-3.25));
}

}  // namespace
}  // namespace busbar::modbus
