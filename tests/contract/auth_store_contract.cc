// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/contract/auth_store_contract.h"

#include <algorithm>
#include <utility>

#include "tests/support/fake_auth_store.h"

namespace busbar {
namespace {

using Records = std::vector<AuthRecord>;

template <class T>
T record(std::string id, int64_t expiresAt) {
  T out;
  out.id = std::move(id);
  out.expiresAt = expiresAt;
  return out;
}

// One of each kind, every member set; sorted as the store gives them.
Records samples() {
  auto key = record<SigningKeyRecord>("kid", 900);
  key.pem = "-----BEGIN geheimnis\n";
  key.createdAt = 1;
  key.isRetired = true;
  auto session = record<SessionRecord>("ses-1", 800);
  session.userId = "user-1";
  session.domainId = "authority-1";
  session.secretHash = "ab";
  session.createdAt = 1;
  session.seenAt = 2;
  session.idleSeconds = 3;
  session.address = "192.0.2.1";
  auto family = record<TokenFamilyRecord>("fam-1", 700);
  family.clientId = "client";
  family.userId = "user-1";
  family.domainId = "authority-1";
  family.sessionId = "ses-1";
  family.scopes = {"public", "openid"};
  family.secretHash = "cd";
  family.createdAt = 4;
  family.authTime = 5;
  auto code = record<AuthorizationCodeRecord>("ef", 600);
  code.familyId = "fam-1";
  code.clientId = "client";
  code.userId = "user-1";
  code.domainId = "authority-1";
  code.sessionId = "ses-1";
  code.redirectUri = "https://app.test/back";
  code.codeChallenge = "challenge";
  code.scopes = {"public"};
  code.nonce = "n";
  code.authTime = 5;
  code.isUsed = true;
  auto device = record<KnownDeviceRecord>("01", 400);
  device.userId = "user-1";
  Records all{code, device, record<RevocationRecord>("jti", 500), session, key, family};
  return all;
}

class FakeAuthBackend : public AuthStoreBackend {
 public:
  void open(EventLoop& loop) override { store_.emplace(loop, data_); }
  AuthStore& store() override { return *store_; }

 private:
  std::shared_ptr<FakeAuthStore::Data> data_ = std::make_shared<FakeAuthStore::Data>();
  std::optional<FakeAuthStore> store_;
};

INSTANTIATE_TEST_SUITE_P(Fake, AuthStoreContract, testing::Values([] {
                           return std::unique_ptr<AuthStoreBackend>(
                               std::make_unique<FakeAuthBackend>());
                         }));

}  // namespace

AuthStoreContract::AuthStoreContract()
    : loop_(std::move(*EventLoop::create(clock_))), backend_(GetParam()()) {
  backend_->open(*loop_);
}

Status AuthStoreContract::put(std::vector<AuthRecord> records) {
  std::vector<AuthWrite> writes;
  for (AuthRecord& each : records) {
    writes.push_back({AuthWrite::Kind::Put, std::move(each)});
  }
  return await<void>(*loop_, [&](auto done) {
    backend_->store().applyAuth(std::move(writes), soon(), std::move(done));
  });
}

Status AuthStoreContract::erase(AuthRecord each) {
  std::vector<AuthWrite> writes;
  writes.push_back({AuthWrite::Kind::Erase, std::move(each)});
  return await<void>(*loop_, [&](auto done) {
    backend_->store().applyAuth(std::move(writes), soon(), std::move(done));
  });
}

Records AuthStoreContract::load(int64_t now) {
  auto records = await<Records>(
      *loop_, [&](auto done) { backend_->store().loadAuth(now, soon(), std::move(done)); });
  EXPECT_TRUE(records.ok()) << records.error().message;
  return records.ok() ? *records : Records();
}

int64_t AuthStoreContract::purge(int64_t now) {
  const auto count = await<int64_t>(
      *loop_, [&](auto done) { backend_->store().purgeAuth(now, soon(), std::move(done)); });
  EXPECT_TRUE(count.ok()) << count.error().message;
  return count.ok() ? *count : -1;
}

TEST_P(AuthStoreContract, GivesBackEveryMemberOfEveryKind) {
  ASSERT_TRUE(put(samples()).ok());
  EXPECT_EQ(load(0), samples());
  backend_->open(*loop_);
  EXPECT_EQ(load(0), samples());
}

TEST_P(AuthStoreContract, PutReplacesAndEraseForgets) {
  ASSERT_TRUE(put(samples()).ok());
  auto session = record<SessionRecord>("ses-1", 850);
  session.seenAt = 77;
  ASSERT_TRUE(put({session}).ok());
  const auto all = load(0);
  EXPECT_EQ(all.size(), samples().size());
  EXPECT_NE(std::find(all.begin(), all.end(), AuthRecord(session)), all.end());
  ASSERT_TRUE(erase(record<SessionRecord>("ses-1", 0)).ok());
  ASSERT_TRUE(erase(record<SessionRecord>("never-there", 0)).ok());
  EXPECT_EQ(load(0).size(), samples().size() - 1);
}

TEST_P(AuthStoreContract, TheSameIdInTwoKindsAreTwoRows) {
  ASSERT_TRUE(put({record<RevocationRecord>("x", 10), record<KnownDeviceRecord>("x", 20)}).ok());
  ASSERT_TRUE(erase(record<RevocationRecord>("x", 10)).ok());
  EXPECT_EQ(load(0), Records{record<KnownDeviceRecord>("x", 20)});
}

TEST_P(AuthStoreContract, LeavesOutAndRemovesWhatHasExpired) {
  ASSERT_TRUE(put(samples()).ok());
  EXPECT_EQ(load(599).size(), 4U);
  EXPECT_EQ(load(600).size(), 3U);  // at its second it is over
  EXPECT_EQ(purge(600), 3);
  EXPECT_EQ(purge(600), 0);
  EXPECT_EQ(load(0).size(), 3U);
}

TEST_P(AuthStoreContract, TooLateIsTooLate) {
  const Status late = await<void>(*loop_, [&](auto done) {
    std::vector<AuthWrite> writes;
    writes.push_back({AuthWrite::Kind::Put, record<RevocationRecord>("x", 10)});
    backend_->store().applyAuth(std::move(writes), BootClock::now(), std::move(done));
  });
  EXPECT_EQ(late.error().code, ErrorCode::DeadlineExceeded);
  EXPECT_TRUE(load(0).empty());
}

}  // namespace busbar
