// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbard/signals.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <utility>

namespace busbar::daemon {
namespace {

sigset_t setOf(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) {
    sigaddset(&set, signal);
  }
  return set;
}

}  // namespace

void Signals::block(std::initializer_list<int> signals) {
  const sigset_t set = setOf(signals);
  BUSBAR_CHECK(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
}

Result<std::unique_ptr<Signals>> Signals::create(EventLoop& loop,
                                                 std::initializer_list<int> signals,
                                                 Callback<void(int)> handler) {
  const sigset_t set = setOf(signals);
  std::unique_ptr<Signals> made(new Signals());
  made->fd_.reset(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!made->fd_) {
    return Error::fromErrno(errno, "make a signal descriptor");
  }
  made->handler_ = std::move(handler);
  auto watch =
      loop.watch(made->fd_.get(), EPOLLIN, [self = made.get()](uint32_t) { self->drain(); });
  if (!watch) {
    return watch.error();
  }
  made->watch_ = std::move(*watch);
  return made;
}

void Signals::drain() {
  signalfd_siginfo info{};
  while (read(fd_.get(), &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) {
    handler_(static_cast<int>(info.ssi_signo));
  }
}

}  // namespace busbar::daemon
