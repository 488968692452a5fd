// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "plugins/snmp/message.h"
#include "plugins/snmp/usm_keys.h"

namespace busbar::snmp {

struct UsmUser {
  std::string name;
  AuthProtocol auth = AuthProtocol::None;
  std::string authPassword;
  PrivProtocol priv = PrivProtocol::None;
  std::string privPassword;
};

// What became of a datagram that was opened.
enum class Verdict : uint8_t {
  Accepted,        // a message of the user's own level, or an authenticated report
  ReportUnproven,  // a report without authentication: a hint, its values prove nothing
  Malformed,
  WrongEngine,  // not the engine that this session talks to
  WrongUser,
  WrongLevel,  // less protection than the session asks for
  WrongDigest,
  NotInTimeWindow,  // older than what was already seen, by more than 150 s: a replay
  NotDecrypted,
};

struct Opened {
  Verdict verdict = Verdict::Malformed;
  int32_t messageId = 0;
  std::string engineId;  // of the sender, as it claims
  ScopedPdu scoped;      // when Accepted or ReportUnproven
};

// The manager's side of the User-based Security Model towards one agent (RFC 3414): the agent's
// engine, its clock, and keys localised to it. Does no I/O; time is handed in as seconds of any
// clock that never steps back. Replays inside of the time window are the caller's to refuse, by
// message id. Does not protect against an agent that gives its keys away, nor, before the first
// authenticated message, against one who answers the discovery in the agent's place (they can keep
// us from talking, not read or forge). Thread-compatible.
class Usm {
 public:
  static constexpr int32_t kTimeWindowS = 150;
  static constexpr size_t kMinEngineIdBytes = 5;
  static constexpr size_t kMaxEngineIdBytes = 32;

  explicit Usm(const UsmUser& user);

  // False when the passwords gave no keys (libcrypto failed); nothing can be sealed then.
  bool isReady() const { return isReady_; }
  bool knowsEngine() const { return !engineId_.empty(); }
  // Takes the engine that an unproven report named. False when its length is not legal.
  [[nodiscard]] bool adoptEngine(const std::string& engineId);

  // The empty, unprotected request that makes an agent name its engine (RFC 3414 s.4).
  std::vector<uint8_t> sealDiscovery(int32_t messageId, int32_t requestId) const;
  // Protects a PDU at the user's level; empty when not ready or without an engine.
  std::vector<uint8_t> seal(const Pdu& pdu, const std::string& contextName, int32_t messageId,
                            int64_t nowS);
  Opened open(std::span<const uint8_t> datagram, int64_t nowS);

 private:
  struct Parameters;

  Verdict verify(std::span<const uint8_t> datagram, const Parameters& parameters) const;
  Verdict checkTime(const Parameters& parameters, int64_t nowS);
  Verdict openData(const V3Envelope& envelope, const Parameters& parameters, Opened& out) const;
  int32_t engineTimeAt(int64_t nowS) const;
  std::vector<uint8_t> assemble(std::span<const uint8_t> data, std::span<const uint8_t> salt,
                                int32_t messageId, int32_t engineTime) const;

  std::string name_;
  AuthProtocol auth_;
  PrivProtocol priv_;
  SecretBytes authKey_;  // from the password, not localised
  SecretBytes privPasswordKey_;
  SecretBytes localAuthKey_;
  SecretBytes localPrivKey_;
  std::string engineId_;
  bool isClockKnown_ = false;
  int32_t engineBoots_ = 0;
  int32_t engineTime_ = 0;  // at localBaseS_
  int32_t latestTime_ = 0;  // the highest engine time received since the boot (RFC 3414 s.2.3)
  int64_t localBaseS_ = 0;
  uint64_t salt_ = 0;
  bool isReady_ = false;
};

}  // namespace busbar::snmp
