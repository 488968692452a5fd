// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbard/data_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace busbar::daemon {
namespace {

TEST(DataFolder, IsMadePrivateWithItsParents) {
  const test::TempDir dir;
  const auto folder = DataFolder::open(dir.path() + "/a/b/");
  ASSERT_TRUE(folder.ok()) << folder.error().message;
  struct stat info{};
  ASSERT_EQ(stat(folder->path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700U);
  EXPECT_TRUE(folder->path().ends_with("/a/b"));
}

TEST(DataFolder, SecondHolderIsRefusedAndTheFirstIsNamed) {
  const test::TempDir dir;
  const auto first = DataFolder::open(dir.path() + "/data");
  ASSERT_TRUE(first.ok());
  const auto second = DataFolder::open(dir.path() + "/data");
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::FailedPrecondition);
  EXPECT_NE(second.error().message.find("process " + std::to_string(getpid())), std::string::npos)
      << second.error().message;
}

TEST(DataFolder, IsFreeAgainAfterItsHolderEnded) {
  const test::TempDir dir;
  {
    ASSERT_TRUE(DataFolder::open(dir.path() + "/data").ok());
  }
  EXPECT_TRUE(DataFolder::open(dir.path() + "/data").ok());
}

TEST(DataFolder, AnEmptyFolderIsMadePrivate) {
  const test::TempDir dir;
  const std::string path = dir.path() + "/data";
  ASSERT_EQ(mkdir(path.c_str(), 0700), 0);
  ASSERT_EQ(chmod(path.c_str(), 0755), 0);
  ASSERT_TRUE(DataFolder::open(path).ok());
  struct stat info{};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700U);
}

TEST(DataFolder, FolderOfOthersThatIsOpenIsRefusedWithTheRemedy) {
  const test::TempDir dir;
  const std::string path = dir.path() + "/data";
  ASSERT_EQ(mkdir(path.c_str(), 0700), 0);
  std::ofstream(path + "/something-else") << "x";
  ASSERT_EQ(chmod(path.c_str(), 0755), 0);
  const auto folder = DataFolder::open(path);
  ASSERT_FALSE(folder.ok());
  EXPECT_NE(folder.error().message.find("chmod 700 " + path), std::string::npos);
}

TEST(DataFolder, FileInItsPlaceIsRefused) {
  const test::TempDir dir;
  std::ofstream(dir.path() + "/data") << "x";
  const auto folder = DataFolder::open(dir.path() + "/data");
  ASSERT_FALSE(folder.ok());
  EXPECT_NE(folder.error().message.find("is not a folder"), std::string::npos);
  EXPECT_FALSE(DataFolder::open(dir.path() + "/data/below").ok());
}

TEST(DataFolder, LinkInPlaceOfTheLockIsNotFollowed) {
  const test::TempDir dir;
  const std::string path = dir.path() + "/data";
  ASSERT_EQ(mkdir(path.c_str(), 0700), 0);
  std::ofstream(dir.path() + "/victim") << "precious";
  ASSERT_EQ(symlink((dir.path() + "/victim").c_str(), (path + "/lock").c_str()), 0);
  EXPECT_FALSE(DataFolder::open(path).ok());
  std::string text;
  std::ifstream(dir.path() + "/victim") >> text;
  EXPECT_EQ(text, "precious");
}

}  // namespace
}  // namespace busbar::daemon
