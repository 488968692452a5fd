// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>

#include "sdk/base/result.h"
#include "sdk/base/unique_fd.h"

namespace busbar::test {

// A port that no TCP and no UDP socket of this machine uses at any IPv4 address, for what has to be
// told its port before it opens it. It is below those that Linux gives to whoever asks for any port
// or connects (32768 and up), and programs that run side by side look at different places, so that
// it stays free until it is opened. For a TCP server that sets SO_REUSEADDR a port can even be
// kept: ReservedPort (nginx.h).
inline uint16_t freePort() {
  constexpr uint32_t kFirst = 10'000;
  constexpr uint32_t kCount = 32'768 - kFirst;
  static uint32_t next = static_cast<uint32_t>(::getpid()) * 97U;
  for (uint32_t tries = 0; tries < kCount; ++tries) {
    const auto port = static_cast<uint16_t>(kFirst + next++ % kCount);
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_port = htons(port);
    const auto isFree = [&any](int type) {
      const UniqueFd fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
      return ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any) == 0;
    };
    if (isFree(SOCK_STREAM) && isFree(SOCK_DGRAM)) {
      return port;
    }
  }
  BUSBAR_CHECK(false);
  return 0;
}

}  // namespace busbar::test
