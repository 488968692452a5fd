// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbard/notify.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>

namespace busbar::daemon {
namespace {

std::string takeVariable(const char* name) {
  const char* value = getenv(name);
  std::string text = value == nullptr ? "" : value;
  unsetenv(name);
  return text;
}

}  // namespace

ServiceNotifier::ServiceNotifier() {
  const std::string path = takeVariable("NOTIFY_SOCKET");
  const std::string usec = takeVariable("WATCHDOG_USEC");
  const std::string pid = takeVariable("WATCHDOG_PID");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() < 2 || path.size() >= sizeof(address.sun_path) ||
      (path[0] != '/' && path[0] != '@')) {
    return;
  }
  path.copy(address.sun_path, path.size());
  if (path[0] == '@') {
    address.sun_path[0] = '\0';  // abstract, unix(7)
  }
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd || connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0) {
    return;
  }
  socket_ = std::move(fd);
  const long long limitUsec = std::strtoll(usec.c_str(), nullptr, 10);
  if (limitUsec > 0 && (pid.empty() || pid == std::to_string(getpid()))) {
    watchdogInterval_ = Milliseconds(std::max(1LL, limitUsec / 2000));
  }
}

void ServiceNotifier::ready(std::string_view status) {
  send("READY=1\nSTATUS=" + std::string(status));
}

void ServiceNotifier::reloading(int64_t monotonicUsec) {
  send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(monotonicUsec));
}

void ServiceNotifier::stopping() {
  send("STOPPING=1\nSTATUS=stopping");
}

void ServiceNotifier::aliveStill() {
  send("WATCHDOG=1");
}

void ServiceNotifier::send(std::string_view message) {
  if (socket_) {
    // A manager that does not read is no reason to wait; the next message says it again.
    static_cast<void>(
        ::send(socket_.get(), message.data(), message.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
  }
}

}  // namespace busbar::daemon
