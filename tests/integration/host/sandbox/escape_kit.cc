// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/host/sandbox/escape_kit.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace busbar::sandbox {
namespace {

namespace fs = std::filesystem;

char secretInMemory[] = ESCAPE_SECRET;

void writeFile(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::trunc) << text;
}

// A socket on loopback of this family and type; its port in `port`, 0 when the family is missing.
UniqueFd listenOn(int family, int type, uint32_t& port) {
  UniqueFd fd(::socket(family, type | SOCK_CLOEXEC, 0));
  sockaddr_in6 address{};
  socklen_t length = sizeof(address);
  if (family == AF_INET6) {
    address.sin6_family = AF_INET6;
    address.sin6_addr = in6addr_loopback;
  } else {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&address);
    v4->sin_family = AF_INET;
    v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    length = sizeof(*v4);
  }
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (!fd || ::bind(fd.get(), generic, length) != 0 ||
      (type == SOCK_STREAM && ::listen(fd.get(), 4096) != 0)) {
    return UniqueFd();
  }
  ::getsockname(fd.get(), generic, &length);
  port = ntohs(address.sin6_port);  // at the same place for both families
  return fd;
}

UniqueFd connectTo(int type, uint32_t port) {
  UniqueFd fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(static_cast<uint16_t>(port));
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0) {
    return UniqueFd();
  }
  return fd;
}

UniqueFd listenUnix(const std::string& path, bool isAbstract) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  path.copy(at.sun_path + (isAbstract ? 1 : 0), sizeof(at.sun_path) - 2);
  const size_t length = isAbstract ? offsetof(sockaddr_un, sun_path) + 1 + path.size() : sizeof(at);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), static_cast<socklen_t>(length)) !=
          0 ||
      ::listen(fd.get(), 4096) != 0) {
    return UniqueFd();
  }
  return fd;
}

}  // namespace

const std::vector<EscapeAttempt>& escapeAttempts() {
#define ATTEMPT(name, category, after_load_only) {#name, #category, after_load_only != 0},
  static const std::vector<EscapeAttempt> attempts = {
#include "tests/drivers/escape/attempts.def"
  };
#undef ATTEMPT
  return attempts;
}

EscapeTargets::EscapeTargets() {
  ::chmod(folder_.path().c_str(), 0777);
  ::chmod(driver_.path().c_str(), 0755);
  const char* build = ::getenv("BUSBAR_BUILD");
  fs::copy_file(std::string(build == nullptr ? "." : build) + "/tests/drivers/escape/escape.so",
                driver_.file("escape.so"));
  ::chmod(driver_.file("escape.so").c_str(), 0755);

  writeFile(folder_.file("secret"), ESCAPE_SECRET);
  ::chmod(folder_.file("secret").c_str(), 0600);
  // Without close-on-exec: the mistake that close_range is there for.
  const UniqueFd secret(::open(folder_.file("secret").c_str(), O_RDWR | O_CLOEXEC));
  ::dup2(secret.get(), ESCAPE_LEAKED_FD);

  deviceTcp_ = listenOn(AF_INET, SOCK_STREAM, deviceTcpPort_);
  keep_.push_back(listenOn(AF_INET, SOCK_DGRAM, deviceUdpPort_));
  keep_.push_back(listenOn(AF_INET, SOCK_STREAM, base_.tcp_port));
  keep_.push_back(listenOn(AF_INET, SOCK_DGRAM, base_.udp_port));
  keep_.push_back(listenOn(AF_INET6, SOCK_STREAM, base_.tcp6_port));
  keep_.push_back(listenOn(AF_INET6, SOCK_DGRAM, base_.udp6_port));
  const std::string name = "busbar-escape-" + std::to_string(::getpid());
  name.copy(base_.abstract_name, sizeof(base_.abstract_name) - 1);
  keep_.push_back(listenUnix(name, true));
  keep_.push_back(listenUnix(folder_.file("socket"), false));
  ::chmod(folder_.file("socket").c_str(), 0777);
  keep_.emplace_back(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  const int terminal = keep_.back().get();
  if (::grantpt(terminal) == 0 && ::unlockpt(terminal) == 0) {
    terminalPath_ = ::ptsname(terminal);
  }
  folder_.path().copy(base_.folder, sizeof(base_.folder) - 1);
  base_.victim_address = reinterpret_cast<uint64_t>(&secretInMemory[0]);
  victim_ = ::fork();
  if (victim_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::signal(SIGUSR1, SIG_IGN);
    for (;;) {
      ::pause();
    }
  }
  base_.victim = victim_;
}

EscapeTargets::~EscapeTargets() {
  ::kill(victim_, SIGKILL);
  ::waitpid(victim_, nullptr, 0);
  ::close(ESCAPE_LEAKED_FD);
}

escape_context EscapeTargets::prepare(uint32_t attempt, escape_where where) {
  for (const char* name : {"written", "symlink", "hardlink", "renamed", "made", "device"}) {
    std::error_code ignored;
    fs::remove(folder_.file(name), ignored);
  }
  for (const char* name : {"removable", "renamable", "shortable"}) {
    writeFile(folder_.file(name), "content");
    ::chmod(folder_.file(name).c_str(), 0666);
  }
  escape_context context = base_;
  context.attempt = attempt;
  context.where = where;
  return context;
}

UniqueFd EscapeTargets::connectedTcp() {
  UniqueFd fd = connectTo(SOCK_STREAM, deviceTcpPort_);
  const UniqueFd other(::accept4(deviceTcp_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  return fd;
}

UniqueFd EscapeTargets::connectedUdp() const {
  return connectTo(SOCK_DGRAM, deviceUdpPort_);
}

UniqueFd EscapeTargets::terminal() const {
  return UniqueFd(::open(terminalPath_.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
}

}  // namespace busbar::sandbox
