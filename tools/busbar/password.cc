// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/password.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include <termios.h>

#include "tools/busbar/exit_code.h"

namespace busbar::cli {
namespace {

constexpr size_t kMaxBytes = 4096;

// Echo is off from here to the end of the scope (man 3 termios).
class QuietTerminal {
 public:
  QuietTerminal() : isTerminal_(::tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (isTerminal_) {
      termios quiet = before_;
      quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
      ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
  }
  QuietTerminal(const QuietTerminal&) = delete;
  QuietTerminal& operator=(const QuietTerminal&) = delete;
  ~QuietTerminal() {
    if (isTerminal_) {
      ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
      std::fputc('\n', stderr);
    }
  }

 private:
  termios before_{};
  const bool isTerminal_;
};

}  // namespace

Result<std::string> readPassword(const std::string& prompt) {
  if (::isatty(STDIN_FILENO) == 1) {
    std::fputs(prompt.c_str(), stderr);
  }
  const QuietTerminal quiet;
  std::string line;
  // Byte by byte, so that a second line stays for the next call.
  for (char c = 0; line.size() <= kMaxBytes;) {
    const ssize_t got = ::read(STDIN_FILENO, &c, 1);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return Error::fromErrno(errno, "read the password");
    }
    if (got == 0 && line.empty()) {
      return usageError("a password is needed on the standard input");
    }
    if (got == 0 || c == '\n') {
      return line;
    }
    line.push_back(c);
  }
  return usageError("the password has more than 4096 bytes");
}

Result<std::string> readNewPassword() {
  auto first = readPassword("New password: ");
  if (!first || ::isatty(STDIN_FILENO) != 1) {
    return first;
  }
  auto second = readPassword("Again: ");
  if (second && *second != *first) {
    return usageError("the two were not the same");
  }
  return second;
}

}  // namespace busbar::cli
