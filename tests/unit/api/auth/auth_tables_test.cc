// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <optional>

#include <gtest/gtest.h>

#include "api/auth/authorization_codes.h"
#include "api/auth/base64url.h"
#include "api/auth/key_ring.h"
#include "api/auth/known_devices.h"
#include "api/auth/secret_token.h"
#include "api/auth/sessions.h"
#include "api/auth/token_families.h"
#include "tests/support/auth_data.h"
#include "tests/support/await.h"
#include "tests/support/fake_auth_store.h"
#include "tests/support/fake_clock.h"

namespace busbar::auth {
namespace {

using std::chrono::seconds;

// All tables over one store; restart() is a new start on the same data.
class AuthTables : public testing::Test {
 protected:
  AuthTables() { restart(); }

  void restart() {
    codes_.reset();
    families_.reset();
    sessions_.reset();
    devices_.reset();
    keys_.reset();
    journal_.reset();
    store_ = std::make_unique<FakeAuthStore>(*loop_, data_);
    journal_ = std::make_unique<AuthJournal>(*store_, clock_);
    sessions_ = std::make_unique<Sessions>(*journal_, ids_);
    families_ = std::make_unique<TokenFamilies>(*journal_, ids_);
    codes_ = std::make_unique<AuthorizationCodes>(*journal_, *families_);
    devices_ = std::make_unique<KnownDevices>(*journal_);
    keys_ = std::make_unique<KeyRing>(*loop_, *journal_);
    for (const auto& [key, record] : data_->rows) {
      if (const auto* session = std::get_if<SessionRecord>(&record)) {
        sessions_->adopt(*session);
      } else if (const auto* family = std::get_if<TokenFamilyRecord>(&record)) {
        families_->adopt(*family);
      } else if (const auto* revoked = std::get_if<RevocationRecord>(&record)) {
        families_->adopt(*revoked);
      } else if (const auto* code = std::get_if<AuthorizationCodeRecord>(&record)) {
        codes_->adopt(*code);
      } else if (const auto* device = std::get_if<KnownDeviceRecord>(&record)) {
        devices_->adopt(*device);
      } else if (const auto* signer = std::get_if<SigningKeyRecord>(&record)) {
        EXPECT_TRUE(keys_->adopt(*signer).ok());
      }
    }
  }

  Sessions::Opened openSession(const std::string& userId = "user-1", int64_t idle = 3600) {
    Sessions::NewSession session;
    session.userId = userId;
    session.idleSeconds = idle;
    return await<Sessions::Opened>(*loop_,
                                   [&](auto done) { sessions_->open(session, std::move(done)); })
        .value();
  }

  std::string issue(const std::string& challenge = "") {
    AuthorizationCodeRecord grant;
    grant.clientId = "client";
    grant.userId = "user-1";
    grant.redirectUri = "https://app.test/back";
    grant.codeChallenge = challenge;
    grant.scopes = {"public"};
    grant.sessionId = "ses-1";
    return await<std::string>(*loop_, [&](auto done) { codes_->issue(grant, std::move(done)); })
        .value();
  }
  Result<AuthorizationCodes::Redeemed> redeem(AuthorizationCodes::Shown shown) {
    return await<AuthorizationCodes::Redeemed>(
        *loop_, [&](auto done) { codes_->redeem(shown, std::move(done)); });
  }
  AuthorizationCodes::Shown right(const std::string& code) {
    return {code, "client", "https://app.test/back", ""};
  }
  Result<TokenFamilies::Refreshed> refresh(const std::string& token,
                                           const std::string& client = "client") {
    return await<TokenFamilies::Refreshed>(
        *loop_, [&](auto done) { families_->refresh(token, client, std::move(done)); });
  }
  // Makes the first key, which takes long on a busy machine.
  Status begin() {
    std::optional<Status> done;
    keys_->begin([&done](Status status) { done.emplace(std::move(status)); });
    for (int tries = 0; tries < 12 && !done; ++tries) {
      runUntil(*loop_, [&done] { return done.has_value(); });
    }
    BUSBAR_CHECK(done.has_value());  // the callback refers to this frame
    return std::move(*done);
  }
  void save(std::vector<AuthWrite> writes) {
    ASSERT_TRUE(await<void>(*loop_, [&](auto done) {
                  journal_->write(std::move(writes), std::move(done));
                }).ok());
  }

