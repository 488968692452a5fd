// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace busbar::http {

// Why a websocket ends (RFC 6455 s. 7.4.1). 4000 to 4999 are the applications' own; those in use:
// api/control/README.md.
enum class CloseCode : uint16_t {
  Normal = 1000,
  GoingAway = 1001,
  ProtocolError = 1002,
  UnsupportedData = 1003,
  NoCode = 1005,  // never on the wire: the frame had none
  InvalidText = 1007,
  PolicyViolation = 1008,
  TooBig = 1009,
  TryAgainLater = 1013,
};

// Whether a peer may send it: those of the RFC and of IANA's registry, and 3000 to 4999.
constexpr bool isSendable(unsigned code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
         (code >= 3000 && code <= 4999);
}

}  // namespace busbar::http
