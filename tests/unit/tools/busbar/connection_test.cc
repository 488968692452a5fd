// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/connection.h"

#include <stdlib.h>

#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace busbar::cli {
namespace {

class ConnectionFlagsTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"BUSBAR_DATA", "BUSBAR_SERVER", "BUSBAR_KEY", "BUSBAR_KEY_FILE"}) {
      unsetenv(name);
    }
    setenv("XDG_STATE_HOME", dir_.path().c_str(), 1);
  }
  test::TempDir dir_;
};

TEST_F(ConnectionFlagsTest, FlagsWinOverTheEnvironment) {
  setenv("BUSBAR_SERVER", "https://env", 1);
  ConnectionFlags flags;
  flags.dataDir = "/d";
  auto connection = toConnection(flags);
  ASSERT_TRUE(connection.ok());
  EXPECT_EQ(connection->dataDir, "/d");
  EXPECT_TRUE(connection->serverUrl.empty());
  connection = toConnection({});
  ASSERT_TRUE(connection.ok());
  EXPECT_EQ(connection->serverUrl, "https://env");
}

TEST_F(ConnectionFlagsTest, KeyComesFromItsFile) {
  std::ofstream(dir_.path() + "/key") << "abc.def\n";
  ConnectionFlags flags;
  flags.server = "http://h:1/";
  flags.keyFile = dir_.path() + "/key";
  const auto connection = toConnection(flags);
  ASSERT_TRUE(connection.ok());
  EXPECT_EQ(connection->key, "abc.def");
  EXPECT_EQ(connection->serverUrl, "http://h:1");
  flags.keyFile += "-absent";
  EXPECT_FALSE(toConnection(flags).ok());
}

TEST_F(ConnectionFlagsTest, MistakesAreUsageErrors) {
  ConnectionFlags both;
  both.dataDir = "/d";
  both.server = "http://h";
  ConnectionFlags bare;
  bare.server = "busbar.example";
  for (const ConnectionFlags& flags : {both, bare}) {
    const auto connection = toConnection(flags);
    ASSERT_FALSE(connection.ok());
    EXPECT_EQ(connection.error().reason, "usage");
  }
}

}  // namespace
}  // namespace busbar::cli
