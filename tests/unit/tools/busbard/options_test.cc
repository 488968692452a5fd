// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbard/options.h"

#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace busbar::daemon {
namespace {

TEST(Options, FlagsFillTheConfiguration) {
  const auto options =
      parseOptions({"--data", "/d", "--listen", "127.0.0.1:0", "--listen", "[::1]:1", "--tls-cert",
                    "c", "--tls-key", "k", "--allow-unsigned", "--sandbox-require", "no-userns",
                    "--log-level", "warn"});
  ASSERT_TRUE(options.ok()) << options.error().message;
  const Config& config = options->config;
  EXPECT_EQ(config.dataDir, "/d");
  EXPECT_EQ(config.listen, (std::vector<ListenAddress>{{"127.0.0.1", 0}, {"::1", 1}}));
  EXPECT_EQ(config.tlsCertificateFile, "c");
  EXPECT_EQ(config.tlsKeyFile, "k");
  EXPECT_TRUE(config.allowUnsigned);
  EXPECT_EQ(config.sandboxRequire, SandboxRequire::NoUserns);
  EXPECT_EQ(config.logLevel, LogLevel::Warn);
}

TEST(Options, FlagsWinOverTheFile) {
  const test::TempDir dir;
  const std::string path = dir.path() + "/busbard.toml";
  std::ofstream(path) << "[data]\ndir = \"/from/file\"\n[log]\nlevel = \"error\"\n";
  const auto options = parseOptions({"--data", "/from/flag", "--config", path});
  ASSERT_TRUE(options.ok()) << options.error().message;
  EXPECT_EQ(options->config.dataDir, "/from/flag");
  EXPECT_EQ(options->config.logLevel, LogLevel::Error);
}

TEST(Options, HelpAndVersionPrintAndLeave) {
  const auto help = parseOptions({"--help"});
  ASSERT_TRUE(help.ok());
  EXPECT_NE(help->printAndLeave.value_or("").find("--sandbox-require"), std::string::npos);
  const auto version = parseOptions({"--version"});
  ASSERT_TRUE(version.ok());
  EXPECT_EQ(version->printAndLeave.value_or("").rfind("busbard ", 0), 0U);
}

TEST(Options, MistakesAreOneLine) {
  const std::vector<std::vector<std::string>> mistakes{{"--nope"},
                                                       {"stray"},
                                                       {"--data"},
                                                       {"--listen", "nowhere"},
                                                       {"--log-level", "loud"},
                                                       {"--sandbox-require", "little"},
                                                       {"--tls-cert", "c"},
                                                       {"--config", "/nonexistent"}};
  for (const auto& arguments : mistakes) {
    const auto options = parseOptions(arguments);
    ASSERT_FALSE(options.ok()) << arguments[0];
    EXPECT_FALSE(options.error().message.empty());
    EXPECT_EQ(options.error().message.find('\n'), std::string::npos) << options.error().message;
  }
}

}  // namespace
}  // namespace busbar::daemon
