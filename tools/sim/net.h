// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

// The little that the simulators share. They stand apart from Busbar on purpose: nothing here comes
// from it.
namespace sim {

// A socket that closes itself. -1: none.
class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(other.release()) {}
  Socket& operator=(Socket&& other) noexcept;
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { close(); }

  int fd() const { return fd_; }
  bool isOpen() const { return fd_ >= 0; }
  int release();
  void close();
  // Ends a TCP connection by a reset instead of an orderly end.
  void reset();

 private:
  int fd_ = -1;
};

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

// "127.0.0.1:502" or "[::1]:502"; exits with code 2 and a sentence when it is neither.
Address addressOrExit(std::string_view text);
// Non-blocking and bound; a stream socket listens. Not open when the system refuses (errno says
// why). `isShared`: others may be bound to the same address too, and all get what is broadcast.
Socket bindTo(const Address& address, int type, bool isShared = false);
Socket connectTo(const Address& address, int type);
// The socket's own address, with the port that was chosen for port 0.
Address localAddress(int fd);
uint16_t portOf(const Address& address);

int64_t nowMs();
// A number from decimal text; exits with code 2 when it is not one within the limits.
int64_t numberOrExit(std::string_view text, int64_t low, int64_t high, const char* what);
// Lets the process open as many sockets as the system allows.
void raiseFileLimit();

}  // namespace sim
