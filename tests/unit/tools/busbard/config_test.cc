// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbard/config.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace busbar::daemon {
namespace {

std::string exampleFile() {
  const std::ifstream file(
      std::string(getenv("BUSBAR_SOURCE") == nullptr ? "." : getenv("BUSBAR_SOURCE")) +
      "/packaging/busbard.toml");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string failureOf(std::string_view toml) {
  Config config;
  const Status status = applyToml(toml, "busbard.toml", config);
  EXPECT_EQ(config, Config()) << "a refused file must change nothing";
  return status.ok() ? "accepted" : status.error().message;
}

TEST(Config, ExampleFileDocumentsEveryKeyWithItsDefault) {
  const std::string text =
      std::regex_replace(exampleFile(), std::regex("(^|\n)#([a-z_]+ = )"), "$1$2");
  Config config;
  const Status status = applyToml(text, "busbard.toml", config);
  ASSERT_TRUE(status.ok()) << status.error().message;
  EXPECT_EQ(config, Config());
  for (const std::string& key : configKeys()) {
    const std::string name = key.substr(key.find('.') + 1);
    EXPECT_NE(text.find("\n" + name + " = "), std::string::npos) << key << " is not documented";
  }
}

TEST(Config, AppliesValues) {
  Config config;
  const Status status = applyToml(
      "[server]\nlisten = [\"0.0.0.0:80\", \"[::1]:0\"]\nidle_timeout_ms = 5000\n"
      "time_zone = \"Europe/Berlin\"\n"
      "[log]\nlevel = \"debug\"\n[sandbox]\nrequire = \"seccomp-only\"\n"
      "[drivers]\nallow_unsigned = true\n[data]\ndir = \"/x\"\n[audit]\nkeep_days = 30\n",
      "f", config);
  ASSERT_TRUE(status.ok()) << status.error().message;
  EXPECT_EQ(config.listen, (std::vector<ListenAddress>{{"0.0.0.0", 80}, {"::1", 0}}));
  EXPECT_EQ(config.idleTimeout, Milliseconds(5000));
  EXPECT_EQ(config.timeZone, "Europe/Berlin");
  EXPECT_EQ(config.logLevel, LogLevel::Debug);
  EXPECT_EQ(config.sandboxRequire, SandboxRequire::SeccompOnly);
  EXPECT_TRUE(config.allowUnsigned);
  EXPECT_EQ(config.dataDir, "/x");
  EXPECT_EQ(config.auditKeepDays, 30);
}

TEST(Config, AppliesMailAndWebhooks) {
  Config config;
  const Status status = applyToml(
      "[mail]\nhost = \"mail.example\"\nport = 465\ntls = \"tls\"\nfrom = \"a@b.example\"\n"
      "user = \"u\"\npassword_file = \"/p\"\nca_file = \"/ca\"\nhello_name = \"site.example\"\n"
      "[webhooks]\nallow = [\"10.0.0.0/8\", \"::1\"]\nca_file = \"/hooks\"\n",
      "f", config);
  ASSERT_TRUE(status.ok()) << status.error().message;
  EXPECT_EQ(config.mail, (MailConfig{"mail.example", 465, MailTls::Tls, "a@b.example", "u", "/p",
                                     "/ca", "site.example"}));
  EXPECT_EQ(config.webhookAllow, (std::vector<AddressRange>{*AddressRange::parse("10.0.0.0/8"),
                                                            *AddressRange::parse("::1")}));
  EXPECT_EQ(config.webhookCaFile, "/hooks");
  EXPECT_TRUE(checkConfig(config).ok());
}

struct Refused {
  const char* toml;
  const char* message;
};
class ConfigRefuses : public testing::TestWithParam<Refused> {};

TEST_P(ConfigRefuses, WithPlaceAndRule) {
  EXPECT_NE(failureOf(GetParam().toml).find(GetParam().message), std::string::npos)
      << failureOf(GetParam().toml);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ConfigRefuses,
    testing::Values(
        Refused{"[server]\nlissten = \"x\"\n",
                "busbard.toml:2:1: unknown key 'lissten' in [server]"},
        Refused{"\n[sever]\n", "busbard.toml:2:2: unknown section 'sever'"},
        Refused{"dir = 1\n", "busbard.toml:1:1: unknown key 'dir'; the sections are"},
        Refused{"data = 1\n", "unknown key 'data'"},
        Refused{"[data]\ndir = 5\n", "busbard.toml:2:7: data.dir: must be a string"},
        Refused{"[server]\nmax_connections = 0\n",
                "busbard.toml:2:19: server.max_connections: must be an integer from 1 to 1000000"},
        Refused{"[server]\nmax_connections = 1.5\n", "must be an integer"},
        Refused{"[server]\ntime_zone = \"Mars/Olympus\"\n",
                "busbard.toml:2:13: server.time_zone: no time zone \"Mars/Olympus\""},
        Refused{"[server]\ntime_zone = \"\"\n", "IANA database"},
        Refused{"[server]\nlisten = []\n", "list of 1 to 16 addresses"},
        Refused{"[server]\nlisten = [1]\n", "must be a string"},
        Refused{"[server]\nlisten = \"localhost:80\"\n", "numeric address"},
        Refused{"[server]\nlisten = \"127.0.0.1\"\n", "port is missing"},
        Refused{"[server]\nlisten = \"127.0.0.1:65536\"\n", "from 0 to 65535"},
        Refused{"[log]\nlevel = \"loud\"\n", "trace, debug, info, warn or error"},
        Refused{"[sandbox]\nrequire = \"none\"\n", "full, no-userns or seccomp-only"},
        Refused{"[drivers]\nallow_unsigned = \"yes\"\n", "true or false"},
        Refused{"[audit]\nkeep_days = -1\n", "audit.keep_days: must be an integer from 0"},
        Refused{"[mail]\nport = 0\n", "mail.port: must be an integer from 1 to 65535"},
        Refused{"[mail]\ntls = \"maybe\"\n", "mail.tls: must be starttls, tls or none"},
        Refused{"[mail]\npassword = \"x\"\n", "unknown key 'password' in [mail]"},
        Refused{"[webhooks]\nallow = \"10.0.0.0/8\"\n", "webhooks.allow: must be a list"},
        Refused{"[webhooks]\nallow = [\"10.0.0.1/8\"]\n", "'10.0.0.1/8' is no range"},
        Refused{"[webhooks]\nallow = [\"localhost\"]\n", "'localhost' is no range"},
        Refused{"[server\n", "busbard.toml:1:8: "},
        Refused{"[log]\nlevel = \"info\"\nlevel = \"info\"\n", "busbard.toml:3:"}));

TEST(Config, OneBadKeyChangesNothing) {
  failureOf("[log]\nlevel = \"debug\"\n[server]\nnope = 1\n");
}

TEST(Config, MissingFileIsNamed) {
  Config config;
  const Status status = applyTomlFile("/nonexistent/busbard.toml", config);
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("/nonexistent/busbard.toml"), std::string::npos);
}

TEST(Config, CertificateNeedsAKey) {
  Config config;
  config.tlsCertificateFile = "/cert.pem";
  EXPECT_FALSE(checkConfig(config).ok());
  config.tlsKeyFile = "/key.pem";
  EXPECT_TRUE(checkConfig(config).ok());
}

TEST(Config, MailNeedsServerAndSenderAndItsPasswordTls) {
  const auto check = [](const MailConfig& mail) {
    Config config;
    config.mail = mail;
    return checkConfig(config).ok();
  };
  MailConfig mail{"mail.example", 587, MailTls::StartTls, "a@b.example", "u", "/p", "", ""};
  EXPECT_TRUE(check(mail));
  mail.tls = MailTls::None;
  EXPECT_FALSE(check(mail));
  mail.user = mail.passwordFile = "";
  EXPECT_TRUE(check(mail));
  mail.from = "";
  EXPECT_FALSE(check(mail));
  EXPECT_FALSE(check({"mail.example", 587, MailTls::Tls, "a@b.example", "u", "", "", ""}));
  EXPECT_FALSE(check({"mail.example", 587, MailTls::Tls, "a@b.example", "", "/p", "", ""}));
  EXPECT_FALSE(check({"", 587, MailTls::Tls, "a@b.example", "", "", "", ""}));
}

TEST(Config, APasswordIsTheFirstLineOfAPrivateFile) {
  const test::TempDir folder;
  const std::string path = folder.file("password");
  const auto write = [&path](const std::string& text, mode_t mode) {
    std::ofstream(path) << text;
    chmod(path.c_str(), mode);
    const auto password = readPasswordFile(path);
    return password.ok() ? *password : password.error().message;
  };
  EXPECT_EQ(write("geheim word\n", 0600), "geheim word");
  EXPECT_EQ(write("geheim\r\nmore", 0400), "geheim");
  for (const mode_t mode : {0640U, 0604U, 0660U}) {
    EXPECT_NE(write("geheim", mode).find("chmod 600 " + path), std::string::npos);
  }
  for (const std::string& text :
       {std::string(), std::string("\nx"), std::string(1025, 'x'), std::string("a\0b", 3)}) {
    EXPECT_NE(write(text, 0600).find("no password"), std::string::npos);
  }
  EXPECT_EQ(write(std::string(1024, 'x') + "\n", 0600).size(), 1024U);
  EXPECT_FALSE(readPasswordFile(folder.path()).ok());
  EXPECT_FALSE(readPasswordFile(folder.file("none")).ok());
}

TEST(ListenAddress, RoundTrips) {
  for (const char* text : {"127.0.0.1:0", "0.0.0.0:65535", "[::]:8080", "[fe80::1]:1"}) {
    const auto address = toListenAddress(text);
    ASSERT_TRUE(address.ok()) << text;
    EXPECT_EQ(toString(*address), text);
  }
  for (const char* text : {"", ":", ":80", "::1:80", "[127.0.0.1]:80", "127.0.0.1:", "127.0.0.1:-1",
                           "127.0.0.1:8 0", "[]:1", "1.2.3:4"}) {
    EXPECT_FALSE(toListenAddress(text).ok()) << text;
  }
}

}  // namespace
}  // namespace busbar::daemon
