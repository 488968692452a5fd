// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbard/notify.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>

#include <gtest/gtest.h>

#include "sdk/base/unique_fd.h"
#include "tests/support/temp_dir.h"

namespace busbar::daemon {
namespace {

class Manager {
 public:
  Manager() : path_(dir_.path() + "/notify"), fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }
  const std::string& path() const { return path_; }
  std::string next() {
    char text[512];
    const ssize_t n = recv(fd_.get(), text, sizeof(text), MSG_DONTWAIT);
    return std::string(text, n > 0 ? static_cast<size_t>(n) : 0);
  }

 private:
  test::TempDir dir_;
  std::string path_;
  UniqueFd fd_;
};

TEST(ServiceNotifier, TellsTheManager) {
  Manager manager;
  setenv("NOTIFY_SOCKET", manager.path().c_str(), 1);
  setenv("WATCHDOG_USEC", "3000000", 1);
  setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
  ServiceNotifier notifier;
  EXPECT_EQ(getenv("NOTIFY_SOCKET"), nullptr) << "children must not speak for busbard";
  ASSERT_TRUE(notifier.watchdogInterval().has_value());
  EXPECT_EQ(*notifier.watchdogInterval(), Milliseconds(1500));
  notifier.ready("serving http://127.0.0.1:1");
  EXPECT_EQ(manager.next(), "READY=1\nSTATUS=serving http://127.0.0.1:1");
  notifier.aliveStill();
  EXPECT_EQ(manager.next(), "WATCHDOG=1");
  notifier.reloading(17);
  EXPECT_EQ(manager.next(), "RELOADING=1\nMONOTONIC_USEC=17");
  notifier.stopping();
  EXPECT_EQ(manager.next(), "STOPPING=1\nSTATUS=stopping");
}

TEST(ServiceNotifier, WithoutAManagerNothingHappens) {
  unsetenv("NOTIFY_SOCKET");
  ServiceNotifier notifier;
  notifier.ready("x");
  EXPECT_FALSE(notifier.watchdogInterval().has_value());
}

TEST(ServiceNotifier, WatchdogOfAnotherProcessIsNotOurs) {
  Manager manager;
  setenv("NOTIFY_SOCKET", manager.path().c_str(), 1);
  setenv("WATCHDOG_USEC", "3000000", 1);
  setenv("WATCHDOG_PID", "1", 1);
  EXPECT_FALSE(ServiceNotifier().watchdogInterval().has_value());
}

}  // namespace
}  // namespace busbar::daemon
