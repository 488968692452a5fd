// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
//
// main() for tests that run as whoever starts them and, with --as-nobody, as an ordinary user.

#include <grp.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <string_view>

#include <gtest/gtest.h>

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  const bool asNobody = argc > 1 && std::string_view(argv[1]) == "--as-nobody";
  constexpr uid_t kNobody = 65534;
  if (asNobody && ::geteuid() == 0) {
    if (::setgroups(0, nullptr) != 0 || ::setresgid(kNobody, kNobody, kNobody) != 0 ||
        ::setresuid(kNobody, kNobody, kNobody) != 0) {
      return 2;
    }
    ::prctl(PR_SET_DUMPABLE, 1);  // as any program that such a user starts
  }
  return RUN_ALL_TESTS();
}
