// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// A datagram from an agent through every decoder; what a decoder accepts must come back from the
// encoder.

#include <cstdlib>

#include "plugins/snmp/message.h"
#include "plugins/snmp/session.h"
#include "plugins/snmp/usm.h"

namespace {

using namespace busbar::snmp;

constexpr uint8_t kEngineId[] = {0x80, 0x01, 0x1f, 0x88, 0x04, 't', 'e', 's', 't'};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const uint8_t> datagram(data, size);
  peekVersion(datagram);
  if (const auto message = decodeCommunity(datagram)) {
    const auto back = decodeCommunity(encode(*message));
    if (!back || back->pdu != message->pdu || back->community != message->community) {
      std::abort();
    }
  }
  if (const auto envelope = decodeV3(datagram)) {
    if (const auto scoped = decodeScoped(envelope->data);
        scoped && !(decodeScoped(encode(*scoped))->pdu == scoped->pdu)) {
      std::abort();
    }
  }
  UsmUser user;
  user.name = "alice";
  static const std::string engine(std::begin(kEngineId), std::end(kEngineId));
  Usm plain(user);
  if (!plain.adoptEngine(engine)) {
    std::abort();
  }
  plain.open(datagram, 0);
  static Usm sealed([] {
    UsmUser full;
    full.name = "alice";
    full.auth = AuthProtocol::Sha1;
    full.authPassword = "authpassword";
    full.priv = PrivProtocol::Aes128;
    full.privPassword = "privpassword";
    return full;
  }());
  if (!sealed.adoptEngine(engine)) {
    std::abort();
  }
  sealed.open(datagram, 0);
  return 0;
}
