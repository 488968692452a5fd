// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/plain_echo.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "sdk/base/clock.h"
#include "sdk/base/result.h"
#include "tests/bench/figure.h"

namespace busbar::bench {
namespace {

constexpr size_t kBufferBytes = 64U << 10U;

// Whole frames only: what is left over stays at the front of the buffer.
void serve(int fd) {
  std::string buffer(kBufferBytes, '\0');
  size_t have = 0;
  while (true) {
    const ssize_t n = ::recv(fd, buffer.data() + have, buffer.size() - have, 0);
    if (n <= 0) {
      _exit(0);
    }
    have += static_cast<size_t>(n);
    const size_t whole = have / PlainEcho::kFrameBytes * PlainEcho::kFrameBytes;
    if (whole > 0 &&
        ::send(fd, buffer.data(), whole, MSG_NOSIGNAL) != static_cast<ssize_t>(whole)) {
      _exit(1);
    }
    buffer.copy(buffer.data(), have - whole, whole);
    have -= whole;
  }
}

}  // namespace

PlainEcho::PlainEcho(int cpu) {
  int pair[2];
  BUSBAR_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
  fd_.reset(pair[0]);
  child_ = fork();
  if (child_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    pinTo(cpu);
    fd_.reset();
    serve(pair[1]);
  }
  ::close(pair[1]);
}

PlainEcho::~PlainEcho() {
  fd_.reset();
  waitpid(child_, nullptr, 0);
}

uint64_t PlainEcho::run(double seconds, unsigned inFlight) {
  const std::string frames(inFlight * kFrameBytes, 'x');
  std::string buffer(kBufferBytes, '\0');
  BUSBAR_CHECK(::send(fd_.get(), frames.data(), frames.size(), MSG_NOSIGNAL) ==
               static_cast<ssize_t>(frames.size()));
  const auto end = BootClock::now() + Nanoseconds(static_cast<int64_t>(seconds * 1e9));
  uint64_t back = 0;
  size_t rest = 0;
  unsigned underway = inFlight;
  while (underway > 0) {
    const ssize_t n = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    BUSBAR_CHECK(n > 0);
    rest += static_cast<size_t>(n);
    const size_t whole = rest / kFrameBytes;
    rest %= kFrameBytes;
    back += whole;
    if (BootClock::now() < end) {
      const auto bytes = whole * kFrameBytes;
      BUSBAR_CHECK(::send(fd_.get(), frames.data(), bytes, MSG_NOSIGNAL) ==
                   static_cast<ssize_t>(bytes));
    } else {
      underway -= static_cast<unsigned>(whole);
    }
  }
  return back;
}

std::vector<int64_t> PlainEcho::roundTrips(size_t count) {
  const std::string frame(kFrameBytes, 'x');
  std::string buffer(kFrameBytes, '\0');
  std::vector<int64_t> times;
  times.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const Instant start = BootClock::now();
    BUSBAR_CHECK(::send(fd_.get(), frame.data(), frame.size(), MSG_NOSIGNAL) > 0);
    BUSBAR_CHECK(::recv(fd_.get(), buffer.data(), buffer.size(), MSG_WAITALL) ==
                 static_cast<ssize_t>(buffer.size()));
    times.push_back((BootClock::now() - start).count());
  }
  return times;
}

}  // namespace busbar::bench
