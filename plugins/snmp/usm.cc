// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/snmp/usm.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "plugins/snmp/ber.h"

namespace busbar::snmp {
namespace {

constexpr int32_t kSecurityModelUsm = 3;
constexpr int64_t kMaxEngineCount = std::numeric_limits<int32_t>::max();
constexpr size_t kMaxUserBytes = 32;

std::span<const uint8_t> asBytes(const std::string& text) {
  // Octets are octets: SNMP strings are read as unsigned bytes.
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::array<uint8_t, kPrivParameterBytes> bigEndian(uint64_t value) {
  std::array<uint8_t, kPrivParameterBytes> bytes{};
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<uint8_t>(value >> (56 - 8 * i));
  }
  return bytes;
}

// A message with the given security parameters (RFC 3412 s.6, RFC 3414 s.2.4), back to front.
struct Envelope {
  std::span<const uint8_t> data;
  std::span<const uint8_t> engineId;
  std::span<const uint8_t> user;
  std::span<const uint8_t> digest;
  std::span<const uint8_t> salt;
  int32_t boots = 0;
  int32_t time = 0;
  int32_t messageId = 0;
  uint8_t flags = 0;
};

std::vector<uint8_t> write(const Envelope& envelope) {
  BerWriter writer;
  writer.putRaw(envelope.data);
  const size_t parametersMark = writer.size();
  writer.putString(envelope.salt);
  writer.putString(envelope.digest);
  writer.putString(envelope.user);
  writer.putInteger(envelope.time);
  writer.putInteger(envelope.boots);
  writer.putString(envelope.engineId);
  writer.wrap(tag::kSequence, parametersMark);
  writer.wrap(tag::kOctetString, parametersMark);
  const size_t headerMark = writer.size();
  writer.putInteger(kSecurityModelUsm);
  writer.putString(std::span<const uint8_t>(&envelope.flags, 1));
  writer.putInteger(static_cast<int64_t>(kMaxMessageBytes));
  writer.putInteger(envelope.messageId);
  writer.wrap(tag::kSequence, headerMark);
  writer.putInteger(static_cast<int64_t>(Version::V3));
  writer.wrap(tag::kSequence, 0);
  return writer.finish();
}

}  // namespace

struct Usm::Parameters {
  std::span<const uint8_t> engineId;
  std::span<const uint8_t> user;
  std::span<const uint8_t> digest;
  std::span<const uint8_t> salt;
  int32_t boots = 0;
  int32_t time = 0;

