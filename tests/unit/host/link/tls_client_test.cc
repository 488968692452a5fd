// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/link/tls_client.h"

#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "host/link/link_shares.h"
#include "tests/support/temp_dir.h"

namespace busbar {
namespace {

std::string reasonOf(const std::string& caFile) {
  LinkShares shares(caFile);
  const auto client = shares.tlsClient({});
  return client.ok() ? "" : client.error().message;
}

TEST(TlsClient, ASiteFileOfAuthoritiesThatIsNoneIsNamedWithTheReason) {
  const test::TempDir dir;
  const std::string attempt = "read the site's authorities from ";
  const std::string absent = dir.file("absent.pem");
  EXPECT_EQ(reasonOf(absent), attempt + absent + ": No such file or directory");
  EXPECT_EQ(reasonOf(dir.path()), attempt + dir.path() + ": Is a directory");
  const std::string text = dir.file("text.pem");
  std::ofstream(text) << "no certificate\n";
  EXPECT_EQ(reasonOf(text), attempt + text + ": no certificate or crl found");
  const std::string broken = dir.file("broken.pem");
  std::ofstream(broken) << "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  EXPECT_EQ(reasonOf(broken).find(attempt + broken + ": "), 0U) << reasonOf(broken);
  EXPECT_EQ(reasonOf(broken).find("unknown error"), std::string::npos);
}

TEST(TlsClient, WithoutASiteFileTheSystemsAuthoritiesCount) {
  EXPECT_EQ(reasonOf(""), "");
}

}  // namespace
}  // namespace busbar
