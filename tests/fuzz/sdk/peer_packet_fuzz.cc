// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sdk/base/result.h"
#include "sdk/wire/peer_packet.h"

// What is taken is written back byte for byte, and its address is read back from its text.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace busbar::wire;  // NOLINT: a fuzz target
  const std::string_view in(reinterpret_cast<const char*>(data), size);
  PeerPacket packet;
  if (decode(in, packet)) {
    std::string out;
    encode(out, packet);
    BUSBAR_CHECK(out == in);
    const auto again = PeerAddress::parse(packet.peer.text());
    BUSBAR_CHECK(packet.peer.port == 0 || (again && *again == packet.peer));
  }
  static_cast<void>(PeerAddress::parse(in));
  return 0;
}