  FakeClock clock_;
  std::unique_ptr<EventLoop> loop_ = std::move(*EventLoop::create(clock_));
  std::shared_ptr<FakeAuthStore::Data> data_ = std::make_shared<FakeAuthStore::Data>();
  model::IdGenerator ids_{clock_};
  std::unique_ptr<FakeAuthStore> store_;
  std::unique_ptr<AuthJournal> journal_;
  std::unique_ptr<Sessions> sessions_;
  std::unique_ptr<TokenFamilies> families_;
  std::unique_ptr<AuthorizationCodes> codes_;
  std::unique_ptr<KnownDevices> devices_;
  std::unique_ptr<KeyRing> keys_;
};

TEST_F(AuthTables, ASessionIsKnownByItsWholeCookieOnly) {
  const auto opened = openSession();
  ASSERT_NE(sessions_->use(opened.cookie), nullptr);
  EXPECT_EQ(sessions_->use(opened.cookie)->id, opened.id);
  for (const std::string& other :
       {std::string(), opened.id, opened.id + ".", opened.cookie + "A", opened.cookie + "=",
        opened.id + "." + newSecret().text, openSession().id + opened.cookie.substr(30)}) {
    EXPECT_EQ(sessions_->use(other), nullptr) << other;
  }
  restart();
  EXPECT_NE(sessions_->use(opened.cookie), nullptr);
  for (const auto& [key, record] : data_->rows) {
    EXPECT_EQ(json::write(json::Value(toDocument(record))).find(opened.cookie.substr(31)),
              std::string::npos);
  }
}

TEST_F(AuthTables, ASessionLivesWhileItIsUsed) {
  const auto opened = openSession("user-1", 3600);
  for (int hour = 0; hour < 30 * 24; ++hour) {
    clock_.advance(seconds(3599));
    ASSERT_NE(sessions_->use(opened.cookie), nullptr) << hour;
  }
  clock_.advance(seconds(3599));  // 30 days: the absolute end
  EXPECT_EQ(sessions_->use(opened.cookie), nullptr);
}

TEST_F(AuthTables, AnUnusedSessionEnds) {
  const auto opened = openSession("user-1", 3600);
  clock_.advance(seconds(3600));
  EXPECT_EQ(sessions_->use(opened.cookie), nullptr);
  EXPECT_EQ(sessions_->find(opened.id), nullptr);
  sessions_->sweep();
  EXPECT_EQ(sessions_->size(), 0U);
}

TEST_F(AuthTables, UseIsWrittenNowAndThen) {
  const auto opened = openSession();
  const int before = store_->writes();
  for (int i = 0; i < 299; ++i) {
    clock_.advance(seconds(1));
    sessions_->use(opened.cookie);
  }
  EXPECT_EQ(store_->writes(), before);
  clock_.advance(seconds(1));
  sessions_->use(opened.cookie);
  EXPECT_EQ(store_->writes(), before + 1);
}

TEST_F(AuthTables, SessionsOfAUserAreBoundedAndEndTogether) {
  const auto first = openSession();
  const auto other = openSession("user-2");
  for (size_t i = 0; i < Sessions::kMaxPerUser; ++i) {
    clock_.advance(seconds(1));
    openSession();
  }
  EXPECT_EQ(sessions_->use(first.cookie), nullptr);
  EXPECT_EQ(sessions_->of("user-1").size(), Sessions::kMaxPerUser);
  const uint64_t revocations = journal_->revocations();
  save(sessions_->endAllOf("user-1"));
  EXPECT_GT(journal_->revocations(), revocations);
  EXPECT_TRUE(sessions_->of("user-1").empty());
  restart();
  EXPECT_TRUE(sessions_->of("user-1").empty());
  EXPECT_NE(sessions_->use(other.cookie), nullptr);
}

TEST_F(AuthTables, ASessionThatIsNotDurableIsNotGiven) {
  store_->failWrites(Error::of(ErrorCode::Unavailable, "disk"));
  Sessions::NewSession session;
  session.userId = "user-1";
  EXPECT_FALSE(await<Sessions::Opened>(*loop_, [&](auto done) {
                 sessions_->open(session, std::move(done));
               }).ok());
}

TEST_F(AuthTables, ACodeGivesAFamilyOnce) {
  const auto code = issue();
  const auto redeemed = redeem(right(code));
  ASSERT_TRUE(redeemed.ok()) << redeemed.error().message;
  EXPECT_EQ(redeemed->grant.userId, "user-1");
  EXPECT_EQ(redeemed->family.clientId, "client");
  ASSERT_NE(families_->find(redeemed->family.id), nullptr);
  EXPECT_TRUE(refresh(redeemed->refreshToken).ok());
}

// S5: the second use ends what the first one gave, also over a restart.
TEST_F(AuthTables, ASecondUseOfACodeEndsTheFamily) {
  for (const bool restarts : {false, true}) {
    const auto code = issue();
    const auto redeemed = redeem(right(code));
    ASSERT_TRUE(redeemed.ok());
    if (restarts) {
      restart();
    }
    const auto again = redeem(right(code));
    EXPECT_EQ(again.error().reason, "reused_code");
    EXPECT_EQ(families_->find(redeemed->family.id), nullptr);
    EXPECT_EQ(refresh(redeemed->refreshToken).error().reason, "unknown_refresh_token");
  }
}

TEST_F(AuthTables, ACodeLivesSixtySeconds) {
  const auto inTime = issue();
  const auto late = issue();
  clock_.advance(seconds(59));
  EXPECT_TRUE(redeem(right(inTime)).ok());
  clock_.advance(seconds(1));
  EXPECT_EQ(redeem(right(late)).error().reason, "expired_code");
  clock_.advance(seconds(AuthorizationCodes::kMemorySeconds));
  codes_->sweep();
  EXPECT_EQ(redeem(right(inTime)).error().reason, "unknown_code");
}

TEST_F(AuthTables, CodesEndWithTheirUser) {
  const auto used = issue();
  const auto redeemed = redeem(right(used));
  const auto open = issue();
  save(codes_->endAllOf("user-2"));
  EXPECT_TRUE(redeem(right(issue())).ok()) << "of another";
  save(codes_->endAllOf("user-1"));
  EXPECT_EQ(redeem(right(open)).error().reason, "unknown_code");
  restart();
  EXPECT_EQ(redeem(right(open)).error().reason, "unknown_code");
  EXPECT_EQ(redeem(right(used)).error().reason, "reused_code");
  EXPECT_EQ(families_->find(redeemed->family.id), nullptr);
}

TEST_F(AuthTables, ACodeIsGoodForItsOwnRequestOnly) {
  // RFC 7636 appendix B.
  const std::string verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  const std::string challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
  EXPECT_TRUE(isChallenge(challenge));
  EXPECT_TRUE(provesChallenge(verifier, challenge));
  const struct {
    const char* reason;
    std::string challenge;
    AuthorizationCodes::Shown shown;
  } cases[] = {
      {"wrong_client", challenge, {"", "other", "https://app.test/back", verifier}},
      {"wrong_redirect_uri", challenge, {"", "client", "https://app.test/back/", verifier}},
      {"wrong_redirect_uri", challenge, {"", "client", "", verifier}},
      {"wrong_verifier", challenge, {"", "client", "https://app.test/back", ""}},
      {"wrong_verifier", challenge, {"", "client", "https://app.test/back", challenge}},
      {"wrong_verifier", challenge, {"", "client", "https://app.test/back", verifier + "x"}},
      {"wrong_verifier", "", {"", "client", "https://app.test/back", verifier}},
  };
  for (const auto& each : cases) {
    auto shown = each.shown;
    shown.code = issue(each.challenge);
    EXPECT_EQ(redeem(shown).error().reason, each.reason);
    shown = right(shown.code);
    shown.verifier = each.challenge.empty() ? "" : verifier;
    EXPECT_EQ(redeem(shown).error().reason, "reused_code");  // a wrong try has spent it
  }
  auto shown = right(issue(challenge));
  shown.verifier = verifier;
  EXPECT_TRUE(redeem(shown).ok());
  EXPECT_EQ(redeem(right("no such code")).error().reason, "unknown_code");
}

TEST_F(AuthTables, ARefreshTokenIsGoodOnce) {
  const auto redeemed = redeem(right(issue()));
  std::string token = redeemed->refreshToken;
  for (int i = 0; i < 5; ++i) {
    const auto next = refresh(token);
    ASSERT_TRUE(next.ok()) << next.error().message;
    EXPECT_NE(next->refreshToken, token);
    token = next->refreshToken;
    restart();
  }
  EXPECT_EQ(refresh(token, "other").error().reason, "unknown_refresh_token");
  EXPECT_EQ(refresh("fam-1." + newSecret().text).error().reason, "unknown_refresh_token");
  EXPECT_EQ(refresh("rubbish").error().reason, "unknown_refresh_token");
  EXPECT_TRUE(refresh(token).ok());
}

TEST_F(AuthTables, AnEarlierRefreshTokenEndsTheFamily) {
  const auto redeemed = redeem(right(issue()));
  const auto second = refresh(redeemed->refreshToken);
  const auto third = refresh(second->refreshToken);
  const uint64_t revocations = journal_->revocations();
  EXPECT_EQ(refresh(redeemed->refreshToken).error().reason, "reused_refresh_token");
  EXPECT_GT(journal_->revocations(), revocations);
  EXPECT_EQ(families_->find(redeemed->family.id), nullptr);
  EXPECT_EQ(refresh(third->refreshToken).error().reason, "unknown_refresh_token");
  restart();
  EXPECT_EQ(families_->find(redeemed->family.id), nullptr);
}

TEST_F(AuthTables, ARefreshThatIsNotDurableUsesNothingUp) {
  const auto redeemed = redeem(right(issue()));
  store_->failWrites(Error::of(ErrorCode::Unavailable, "disk"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(refresh(redeemed->refreshToken).error().code, ErrorCode::Unavailable);
  }
  store_->failWrites(std::nullopt);
  const auto second = refresh(redeemed->refreshToken);
  ASSERT_TRUE(second.ok()) << second.error().message;
  restart();
  EXPECT_TRUE(refresh(second->refreshToken).ok());
}

// The store says that it was too late, and writes all the same.
TEST_F(AuthTables, ARefreshThatIsWrittenLateIsUndone) {
  const auto redeemed = redeem(right(issue()));
  store_->answerNextWriteLate();
  EXPECT_EQ(refresh(redeemed->refreshToken).error().code, ErrorCode::DeadlineExceeded);
  restart();
  EXPECT_TRUE(refresh(redeemed->refreshToken).ok());
}

TEST_F(AuthTables, OneRefreshOfATokenAtATime) {
  const auto redeemed = redeem(right(issue()));
  std::optional<Result<TokenFamilies::Refreshed>> first;
  families_->refresh(redeemed->refreshToken, "client", [&](auto done) { first = std::move(done); });
  EXPECT_EQ(refresh(redeemed->refreshToken).error().reason, "refresh_running");
  ASSERT_TRUE(runUntil(*loop_, [&] { return first.has_value(); }));
  ASSERT_TRUE(first->ok());
  EXPECT_EQ(refresh(redeemed->refreshToken).error().reason, "reused_refresh_token");
}

TEST_F(AuthTables, AFamilyThatEndsWhileItIsRefreshedStaysEnded) {
  const auto redeemed = redeem(right(issue()));
  std::optional<Result<TokenFamilies::Refreshed>> refreshed;
  families_->refresh(redeemed->refreshToken, "client",
                     [&](auto done) { refreshed = std::move(done); });
  save(families_->end(redeemed->family.id));
  ASSERT_TRUE(runUntil(*loop_, [&] { return refreshed.has_value(); }));
  EXPECT_EQ(refreshed->error().reason, "unknown_refresh_token");
  restart();
  EXPECT_EQ(families_->find(redeemed->family.id), nullptr);
}

TEST_F(AuthTables, FamiliesEndWithUserSessionAndClient) {
  const auto family = [&] { return redeem(right(issue()))->family.id; };
  for (const auto& end : std::vector<std::function<std::vector<AuthWrite>()>>{
           [&] { return families_->endAllOf("user-1"); },
           [&] { return families_->endAllOfSession("ses-1"); },
           [&] { return families_->endAllOfClient("client"); }}) {
    const std::string id = family();
    ASSERT_NE(families_->find(id), nullptr);
    save(end());
    EXPECT_EQ(families_->find(id), nullptr);
    restart();
    EXPECT_EQ(families_->find(id), nullptr);
  }
}

TEST_F(AuthTables, ATokenIsRevokedUntilItExpiresAnyway) {
  save(families_->revoke("jti", journal_->now() + 100));
  EXPECT_TRUE(families_->isRevoked("jti"));
  restart();
  EXPECT_TRUE(families_->isRevoked("jti"));
  EXPECT_FALSE(families_->isRevoked("other"));
  clock_.advance(seconds(100));
  families_->sweep();
  EXPECT_FALSE(families_->isRevoked("jti"));
}

TEST_F(AuthTables, EachRevocationIsTold) {
  const auto redeemed = redeem(right(issue()));
  int told = 0;
  journal_->onRevocation([&told] { ++told; });
  ASSERT_TRUE(refresh(redeemed->refreshToken).ok());
  EXPECT_EQ(told, 0);
  families_->end(redeemed->family.id);
  EXPECT_EQ(told, 1);
  families_->end(redeemed->family.id);  // not there any more
  EXPECT_EQ(told, 1);
  families_->revoke("jti", journal_->now() + 100);
  EXPECT_EQ(told, 2);
}

TEST_F(AuthTables, ADeviceIsKnownForItsUser) {
  const std::string cookie = devices_->add("user-1");
  loop_->runOnce(Milliseconds(1));
  restart();
  EXPECT_FALSE(devices_->find(cookie, "user-1").empty());
  EXPECT_TRUE(devices_->find(cookie, "user-2").empty());
  EXPECT_TRUE(devices_->find("", "user-1").empty());
  EXPECT_TRUE(devices_->find(cookie + "x", "user-1").empty());
  for (size_t i = 0; i < KnownDevices::kMaxPerUser; ++i) {
    clock_.advance(seconds(1));
    devices_->add("user-1");
  }
  EXPECT_TRUE(devices_->find(cookie, "user-1").empty());
}

TEST_F(AuthTables, KeysAreMadeOnceAndRotated) {
  ASSERT_TRUE(begin().ok());
  const std::string first = keys_->active().id();
  restart();
  ASSERT_TRUE(begin().ok());
  EXPECT_EQ(keys_->active().id(), first);

  const auto second = rotateKey(*loop_, *keys_);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(keys_->active().id(), *second);
  EXPECT_NE(*second, first);
  EXPECT_EQ(keys_->all().size(), 2U);
  EXPECT_EQ(keys_->jwks().find("keys")->asArray()->size(), 2U);
  restart();
  EXPECT_EQ(keys_->active().id(), *second);
  EXPECT_EQ(keys_->all().size(), 2U);

  clock_.advance(seconds(KeyRing::kRetiredSeconds));
  const uint64_t revocations = journal_->revocations();
  keys_->sweep();
  EXPECT_EQ(keys_->all().size(), 1U);
  EXPECT_EQ(keys_->active().id(), *second);
  EXPECT_GT(journal_->revocations(), revocations);
}

TEST_F(AuthTables, AKeyThatIsNotDurableDoesNotSign) {
  ASSERT_TRUE(begin().ok());
  const std::string first = keys_->active().id();
  store_->failWrites(Error::of(ErrorCode::Unavailable, "disk"));
  EXPECT_FALSE(rotateKey(*loop_, *keys_).ok());
  EXPECT_EQ(keys_->active().id(), first);
  store_->failWrites(std::nullopt);
  EXPECT_TRUE(rotateKey(*loop_, *keys_).ok());
}

TEST_F(AuthTables, OneRotationAtATime) {
  int made = 0;
  keys_->rotate([&](const Result<std::string>& id) { made += id.ok() ? 1 : 0; });
  const auto second = rotateKey(*loop_, *keys_);
  EXPECT_EQ(second.error().reason, "rotation_running");
  ASSERT_TRUE(runUntil(*loop_, [&] { return made == 1; }));
}

}  // namespace
}  // namespace busbar::auth
