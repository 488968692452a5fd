// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/api_key.h"

#include <set>

#include <gtest/gtest.h>

#include "api/auth/api_key_authenticator.h"
#include "tests/support/fake_clock.h"

namespace busbar::auth {
namespace {

const std::string kId = "key-01J0ABCDEFGHJKMNPQRSTVWXYZ";

TEST(ApiKey, RoundTrips) {
  const NewApiKey key = generateApiKey(kId);
  EXPECT_EQ(key.text.size(), 73U);
  EXPECT_TRUE(key.text.starts_with("bb_01J0ABCDEFGHJKMNPQRSTVWXYZ_"));
  EXPECT_EQ(key.secretHash.size(), 64U);
  const auto shown = parseApiKey(key.text);
  ASSERT_TRUE(shown);
  EXPECT_EQ(shown->keyId, kId);
  EXPECT_TRUE(matches(shown->digest, key.secretHash));
  EXPECT_FALSE(matches(shown->digest, generateApiKey(kId).secretHash));
}

TEST(ApiKey, HashesTheSecretBytes) {
  // SHA-256 of 32 zero bytes.
  const auto shown = parseApiKey("bb_01J0ABCDEFGHJKMNPQRSTVWXYZ_" + std::string(43, 'A'));
  ASSERT_TRUE(shown);
  EXPECT_TRUE(
      matches(shown->digest, "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925"));
}

TEST(ApiKey, NeverRepeats) {
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i) {
    seen.insert(generateApiKey(kId).text);
  }
  EXPECT_EQ(seen.size(), 200U);
}

TEST(ApiKey, RefusesEverythingElse) {
  const std::string good = generateApiKey(kId).text;
  const std::string secret(43, 'A');
  for (const std::string& text :
       {std::string(), std::string("bb_"), good.substr(1), good + "A", good.substr(0, 72),
        "BB" + good.substr(2), "bb_01J0ABCDEFGHJKMNPQRSTVWXY/_" + secret,
        "bb_01J0ABCDEFGHJKMNPQRSTVWXYZ-" + secret,
        "bb_01J0ABCDEFGHJKMNPQRSTVWXYZ_" + std::string(42, 'A') + "B",  // unused bits set
        "bb_01J0ABCDEFGHJKMNPQRSTVWXYZ_" + std::string(42, 'A') + "=",
        "bb_01J0ABCDEFGHJKMNPQRSTVWXYZ_" + std::string(42, 'A') + "+", std::string(73, '\0')}) {
    EXPECT_FALSE(parseApiKey(text)) << text;
  }
}

TEST(ApiKey, MatchesOnlyWellFormedHashes) {
  const auto shown = parseApiKey(generateApiKey(kId).text);
  EXPECT_FALSE(matches(shown->digest, ""));
  EXPECT_FALSE(matches(shown->digest, std::string(64, 'g')));
  EXPECT_FALSE(matches(shown->digest, std::string(63, '0')));
}

class ApiKeyAuthenticatorTest : public testing::Test {
 protected:
  ApiKeyAuthenticatorTest()
      : created_(generateApiKey(kId)),
        authenticator_(
            clock_,
            [this](const std::string& id) {
              ApiKeyRows rows;
              if (id == key_.id) {
                rows = {&key_, hasUser_ ? &user_ : nullptr};
              }
              return rows;
            },
            &usage_) {
    user_.id = "user-1";
    user_.domainId = "authority-1";
    user_.name = "Ada";
    user_.email = "ada@example.com";
    user_.groups = {"IT"};
    user_.role = model::UserRole::Support;
    user_.revision = key_.revision = 1;
    key_.id = kId;
    key_.userId = user_.id;
    key_.secretHash = created_.secretHash;
    key_.permissions = model::UserRole::Admin;
    key_.scopes = {"systems"};
  }

  AuthOutcome show(const std::string& apiKey, const std::string& authorization = "",
                   const std::string& peer = "192.0.2.1") {
    return authenticator_.authenticate({apiKey, authorization, peer, std::nullopt});
  }

