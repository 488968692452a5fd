// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/snmp/message.h"

#include <array>
#include <limits>
#include <utility>

#include "plugins/snmp/ber.h"

namespace busbar::snmp {
namespace {

constexpr int64_t kMaxInt32 = std::numeric_limits<int32_t>::max();
constexpr int64_t kMinInt32 = std::numeric_limits<int32_t>::min();

std::string toString(std::span<const uint8_t> bytes) {
  return {bytes.begin(), bytes.end()};
}

bool readNumber(std::span<const uint8_t> contents, uint64_t most, Variable& out) {
  const auto number = berUnsigned(contents);
  if (!number || *number > most) {
    return false;
  }
  out.number = *number;
  return true;
}

bool readInteger(std::span<const uint8_t> contents, Variable& out) {
  const auto value = berInteger(contents);
  if (!value || *value < kMinInt32 || *value > kMaxInt32) {
    return false;
  }
  out.integer = *value;
  return true;
}

bool readOid(std::span<const uint8_t> contents, Variable& out) {
  auto oid = berOid(contents);
  if (!oid) {
    return false;
  }
  out.oid = std::move(*oid);
  return true;
}

// False when `tag` is no SNMP type or the contents do not fit it.
bool readVariable(uint8_t tag, std::span<const uint8_t> contents, Variable& out) {
  out.type = static_cast<ValueType>(tag);
  switch (out.type) {
    case ValueType::Null:
    case ValueType::NoSuchObject:
    case ValueType::NoSuchInstance:
    case ValueType::EndOfMibView:
      return contents.empty();
    case ValueType::Integer:
      return readInteger(contents, out);
    case ValueType::OctetString:
    case ValueType::Opaque:
      out.bytes = toString(contents);
      return true;
    case ValueType::IpAddress:
      out.bytes = toString(contents);
      return contents.size() == 4;
    case ValueType::ObjectId:
      return readOid(contents, out);
    case ValueType::Counter32:
    case ValueType::Gauge32:
    case ValueType::TimeTicks:
      return readNumber(contents, std::numeric_limits<uint32_t>::max(), out);
    case ValueType::Counter64:
      return readNumber(contents, std::numeric_limits<uint64_t>::max(), out);
  }
  return false;
}

std::optional<Binding> readBinding(BerReader& list) {
  BerReader reader = list.enter(tag::kSequence);
  auto oid = berOid(reader.take(tag::kOid));
  if (!reader.ok() || !oid) {
    return std::nullopt;
  }
  uint8_t valueTag = 0;
  const auto contents = reader.takeAny(valueTag);
  Binding binding{.oid = std::move(*oid), .value = {}};
  if (!reader.isDone() || !readVariable(valueTag, contents, binding.value)) {
    return std::nullopt;
  }
  return binding;
}

bool isPduType(uint8_t tag) {
  switch (static_cast<PduType>(tag)) {
    case PduType::Get:
    case PduType::GetNext:
    case PduType::Response:
    case PduType::Set:
    case PduType::GetBulk:
    case PduType::Report:
      return true;
  }
  return false;
}

std::optional<Pdu> readPdu(BerReader& outer) {
  const auto pduTag = outer.peekTag();
  if (!pduTag || !isPduType(*pduTag)) {
    return std::nullopt;
  }
  BerReader reader = outer.enter(*pduTag);
  Pdu pdu;
  pdu.type = static_cast<PduType>(*pduTag);
  pdu.requestId = static_cast<int32_t>(reader.takeInteger(kMinInt32, kMaxInt32));
  pdu.errorStatus = static_cast<int32_t>(reader.takeInteger(kMinInt32, kMaxInt32));
  pdu.errorIndex = static_cast<int32_t>(reader.takeInteger(kMinInt32, kMaxInt32));
  BerReader list = reader.enter(tag::kSequence);
  if (!reader.isDone()) {
    return std::nullopt;
  }
  while (!list.isAtEnd()) {
    auto binding = readBinding(list);
    if (!binding || pdu.bindings.size() == kMaxBindings) {
      return std::nullopt;
    }
    pdu.bindings.push_back(std::move(*binding));
  }
  if (!list.ok()) {
    return std::nullopt;
  }
  return pdu;
}

void putVariable(BerWriter& writer, const Variable& value) {
  const auto valueTag = static_cast<uint8_t>(value.type);
  switch (value.type) {
    case ValueType::Null:
    case ValueType::NoSuchObject:
    case ValueType::NoSuchInstance:
    case ValueType::EndOfMibView:
      return writer.putNull(valueTag);
    case ValueType::Integer:
      return writer.putInteger(value.integer);
    case ValueType::OctetString:
    case ValueType::Opaque:
    case ValueType::IpAddress:
      return writer.putString(value.bytes, valueTag);
    case ValueType::ObjectId:
      return writer.putOid(value.oid);
    case ValueType::Counter32:
    case ValueType::Gauge32:
    case ValueType::TimeTicks:
    case ValueType::Counter64:
      return writer.putUnsigned(value.number, valueTag);
  }
}

void putPdu(BerWriter& writer, const Pdu& pdu) {
  const size_t mark = writer.size();
  for (auto binding = pdu.bindings.rbegin(); binding != pdu.bindings.rend(); ++binding) {
    const size_t bindingMark = writer.size();
    putVariable(writer, binding->value);
    writer.putOid(binding->oid);
    writer.wrap(tag::kSequence, bindingMark);
  }
  writer.wrap(tag::kSequence, mark);
  writer.putInteger(pdu.errorIndex);
  writer.putInteger(pdu.errorStatus);
  writer.putInteger(pdu.requestId);
  writer.wrap(static_cast<uint8_t>(pdu.type), mark);
}

}  // namespace

std::vector<uint8_t> encode(const CommunityMessage& message) {
  BerWriter writer;
  putPdu(writer, message.pdu);
  writer.putString(message.community);
  writer.putInteger(static_cast<int64_t>(message.version));
  writer.wrap(tag::kSequence, 0);
  return writer.finish();
}

std::vector<uint8_t> encode(const ScopedPdu& scoped) {
  BerWriter writer;
  putPdu(writer, scoped.pdu);
  writer.putString(scoped.contextName);
  writer.putString(scoped.contextEngineId);
  writer.wrap(tag::kSequence, 0);
  return writer.finish();
}

std::optional<CommunityMessage> decodeCommunity(std::span<const uint8_t> datagram) {
  BerReader outer(datagram);
  BerReader reader = outer.enter(tag::kSequence);
  if (datagram.size() > kMaxMessageBytes || !outer.isDone()) {
    return std::nullopt;
  }
  CommunityMessage message;
  message.version = static_cast<Version>(reader.takeInteger(0, 1));
  message.community = toString(reader.take(tag::kOctetString));
  if (!reader.ok()) {
    return std::nullopt;
  }
  auto pdu = readPdu(reader);
  if (!pdu || !reader.isDone()) {
    return std::nullopt;
  }
  message.pdu = std::move(*pdu);
  return message;
}

std::optional<V3Envelope> decodeV3(std::span<const uint8_t> datagram) {
  BerReader outer(datagram);
  BerReader reader = outer.enter(tag::kSequence);
  if (datagram.size() > kMaxMessageBytes || !outer.isDone()) {
    return std::nullopt;
  }
  reader.takeInteger(3, 3);
  BerReader header = reader.enter(tag::kSequence);
  V3Envelope envelope;
  envelope.messageId = static_cast<int32_t>(header.takeInteger(0, kMaxInt32));
  envelope.maxSize = static_cast<int32_t>(header.takeInteger(484, kMaxInt32));
  const auto flags = header.take(tag::kOctetString);
  envelope.securityModel = static_cast<int32_t>(header.takeInteger(1, kMaxInt32));
  envelope.securityParameters = reader.take(tag::kOctetString);
  if (!header.isDone() || !reader.ok() || flags.size() != 1) {
    return std::nullopt;
  }
  envelope.flags = flags[0];
  envelope.data = datagram.last(reader.remaining());
  uint8_t dataTag = 0;
  reader.takeAny(dataTag);
  if (!reader.isDone()) {
    return std::nullopt;
  }
  return envelope;
}

std::optional<ScopedPdu> decodeScoped(std::span<const uint8_t> bytes) {
  BerReader outer(bytes);
  BerReader reader = outer.enter(tag::kSequence);
  ScopedPdu scoped;
  scoped.contextEngineId = toString(reader.take(tag::kOctetString));
  scoped.contextName = toString(reader.take(tag::kOctetString));
  if (!reader.ok()) {
    return std::nullopt;
  }
  auto pdu = readPdu(reader);
  if (!pdu || !reader.isDone()) {
    return std::nullopt;
  }
  scoped.pdu = std::move(*pdu);
  return scoped;
}

std::optional<int64_t> peekVersion(std::span<const uint8_t> datagram) {
  BerReader outer(datagram);
  BerReader reader = outer.enter(tag::kSequence);
  const int64_t version = reader.takeInteger(0, kMaxInt32);
  if (!reader.ok()) {
    return std::nullopt;
  }
  return version;
}

std::string errorStatusText(int32_t errorStatus) {
  static constexpr std::array<std::string_view, 19> kNames = {"noError",
                                                              "tooBig",
                                                              "noSuchName",
                                                              "badValue",
                                                              "readOnly",
                                                              "genErr",
                                                              "noAccess",
                                                              "wrongType",
                                                              "wrongLength",
                                                              "wrongEncoding",
                                                              "wrongValue",
                                                              "noCreation",
                                                              "inconsistentValue",
                                                              "resourceUnavailable",
                                                              "commitFailed",
                                                              "undoFailed",
                                                              "authorizationError",
                                                              "notWritable",
                                                              "inconsistentName"};
  if (errorStatus >= 0 && static_cast<size_t>(errorStatus) < kNames.size()) {
    return std::string(kNames[static_cast<size_t>(errorStatus)]);
  }
  return "error " + std::to_string(errorStatus);
}

std::string_view toText(ValueType type) {
  switch (type) {
    case ValueType::Null:
      return "null";
    case ValueType::Integer:
      return "integer";
    case ValueType::OctetString:
      return "string";
    case ValueType::ObjectId:
      return "oid";
    case ValueType::IpAddress:
      return "ip";
    case ValueType::Counter32:
      return "counter32";
    case ValueType::Gauge32:
      return "gauge32";
    case ValueType::TimeTicks:
      return "timeticks";
    case ValueType::Opaque:
      return "opaque";
    case ValueType::Counter64:
      return "counter64";
    case ValueType::NoSuchObject:
      return "noSuchObject";
    case ValueType::NoSuchInstance:
      return "noSuchInstance";
    case ValueType::EndOfMibView:
      return "endOfMibView";
  }
  return "unknown";
}

}  // namespace busbar::snmp
