// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/snmp/message.h"

#include <gtest/gtest.h>

#include "plugins/snmp/ber.h"

namespace busbar::snmp {
namespace {

using Bytes = std::vector<uint8_t>;

Variable number(ValueType type, uint64_t value) {
  Variable variable;
  variable.type = type;
  variable.number = value;
  return variable;
}

Variable bytes(ValueType type, std::string value) {
  Variable variable;
  variable.type = type;
  variable.bytes = std::move(value);
  return variable;
}

Pdu everyType() {
  Pdu pdu;
  pdu.type = PduType::Response;
  pdu.requestId = -5;
  pdu.errorStatus = 2;
  pdu.errorIndex = 1;
  Variable integer;
  integer.type = ValueType::Integer;
  integer.integer = -2147483648LL;
  Variable objectId;
  objectId.type = ValueType::ObjectId;
  objectId.oid = *Oid::fromText("1.3.6.1.4.1.8072.3.2.10");
  Variable exception;
  exception.type = ValueType::EndOfMibView;
  const std::vector<Variable> values = {Variable(),
                                        integer,
                                        bytes(ValueType::OctetString, std::string("a\0\xFF", 3)),
                                        objectId,
                                        bytes(ValueType::IpAddress, "\x7F\x01\x02\x03"),
                                        number(ValueType::Counter32, 0xFFFFFFFF),
                                        number(ValueType::Gauge32, 1),
                                        number(ValueType::TimeTicks, 0),
                                        bytes(ValueType::Opaque, "x"),
                                        number(ValueType::Counter64, ~uint64_t{0}),
                                        exception};
  for (uint32_t i = 0; i < values.size(); ++i) {
    pdu.bindings.push_back({*Oid::fromArcs({1, 3, 6, i}), values[i]});
  }
  return pdu;
}

TEST(SnmpMessage, EncodesAKnownGetRequest) {
  Pdu pdu;
  pdu.requestId = 1;
  pdu.bindings.push_back({*Oid::fromText("1.3.6.1.2.1.1.5.0"), {}});
  const Bytes expected = {0x30, 0x26, 0x02, 0x01, 0x01, 0x04, 0x06, 'p',  'u',  'b',
                          'l',  'i',  'c',  0xA0, 0x19, 0x02, 0x01, 0x01, 0x02, 0x01,
                          0x00, 0x02, 0x01, 0x00, 0x30, 0x0E, 0x30, 0x0C, 0x06, 0x08,
                          0x2B, 0x06, 0x01, 0x02, 0x01, 0x01, 0x05, 0x00, 0x05, 0x00};
  EXPECT_EQ(encode(CommunityMessage{.version = Version::V2c, .community = "public", .pdu = pdu}),
            expected);
}

TEST(SnmpMessage, KeepsEveryType) {
  for (const Version version : {Version::V1, Version::V2c}) {
    const auto datagram =
        encode(CommunityMessage{.version = version, .community = "secret", .pdu = everyType()});
    const auto back = decodeCommunity(datagram);
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(back->version, version);
    EXPECT_EQ(back->community, "secret");
    EXPECT_EQ(back->pdu, everyType());
    EXPECT_EQ(peekVersion(datagram), static_cast<int64_t>(version));
  }
}

TEST(SnmpMessage, RefusesEveryTruncationAndAnythingMore) {
  auto datagram =
      encode(CommunityMessage{.version = Version::V2c, .community = "c", .pdu = everyType()});
  for (size_t length = 0; length < datagram.size(); ++length) {
    EXPECT_FALSE(decodeCommunity(std::span(datagram).first(length)).has_value()) << length;
  }
  datagram.push_back(0);
  EXPECT_FALSE(decodeCommunity(datagram).has_value());
}

TEST(SnmpMessage, EveryChangedOctetIsReadWithoutHarm) {
  const auto datagram =
      encode(CommunityMessage{.version = Version::V2c, .community = "c", .pdu = everyType()});
  size_t accepted = 0;
  for (size_t at = 0; at < datagram.size(); ++at) {
    for (const unsigned octet : {0x00U, 0x7FU, 0x80U, 0xFFU}) {
      Bytes changed = datagram;
      changed[at] = static_cast<uint8_t>(octet);
      accepted += decodeCommunity(changed).has_value() ? 1U : 0U;
    }
  }
  EXPECT_GT(accepted, 0U);  // values may change
}

TEST(SnmpMessage, RefusesWrongValues) {
  const auto withValue = [](const Bytes& value) {
    BerWriter writer;
    writer.putRaw(value);
    writer.putOid(*Oid::fromText("1.3.6"));
    writer.wrap(tag::kSequence, 0);
    writer.wrap(tag::kSequence, 0);
    writer.putInteger(0);
    writer.putInteger(0);
    writer.putInteger(0);
    writer.wrap(static_cast<uint8_t>(PduType::Response), 0);
    writer.putString("c");
    writer.putInteger(1);
    writer.wrap(tag::kSequence, 0);
    return decodeCommunity(writer.finish()).has_value();
  };
  EXPECT_TRUE(withValue({0x41, 1, 5}));
  EXPECT_FALSE(withValue({0x41, 5, 1, 0, 0, 0, 0}));  // a Counter32 of 2^32
  EXPECT_FALSE(withValue({0x02, 5, 1, 0, 0, 0, 0}));  // an Integer32 of 2^32
  EXPECT_FALSE(withValue({0x40, 3, 1, 2, 3}));        // an IpAddress of three octets
  EXPECT_FALSE(withValue({0x05, 1, 0}));              // a Null with contents
  EXPECT_FALSE(withValue({0x45, 1, 0}));              // no SNMP type
  EXPECT_FALSE(withValue({0x24, 3, 4, 1, 'x'}));      // a constructed string
  EXPECT_FALSE(withValue({0x04, 0x80, 'x', 0, 0}));   // indefinite length
  EXPECT_FALSE(withValue({0x04, 1, 'x', 0x05, 0}));   // two values
}

TEST(SnmpMessage, BoundsTheBindings) {
  Pdu pdu;
  pdu.type = PduType::Response;
  pdu.bindings.resize(kMaxBindings);
  EXPECT_TRUE(decodeCommunity(encode(CommunityMessage{.community = "", .pdu = pdu})).has_value());
  pdu.bindings.emplace_back();
  EXPECT_FALSE(decodeCommunity(encode(CommunityMessage{.community = "", .pdu = pdu})).has_value());
}

TEST(SnmpMessage, ScopedPduMayCarryPadding) {
  auto datagram =
      encode(ScopedPdu{.contextEngineId = "engine", .contextName = "ctx", .pdu = everyType()});
  datagram.insert(datagram.end(), 7, 0);
  const auto back = decodeScoped(datagram);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->contextName, "ctx");
  EXPECT_EQ(back->pdu, everyType());
}

TEST(SnmpMessage, NamesErrors) {
  EXPECT_EQ(errorStatusText(1), "tooBig");
  EXPECT_EQ(errorStatusText(18), "inconsistentName");
  EXPECT_EQ(errorStatusText(19), "error 19");
  EXPECT_EQ(errorStatusText(-1), "error -1");
}

}  // namespace
}  // namespace busbar::snmp
