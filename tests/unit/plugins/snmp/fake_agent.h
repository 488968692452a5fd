// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "plugins/snmp/message.h"
#include "plugins/snmp/usm_keys.h"

namespace busbar::snmp {

// The agent's side of a v3 conversation, written from RFC 3412 and RFC 3414 apart from usm.cc: it
// makes the datagrams that a test wants to arrive, right or wrong ones.
struct FakeAgent {
  std::string engineId = "\x80\x01\x1f\x88\x04test";
  std::string user = "alice";
  AuthProtocol auth = AuthProtocol::Sha1;
  PrivProtocol priv = PrivProtocol::Aes128;
  std::string authPassword = "authpassword";
  std::string privPassword = "privpassword";
  int32_t boots = 3;
  int32_t time = 1000;

  // With `flags` 0 neither signed nor encrypted.
  std::vector<uint8_t> say(const Pdu& pdu, int32_t messageId, uint8_t flags) const;
  // A report of usmStats counter `arc`.
  std::vector<uint8_t> report(uint32_t arc, int32_t messageId, uint8_t flags,
                              int32_t requestId = 0) const;
};

// What a manager's datagram carries in clear.
struct Asked {
  V3Envelope envelope;
  std::string engineId;
  int64_t boots = -1;
  int64_t time = -1;
  std::string user;
};
Asked readRequest(std::span<const uint8_t> datagram);

}  // namespace busbar::snmp
