// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/plugins/snmp/fake_agent.h"

#include <algorithm>
#include <array>
#include <limits>

#include "plugins/snmp/ber.h"

namespace busbar::snmp {
namespace {

std::span<const uint8_t> asBytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace

std::vector<uint8_t> FakeAgent::say(const Pdu& pdu, int32_t messageId, uint8_t flags) const {
  const SecretBytes authKey =
      localizeKey(auth, keyFromPassword(auth, authPassword).span(), asBytes(engineId));
  auto data = encode(ScopedPdu{.contextEngineId = engineId, .contextName = "", .pdu = pdu});
  const std::array<uint8_t, 8> salt = {1, 2, 3, 4, 5, 6, 7, 8};
  if ((flags & V3Envelope::kPriv) != 0) {
    const SecretBytes local =
        localizeKey(auth, keyFromPassword(auth, privPassword).span(), asBytes(engineId));
    const auto secret = encrypt(priv, privKey(auth, priv, local.span()).span(),
                                {.engineBoots = boots, .engineTime = time, .salt = salt}, data);
    BerWriter writer;
    writer.putString(*secret);
    data = writer.finish();
  }
  const bool isSigned = (flags & V3Envelope::kAuth) != 0;
  std::vector<uint8_t> mac(isSigned ? authParameterBytes(auth) : 0, 0);
  std::vector<uint8_t> datagram;
  for (int pass = 0; pass < (isSigned ? 2 : 1); ++pass) {
    BerWriter writer;
    writer.putRaw(data);
    const size_t mark = writer.size();
    writer.putString(
        std::span<const uint8_t>(salt).first((flags & V3Envelope::kPriv) != 0 ? 8 : 0));
    writer.putString(mac);
    writer.putString(isSigned ? user : std::string());
    writer.putInteger(time);
    writer.putInteger(boots);
    writer.putString(engineId);
    writer.wrap(tag::kSequence, mark);
    writer.wrap(tag::kOctetString, mark);
    const size_t header = writer.size();
    writer.putInteger(3);
    writer.putString(std::span<const uint8_t>(&flags, 1));
    writer.putInteger(65507);
    writer.putInteger(messageId);
    writer.wrap(tag::kSequence, header);
    writer.putInteger(3);
    writer.wrap(tag::kSequence, 0);
    datagram = writer.finish();
    if (isSigned && pass == 0) {
      mac = digest(auth, authKey.span(), datagram);
    }
  }
  return datagram;
}

std::vector<uint8_t> FakeAgent::report(uint32_t arc, int32_t messageId, uint8_t flags,
                                       int32_t requestId) const {
  Pdu pdu;
  pdu.type = PduType::Report;
  pdu.requestId = requestId;
  Variable counter;
  counter.type = ValueType::Counter32;
  counter.number = 1;
  pdu.bindings.push_back({*Oid::fromArcs({1, 3, 6, 1, 6, 3, 15, 1, 1, arc, 0}), counter});
  return say(pdu, messageId, flags);
}

Asked readRequest(std::span<const uint8_t> datagram) {
  Asked asked;
  asked.envelope = decodeV3(datagram).value_or(V3Envelope());
  BerReader outer(asked.envelope.securityParameters);
  BerReader reader = outer.enter(tag::kSequence);
  const auto engine = reader.take(tag::kOctetString);
  asked.engineId.assign(engine.begin(), engine.end());
  asked.boots = reader.takeInteger(0, std::numeric_limits<int32_t>::max());
  asked.time = reader.takeInteger(0, std::numeric_limits<int32_t>::max());
  const auto user = reader.take(tag::kOctetString);
  asked.user.assign(user.begin(), user.end());
  return asked;
}

}  // namespace busbar::snmp
