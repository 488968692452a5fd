// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbard/outbound.h"

#include <sys/stat.h>

#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/http_client_fixture.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_authority.h"

namespace busbar::daemon {
namespace {

class OutboundTest : public testing::Test {
 protected:
  OutboundTest() {
    config_.mail.host = "mail.example";
    config_.mail.from = "a@b.example";
  }
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(folder_.file(name)) << text;
    chmod(folder_.file(name).c_str(), 0600);
    return folder_.file(name);
  }
  // "made", "none", or why not.
  std::string mailer() {
    const auto made = makeMailer(*loop_, names_, *logger_, config_);
    return made.ok() ? *made ? "made" : "none" : made.error().message;
  }
  std::string webhooks() {
    const auto made = makeWebhooks(config_);
    return made.ok() ? "made" : made.error().message;
  }

  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::create(clock_).value();
  test::ScriptedResolver names_{*loop_};
  std::unique_ptr<Logger> logger_ = Logger::discarding();
  test::TempDir folder_;
  Config config_;
};

TEST_F(OutboundTest, WithoutAMailServerThereIsNoMailer) {
  EXPECT_EQ(mailer(), "made");
  config_.mail = {};
  EXPECT_EQ(mailer(), "none");
}

TEST_F(OutboundTest, ErrorsNameTheKeyAndNoSecret) {
  config_.mail.user = "user";
  config_.mail.passwordFile = write("password", "secret word\n");
  EXPECT_EQ(mailer(), "made");
  chmod(config_.mail.passwordFile.c_str(), 0644);
  EXPECT_EQ(mailer().find("mail.password_file: "), 0U) << mailer();
  chmod(config_.mail.passwordFile.c_str(), 0600);
  config_.mail.from = "nobody";
  EXPECT_EQ(mailer().find("mail: "), 0U) << mailer();
  EXPECT_EQ(mailer().find("secret"), std::string::npos);
}

TEST_F(OutboundTest, AuthoritiesAreTheMailServersOwnOrThoseOfTheSite) {
  const test::TestAuthority authority("site");
  config_.tlsCaFile = write("site.pem", authority.certificate());
  EXPECT_EQ(mailer(), "made");
  config_.tlsCaFile = write("bad.pem", "no certificate");
  EXPECT_EQ(mailer().find("mail: "), 0U) << mailer();
  config_.mail.caFile = write("mail.pem", authority.certificate());
  EXPECT_EQ(mailer(), "made");
  for (const std::string& path : {folder_.file("none"), folder_.path(), write("empty", ""),
                                  write("large", std::string((1 << 20) + 1, 'x'))}) {
    config_.mail.caFile = path;
    EXPECT_EQ(mailer().find("mail.ca_file: "), 0U) << mailer();
  }
}

TEST_F(OutboundTest, WebhooksReachWhatIsAllowedAndTrustTheirOwnAuthorities) {
  EXPECT_EQ(webhooks(), "made");
  config_.webhookAllow = {*AddressRange::parse("10.0.0.0/8")};
  const auto profile = makeWebhooks(config_).value();
  EXPECT_TRUE(profile->allows(Url::parse("http://10.1.2.3/").value()).ok());
  EXPECT_FALSE(profile->allows(Url::parse("http://127.0.0.1/").value()).ok());
  config_.webhookCaFile = folder_.file("none");
  EXPECT_EQ(webhooks().find("webhooks.ca_file: "), 0U) << webhooks();
  const test::TestAuthority authority("receivers");
  config_.webhookCaFile = write("ca.pem", authority.certificate());
  EXPECT_EQ(makeWebhooks(config_).value()->options().caPem, authority.certificate());
}

}  // namespace
}  // namespace busbar::daemon