  FakeClock clock_;
  NewApiKey created_;
  model::ApiKey key_;
  model::User user_;
  bool hasUser_ = true;
  KeyUsage usage_;
  ApiKeyAuthenticator authenticator_;
};

TEST_F(ApiKeyAuthenticatorTest, GivesTheLowerRole) {
  const AuthOutcome outcome = show(created_.text);
  ASSERT_TRUE(outcome.principal) << outcome.error.message;
  EXPECT_EQ(*outcome.principal, (Principal{"user-1",
                                           kId,
                                           model::UserRole::Support,
                                           {"systems"},
                                           "authority-1",
                                           "Ada",
                                           "ada@example.com",
                                           {"IT"},
                                           CredentialKind::ApiKey,
                                           kId}));
}

TEST_F(ApiKeyAuthenticatorTest, TakesABearerToken) {
  EXPECT_TRUE(show("", "Bearer " + created_.text).principal);
  EXPECT_TRUE(show("", "bearer " + created_.text).principal);
  EXPECT_FALSE(show("", "Basic " + created_.text).principal);
  EXPECT_FALSE(show("", created_.text).principal);
  EXPECT_FALSE(show("junk", "Bearer " + created_.text).principal);  // the header goes first
}

TEST_F(ApiKeyAuthenticatorTest, TakesATokenFromElsewhereWhenNoHeaderIsThere) {
  Credentials credentials;
  credentials.bearer = created_.text;
  EXPECT_TRUE(authenticator_.authenticate(credentials).principal);
  credentials.authorization = "Bearer junk";
  EXPECT_FALSE(authenticator_.authenticate(credentials).principal);
}

TEST_F(ApiKeyAuthenticatorTest, KnowsAPrincipalAgainForAsLongAsItsRowsStand) {
  const auto before = show(created_.text).principal;
  ASSERT_TRUE(before);
  EXPECT_EQ(authenticator_.recheck(*before).principal, before);
  user_.role = model::UserRole::User;
  ++user_.revision;
  EXPECT_EQ(authenticator_.recheck(*before).principal->role, model::UserRole::User);
  key_.expiresAt = 1;
  EXPECT_EQ(authenticator_.recheck(*before).error.reason, "expired_key");
  key_.expiresAt = 0;
  user_.deleted = true;
  EXPECT_EQ(authenticator_.recheck(*before).error.reason, "unknown_key");
  user_.deleted = false;
  hasUser_ = false;
  EXPECT_EQ(authenticator_.recheck(*before).error.reason, "unknown_key");
  hasUser_ = true;
  user_.id = "user-2";
  EXPECT_FALSE(authenticator_.recheck(*before).principal);
  EXPECT_FALSE(authenticator_.recheck({"user-2", "", model::UserRole::Admin, {}}).principal);
}

TEST_F(ApiKeyAuthenticatorTest, RefusesUnknownAndWrongKeysAlike) {
  const AuthOutcome unknown = show(generateApiKey("key-01J0ABCDEFGHJKMNPQRSTVWXY0").text);
  const AuthOutcome wrong = show(generateApiKey(kId).text);
  hasUser_ = false;
  const AuthOutcome orphan = show(created_.text);
  for (const AuthOutcome* outcome : {&unknown, &wrong, &orphan}) {
    EXPECT_FALSE(outcome->principal);
    EXPECT_EQ(outcome->error.code, ErrorCode::Unauthenticated);
    EXPECT_EQ(outcome->error.reason, "unknown_key");
    EXPECT_EQ(outcome->error.message, unknown.error.message);
  }
}

TEST_F(ApiKeyAuthenticatorTest, RefusesTheKeysOfADeletedUserUntilItIsBack) {
  ASSERT_TRUE(show(created_.text).principal);
  user_.deleted = true;
  ++user_.revision;
  EXPECT_EQ(show(created_.text).error.reason, "unknown_key");
  user_.deleted = false;
  EXPECT_TRUE(show(created_.text).principal);
}

TEST_F(ApiKeyAuthenticatorTest, NotesWhenAGoodKeyWasUsed) {
  show(generateApiKey(kId).text);
  EXPECT_EQ(usage_.lastUsed(key_), 0);
  show(created_.text);
  EXPECT_EQ(usage_.lastUsed(key_), 1'700'000'000);
}

TEST(KeyUsage, WritesOnlyRowsThatAreBehind) {
  Site site;
  model::ApiKey key;
  key.id = kId;
  key.lastUsedAt = 1'000;
  site.reset({1, {key}});
  KeyUsage usage;
  usage.note(kId, 1'100);
  usage.note("key-gone", 5'000);
  EXPECT_TRUE(usage.due(site, 600).empty());
  usage.note(kId, 1'601);
  const auto due = usage.due(site, 600);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].lastUsedAt, 1'601);
  EXPECT_EQ(usage.lastUsed(key), 1'601);
  key.lastUsedAt = 2'000;
  EXPECT_EQ(usage.lastUsed(key), 2'000) << "another process wrote a later one";
}

TEST_F(ApiKeyAuthenticatorTest, RefusesAnExpiredKeyAtTheSecond) {
  key_.expiresAt = 1'700'000'010;
  clock_.advance(std::chrono::seconds(9));
  EXPECT_TRUE(show(created_.text).principal);
  clock_.advance(std::chrono::seconds(1));
  const AuthOutcome outcome = show(created_.text);
  EXPECT_FALSE(outcome.principal);
  EXPECT_EQ(outcome.error.reason, "expired_key");
}

TEST_F(ApiKeyAuthenticatorTest, SeesChangesOfBothRowsAtOnce) {
  ASSERT_TRUE(show(created_.text).principal);
  user_.role = model::UserRole::User;
  ++user_.revision;
  EXPECT_EQ(show(created_.text).principal->role, model::UserRole::User);
  key_.scopes = {"public"};
  ++key_.revision;
  EXPECT_EQ(show(created_.text).principal->scopes, std::vector<std::string>{"public"});
  key_.id = "gone";
  EXPECT_FALSE(show(created_.text).principal);
}

TEST_F(ApiKeyAuthenticatorTest, BacksOffByAddressButLetsGoodKeysIn) {
  for (int i = 0; i < FailureLimiter::kFreeFailures; ++i) {
    EXPECT_EQ(show("junk").error.code, ErrorCode::Unauthenticated) << i;
  }
  const AuthOutcome blocked = show("junk");
  EXPECT_EQ(blocked.error.code, ErrorCode::ResourceExhausted);
  EXPECT_EQ(blocked.retryAfterSeconds, 1);
  EXPECT_EQ(show("junk").retryAfterSeconds, 2);
  EXPECT_TRUE(show(created_.text).principal);
  EXPECT_EQ(show("junk", "", "192.0.2.2").error.code, ErrorCode::Unauthenticated);
  for (int i = 0; i < 20; ++i) {
    EXPECT_LE(show("junk").retryAfterSeconds, 60);
  }
  clock_.advance(std::chrono::minutes(11));
  EXPECT_EQ(show("junk").error.code, ErrorCode::Unauthenticated);
}

TEST(FailureLimiter, CountsAnIpv6NetworkAsOne) {
  FailureLimiter limiter;
  for (int i = 0; i < FailureLimiter::kFreeFailures; ++i) {
    EXPECT_EQ(limiter.onFailure("2001:db8::" + std::to_string(i + 1), Instant{}), 0);
  }
  EXPECT_GT(limiter.onFailure("2001:db8::ffff", Instant{}), 0);
  EXPECT_EQ(limiter.onFailure("2001:db8:0:1::1", Instant{}), 0);
}

TEST(FailureLimiter, ForgetsTheOldestWhenItIsFull) {
  FailureLimiter limiter;
  const Instant begin{};
  for (int i = 0; i <= FailureLimiter::kFreeFailures; ++i) {
    limiter.onFailure("first", begin);
  }
  for (size_t i = 0; i < FailureLimiter::kMaxAddresses; ++i) {
    limiter.onFailure("a" + std::to_string(i), begin + Milliseconds(i));
  }
  EXPECT_EQ(limiter.onFailure("first", begin + Milliseconds(5000)), 0);
}

}  // namespace
}  // namespace busbar::auth
