// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/snmp/oid.h"

// SNMP messages as values: v1 (RFC 1157), v2c (RFC 1901, RFC 3416) and the outer form of v3 (RFC
// 3412). Security of v3 is in usm.h. Pure.
namespace busbar::snmp {

inline constexpr size_t kMaxMessageBytes = 65'507;  // what a UDP datagram over IPv4 can carry
inline constexpr size_t kMaxBindings = 2'048;

enum class Version : uint8_t { V1 = 0, V2c = 1, V3 = 3 };

enum class PduType : uint8_t {
  Get = 0xA0,
  GetNext = 0xA1,
  Response = 0xA2,
  Set = 0xA3,
  GetBulk = 0xA5,
  Report = 0xA8,
};

enum class ValueType : uint8_t {
  Null = 0x05,
  Integer = 0x02,
  OctetString = 0x04,
  ObjectId = 0x06,
  IpAddress = 0x40,
  Counter32 = 0x41,
  Gauge32 = 0x42,
  TimeTicks = 0x43,
  Opaque = 0x44,
  Counter64 = 0x46,
  NoSuchObject = 0x80,
  NoSuchInstance = 0x81,
  EndOfMibView = 0x82,
};

// A value of a variable. Which member counts follows from `type`.
struct Variable {
  ValueType type = ValueType::Null;
  int64_t integer = 0;  // Integer
  uint64_t number = 0;  // Counter32, Gauge32, TimeTicks, Counter64
  std::string bytes;    // OctetString, Opaque, and the four octets of IpAddress
  Oid oid;              // ObjectId

  bool isException() const { return type >= ValueType::NoSuchObject; }
  bool operator==(const Variable& other) const = default;
};

struct Binding {
  Oid oid;
  Variable value;
  bool operator==(const Binding& other) const = default;
};

// Of GetBulk, errorStatus and errorIndex carry non-repeaters and max-repetitions (RFC 3416
// s.4.2.3).
struct Pdu {
  PduType type = PduType::Get;
  int32_t requestId = 0;
  int32_t errorStatus = 0;
  int32_t errorIndex = 0;
  std::vector<Binding> bindings;
  bool operator==(const Pdu& other) const = default;
};

struct CommunityMessage {
  Version version = Version::V2c;  // V1 or V2c
  std::string community;
  Pdu pdu;
};

struct ScopedPdu {
  std::string contextEngineId;
  std::string contextName;
  Pdu pdu;
};

// The unprotected parts of a v3 message (RFC 3412 s.6). The spans are borrowed from the datagram.
struct V3Envelope {
  static constexpr uint8_t kAuth = 1;
  static constexpr uint8_t kPriv = 2;
  static constexpr uint8_t kReportable = 4;

  int32_t messageId = 0;
  int32_t maxSize = 0;
  uint8_t flags = 0;
  int32_t securityModel = 0;
  std::span<const uint8_t> securityParameters;
  std::span<const uint8_t>
      data;  // the whole msgData element: a scoped PDU, or an encrypted OCTET STRING
};

std::vector<uint8_t> encode(const CommunityMessage& message);
std::vector<uint8_t> encode(const ScopedPdu& scoped);

// nullopt when the bytes are not exactly one such message. Never throws, never reads outside.
std::optional<CommunityMessage> decodeCommunity(std::span<const uint8_t> datagram);
std::optional<V3Envelope> decodeV3(std::span<const uint8_t> datagram);
// `bytes` may be longer than the element by the padding of a cipher (RFC 3414 s.8.1.1.3).
std::optional<ScopedPdu> decodeScoped(std::span<const uint8_t> bytes);
// The version number that a datagram carries, for telling the forms apart.
std::optional<int64_t> peekVersion(std::span<const uint8_t> datagram);

// "noSuchName", "tooBig" … (RFC 3416 s.3); "error 42" for an unknown one.
std::string errorStatusText(int32_t errorStatus);
std::string_view toText(ValueType type);

}  // namespace busbar::snmp
