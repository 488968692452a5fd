// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/oauth/setup.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "tests/support/oauth_fixture.h"
#include "tests/support/temp_dir.h"

namespace busbar::oauth {
namespace {

using Kind = auth::AuthEvent::Kind;

// A fresh installation: no users.
class SetupTest : public OauthFixture {
 protected:
  SetupTest() {
    write(ConfigWrite::Kind::Erase, ada_);
    write(ConfigWrite::Kind::Erase, bob_);
  }
  std::string begin() {
    const Status begun = service_.setup().begin(path_);
    EXPECT_TRUE(begun.ok()) << begun.error().message;
    std::string token;
    std::ifstream(path_) >> token;
    return token;
  }
  Answer setUp(const std::string& token, const std::string& password = "green ladder 1871",
               const std::string& email = "Root@busbar.test") {
    Ask ask;
    json::Object body;
    body.set("token", token);
    body.set("email", email);
    body.set("name", "Root");
    body.set("password", password);
    ask.body = json::write(json::Value(std::move(body)));
    ask.headers = {{"Content-Type", "application/json"}};
    return call("POST", "/api/busbar/v1/setup", ask);
  }
  bool hasFile() const {
    struct stat info{};
    return ::stat(path_.c_str(), &info) == 0;
  }

  test::TempDir dir_;
  const std::string path_ = dir_.file("setup-token");
};

// S20.
TEST_F(SetupTest, MakesTheFirstAdminOnce) {
  const std::string token = begin();
  ASSERT_EQ(token.size(), 43U);
  struct stat info{};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  const Answer answer = setUp(token);
  ASSERT_EQ(answer.status, 201) << answer.text;
  EXPECT_EQ(answer.member("email"), "root@busbar.test");
  EXPECT_EQ(answer.text.find("argon2"), std::string::npos);
  EXPECT_FALSE(hasFile());
  EXPECT_EQ(signIn("root@busbar.test", "green ladder 1871").status, 202);
  EXPECT_EQ(site_.findUserByEmail(domain_.id, "root@busbar.test")->role, model::UserRole::Admin);
  EXPECT_EQ(events_.count(Kind::SetUp), 1U);
  EXPECT_EQ(setUp(token, "green ladder 1872", "second@busbar.test").status, 403);
}

TEST_F(SetupTest, RefusesWrongTokensAndPasswords) {
  EXPECT_EQ(setUp("").status, 403);  // before there is one
  const std::string token = begin();
  EXPECT_EQ(setUp("").status, 403);
  EXPECT_EQ(setUp(token + "x").status, 403);
  EXPECT_EQ(setUp(std::string(43, 'A')).member("reason"), "wrong_setup_token");
  EXPECT_EQ(setUp(token, "short").status, 422);
  EXPECT_EQ(setUp(token, "password1234").status, 422);
  EXPECT_EQ(setUp(token, "green ladder 1871", "no address").status, 422);
  EXPECT_TRUE(site_.users().empty());
  EXPECT_EQ(setUp(token).status, 201);
}

TEST_F(SetupTest, ATokenLivesThirtyMinutes) {
  const std::string token = begin();
  clock_.advance(Setup::kLife);
  ASSERT_TRUE(runUntil(*loop_, [&] { return !hasFile(); }));
  EXPECT_EQ(setUp(token).status, 403);
  EXPECT_EQ(setUp(begin()).status, 201);  // the next start
}

TEST_F(SetupTest, ARestartMakesANewToken) {
  const std::string first = begin();
  const std::string second = begin();
  EXPECT_NE(first, second);
  EXPECT_EQ(setUp(first).status, 403);
  EXPECT_EQ(setUp(second).status, 201);
}

TEST_F(SetupTest, OffersNothingOnceThereIsAUser) {
  addUser(domain_.id, "eve@busbar.test", model::UserRole::User);
  std::ofstream(path_) << "left by a start that was killed";
  EXPECT_EQ(begin(), "");
  EXPECT_FALSE(hasFile());
  EXPECT_EQ(setUp("").status, 403);
}

TEST_F(SetupTest, DoesNotFollowALinkThatLiesThere) {
  const std::string victim = dir_.file("victim");
  std::ofstream(victim) << "untouched";
  ASSERT_EQ(::symlink(victim.c_str(), path_.c_str()), 0);
  EXPECT_EQ(begin().size(), 43U);
  std::string text;
  std::ifstream(victim) >> text;
  EXPECT_EQ(text, "untouched");
}

}  // namespace
}  // namespace busbar::oauth
