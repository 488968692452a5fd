// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/password.h"

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include <gtest/gtest.h>

#include "sdk/base/unique_fd.h"
#include "tools/busbar/exit_code.h"

namespace busbar::cli {
namespace {

// The standard input gives `text` for as long as this lives.
class Typed {
 public:
  explicit Typed(const std::string& text) : before_(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)) {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    EXPECT_EQ(::write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
    ::close(ends[1]);
    ::dup2(ends[0], STDIN_FILENO);
    ::close(ends[0]);
  }
  ~Typed() { ::dup2(before_.get(), STDIN_FILENO); }

 private:
  UniqueFd before_;
};

TEST(Password, IsOneLineOfTheInput) {
  const Typed input("first one\nsecond\r");
  EXPECT_EQ(readPassword("? ").value(), "first one");
  EXPECT_EQ(readNewPassword().value(), "second\r") << "taken once where nobody types";
  EXPECT_EQ(toExitCode(readPassword("? ").error()), ExitCode::Usage);
}

TEST(Password, IsBounded) {
  const Typed input(std::string(5000, 'x'));
  EXPECT_EQ(toExitCode(readPassword("? ").error()), ExitCode::Usage);
}

}  // namespace
}  // namespace busbar::cli