  static std::optional<Parameters> read(std::span<const uint8_t> bytes) {
    BerReader outer(bytes);
    BerReader reader = outer.enter(tag::kSequence);
    Parameters parameters;
    parameters.engineId = reader.take(tag::kOctetString);
    parameters.boots = static_cast<int32_t>(reader.takeInteger(0, kMaxEngineCount));
    parameters.time = static_cast<int32_t>(reader.takeInteger(0, kMaxEngineCount));
    parameters.user = reader.take(tag::kOctetString);
    parameters.digest = reader.take(tag::kOctetString);
    parameters.salt = reader.take(tag::kOctetString);
    if (!outer.isDone() || !reader.isDone() || parameters.engineId.size() > kMaxEngineIdBytes ||
        parameters.user.size() > kMaxUserBytes) {
      return std::nullopt;
    }
    return parameters;
  }
};

Usm::Usm(const UsmUser& user)
    : name_(user.name.substr(0, kMaxUserBytes)), auth_(user.auth), priv_(user.priv) {
  isReady_ = randomNumber(salt_);
  if (auth_ != AuthProtocol::None) {
    authKey_ = keyFromPassword(auth_, user.authPassword);
    isReady_ = isReady_ && !authKey_.empty();
  }
  if (priv_ != PrivProtocol::None) {
    privPasswordKey_ = keyFromPassword(auth_, user.privPassword);
    isReady_ = isReady_ && auth_ != AuthProtocol::None && !privPasswordKey_.empty();
  }
}

bool Usm::adoptEngine(const std::string& engineId) {
  if (engineId.size() < kMinEngineIdBytes || engineId.size() > kMaxEngineIdBytes) {
    return false;
  }
  engineId_ = engineId;
  isClockKnown_ = false;
  engineBoots_ = 0;
  engineTime_ = 0;
  latestTime_ = 0;
  localBaseS_ = 0;
  if (auth_ != AuthProtocol::None) {
    localAuthKey_ = localizeKey(auth_, authKey_.span(), asBytes(engineId));
  }
  if (priv_ != PrivProtocol::None) {
    const SecretBytes localized = localizeKey(auth_, privPasswordKey_.span(), asBytes(engineId));
    localPrivKey_ = privKey(auth_, priv_, localized.span());
  }
  return true;
}

int32_t Usm::engineTimeAt(int64_t nowS) const {
  if (!isClockKnown_) {
    return 0;  // not synchronised: boots and time of 0 ask for the agent's (RFC 3414 s.4)
  }
  return static_cast<int32_t>(
      std::min<int64_t>(engineTime_ + std::max<int64_t>(nowS - localBaseS_, 0), kMaxEngineCount));
}

std::vector<uint8_t> Usm::sealDiscovery(int32_t messageId, int32_t requestId) const {
  Pdu pdu;
  pdu.requestId = requestId;
  const auto scoped =
      encode(ScopedPdu{.contextEngineId = "", .contextName = "", .pdu = std::move(pdu)});
  Envelope envelope;
  envelope.data = scoped;
  envelope.messageId = messageId;
  envelope.flags = V3Envelope::kReportable;
  return write(envelope);
}

std::vector<uint8_t> Usm::seal(const Pdu& pdu, const std::string& contextName, int32_t messageId,
                               int64_t nowS) {
  if (!isReady_ || !knowsEngine()) {
    return {};
  }
  auto data =
      encode(ScopedPdu{.contextEngineId = engineId_, .contextName = contextName, .pdu = pdu});
  const int32_t time = engineTimeAt(nowS);
  if (priv_ == PrivProtocol::None) {
    return assemble(data, {}, messageId, time);
  }
  const auto salt = bigEndian(++salt_);
  const auto secret =
      encrypt(priv_, localPrivKey_.span(),
              {.engineBoots = engineBoots_, .engineTime = time, .salt = salt}, data);
  if (!secret) {
    return {};
  }
  BerWriter writer;
  writer.putString(*secret);
  return assemble(writer.finish(), salt, messageId, time);
}

std::vector<uint8_t> Usm::assemble(std::span<const uint8_t> data, std::span<const uint8_t> salt,
                                   int32_t messageId, int32_t engineTime) const {
  const std::vector<uint8_t> zeros(authParameterBytes(auth_), 0);
  Envelope envelope;
  envelope.data = data;
  envelope.engineId = asBytes(engineId_);
  envelope.user = asBytes(name_);
  envelope.digest = zeros;
  envelope.salt = salt;
  envelope.boots = engineBoots_;
  envelope.time = engineTime;
  envelope.messageId = messageId;
  envelope.flags = V3Envelope::kReportable;
  if (auth_ != AuthProtocol::None) {
    envelope.flags |= V3Envelope::kAuth;
  }
  if (priv_ != PrivProtocol::None) {
    envelope.flags |= V3Envelope::kPriv;
  }
  auto bytes = write(envelope);
  if (auth_ == AuthProtocol::None) {
    return bytes;
  }
  const auto signature = digest(auth_, localAuthKey_.span(), bytes);
  if (signature.empty()) {
    return {};
  }
  envelope.digest = signature;
  return write(envelope);
}

Verdict Usm::verify(std::span<const uint8_t> datagram, const Parameters& parameters) const {
  if (parameters.digest.size() != authParameterBytes(auth_)) {
    return Verdict::WrongDigest;
  }
  std::vector<uint8_t> unsignedBytes(datagram.begin(), datagram.end());
  const auto at = parameters.digest.data() - datagram.data();
  std::fill_n(unsignedBytes.begin() + at, parameters.digest.size(), uint8_t{0});
  const auto expected = digest(auth_, localAuthKey_.span(), unsignedBytes);
  return isSameDigest(expected, parameters.digest) ? Verdict::Accepted : Verdict::WrongDigest;
}

// RFC 3414 s.3.2 step 7 b: the receiver is not the authoritative engine.
Verdict Usm::checkTime(const Parameters& parameters, int64_t nowS) {
  const bool isNewer = !isClockKnown_ || parameters.boots > engineBoots_ ||
                       (parameters.boots == engineBoots_ && parameters.time > latestTime_);
  if (isNewer) {
    isClockKnown_ = true;
    engineBoots_ = parameters.boots;
    engineTime_ = parameters.time;
    latestTime_ = parameters.time;
    localBaseS_ = nowS;
  }
  if (engineBoots_ == kMaxEngineCount || parameters.boots < engineBoots_ ||
      int64_t{parameters.time} + kTimeWindowS < engineTimeAt(nowS)) {
    return Verdict::NotInTimeWindow;
  }
  return Verdict::Accepted;
}

Verdict Usm::openData(const V3Envelope& envelope, const Parameters& parameters, Opened& out) const {
  std::vector<uint8_t> plain;
  std::span<const uint8_t> bytes = envelope.data;
  if ((envelope.flags & V3Envelope::kPriv) != 0) {
    BerReader reader(envelope.data);
    const auto secret = reader.take(tag::kOctetString);
    auto opened = decrypt(
        priv_, localPrivKey_.span(),
        {.engineBoots = parameters.boots, .engineTime = parameters.time, .salt = parameters.salt},
        secret);
    if (!reader.isDone() || !opened) {
      return Verdict::NotDecrypted;
    }
    plain = std::move(*opened);
    bytes = plain;
  }
  auto scoped = decodeScoped(bytes);
  if (!scoped) {
    return plain.empty() ? Verdict::Malformed : Verdict::NotDecrypted;
  }
  out.scoped = std::move(*scoped);
  return Verdict::Accepted;
}

Opened Usm::open(std::span<const uint8_t> datagram, int64_t nowS) {
  Opened out;
  const auto envelope = decodeV3(datagram);
  if (!envelope || envelope->securityModel != kSecurityModelUsm) {
    return out;
  }
  const bool hasAuth = (envelope->flags & V3Envelope::kAuth) != 0;
  const bool hasPriv = (envelope->flags & V3Envelope::kPriv) != 0;
  const auto parameters = Parameters::read(envelope->securityParameters);
  if (!parameters || (hasPriv && !hasAuth)) {
    return out;
  }
  out.messageId = envelope->messageId;
  out.engineId.assign(parameters->engineId.begin(), parameters->engineId.end());
  if (!hasAuth) {
    out.verdict = openData(*envelope, *parameters, out);
    if (out.verdict == Verdict::Accepted && out.scoped.pdu.type == PduType::Report) {
      out.verdict = Verdict::ReportUnproven;
      return out;
    }
    if (out.verdict != Verdict::Accepted) {
      return out;
    }
  }
  if (!knowsEngine() || out.engineId != engineId_) {
    out.verdict = Verdict::WrongEngine;
  } else if (!std::ranges::equal(parameters->user, asBytes(name_))) {
    out.verdict = Verdict::WrongUser;
  } else if (hasAuth != (auth_ != AuthProtocol::None)) {
    out.verdict = Verdict::WrongLevel;
  } else if (!hasAuth) {
    out.verdict = Verdict::Accepted;
  } else if (out.verdict = verify(datagram, *parameters); out.verdict == Verdict::Accepted) {
    out.verdict = checkTime(*parameters, nowS);
    if (out.verdict == Verdict::Accepted && hasPriv && priv_ == PrivProtocol::None) {
      out.verdict = Verdict::WrongLevel;
    }
    if (out.verdict == Verdict::Accepted) {
      out.verdict = openData(*envelope, *parameters, out);
    }
    const bool isLevelShort = !hasPriv && priv_ != PrivProtocol::None;
    if (out.verdict == Verdict::Accepted && isLevelShort &&
        out.scoped.pdu.type != PduType::Report) {
      out.verdict = Verdict::WrongLevel;
    }
  }
  return out;
}

}  // namespace busbar::snmp
