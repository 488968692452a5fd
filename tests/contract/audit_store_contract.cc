// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/contract/audit_store_contract.h"

#include <utility>

#include "sdk/base/json.h"
#include "tests/support/sample_records.h"

namespace busbar {

using model::Table;
using Kind = ConfigWrite::Kind;

AuditStoreContract::AuditStoreContract()
    : loop_(std::move(*EventLoop::create(clock_))), backend_(GetParam()()) {
  backend_->open(*loop_);
}

model::Record AuditStoreContract::write(Kind kind, model::Record record) {
  auto changes = await<std::vector<ConfigChange>>(*loop_, [&](auto done) {
    backend_->config().apply({{kind, std::move(record)}},
                             {"user-1", "trace-1", "192.0.2.1", "api_key key-1"}, soon(),
                             std::move(done));
  });
  EXPECT_TRUE(changes.ok()) << changes.error().message;
  return changes->front().record;
}

void AuditStoreContract::append(const std::string& action, const std::string& subject) {
  AuditEntry entry;
  entry.action = action;
  entry.subject = subject;
  ASSERT_TRUE(backend_->audit().append(std::move(entry)).ok());
  ASSERT_TRUE(await<void>(*loop_, [&](auto done) {
                backend_->audit().flush(soon(), std::move(done));
              }).ok());
}

AuditPage AuditStoreContract::list(AuditFilter filter) {
  auto page = await<AuditPage>(*loop_, [&](auto done) {
    backend_->audit().listAudit(std::move(filter), soon(), std::move(done));
  });
  EXPECT_TRUE(page.ok()) << page.error().message;
  return page.ok() ? *page : AuditPage();
}

AuditVerdict AuditStoreContract::verify() {
  auto verdict = await<AuditVerdict>(
      *loop_, [&](auto done) { backend_->audit().verifyAudit(soon(), std::move(done)); });
  EXPECT_TRUE(verdict.ok()) << verdict.error().message;
  return verdict.ok() ? *verdict : AuditVerdict();
}

int64_t AuditStoreContract::trim(int64_t beforeMs) {
  auto removed = await<int64_t>(
      *loop_, [&](auto done) { backend_->audit().trimAudit(beforeMs, soon(), std::move(done)); });
  EXPECT_TRUE(removed.ok()) << removed.error().message;
  return removed.ok() ? *removed : -1;
}

TEST_P(AuditStoreContract, KeepsWhoDidWhatFromWhere) {
  write(Kind::Insert, sample::zone());
  const auto page = list();
  ASSERT_EQ(page.entries.size(), 1U);
  const AuditEntry& entry = page.entries.front();
  EXPECT_EQ(entry.sequence, 1);
  EXPECT_EQ(entry.action, "create");
  EXPECT_EQ(entry.record, "zone");
  EXPECT_EQ(entry.subject, sample::id(Table::Zone));
  EXPECT_EQ(entry.userId, "user-1");
  EXPECT_EQ(entry.peer, "192.0.2.1");
  EXPECT_EQ(entry.credential, "api_key key-1");
  EXPECT_EQ(entry.traceId, "trace-1");
  EXPECT_EQ(entry.before, "");
  EXPECT_EQ(*json::parse(entry.after)->find("name")->asString(), "Zone 1");
  EXPECT_EQ(entry.hash, auditHash(auditGenesis(), entry));
  EXPECT_GT(entry.timeMs, 1'600'000'000'000);
}

TEST_P(AuditStoreContract, ShowsWhatAChangeChangedAndWhatWentAway) {
  auto zone = std::get<model::Zone>(write(Kind::Insert, sample::zone()));
  zone.description = "other";
  write(Kind::Update, zone);
  write(Kind::Erase, zone);
  const auto page = list();
  ASSERT_EQ(page.entries.size(), 3U);
  EXPECT_EQ(page.entries[1].before, R"({"description":"a floor"})");
  EXPECT_EQ(page.entries[1].after, R"({"description":"other"})");
  EXPECT_EQ(page.entries[0].action, "delete");
  EXPECT_EQ(*json::parse(page.entries[0].before)->find("description")->asString(), "other");
  EXPECT_EQ(page.entries[0].after, "");
}

TEST_P(AuditStoreContract, MasksSecrets) {
  write(Kind::Insert, sample::user());
  write(Kind::Insert, sample::apiKey());
  write(Kind::Insert, sample::zone());
  auto secret = std::get<model::Settings>(
      write(Kind::Insert, sample::settings(1, sample::id(Table::Zone), "password: geheimnis",
                                           model::EncryptionLevel::Support)));
  secret.text = "password: anderes";
  write(Kind::Update, secret);
  for (const AuditEntry& entry : list().entries) {
    for (const std::string& text : {entry.before, entry.after}) {
      EXPECT_EQ(text.find("geheimnis"), std::string::npos) << text;
      EXPECT_EQ(text.find("anderes"), std::string::npos) << text;
      EXPECT_EQ(text.find(sample::apiKey().secretHash), std::string::npos) << text;
    }
  }
  EXPECT_EQ(list().entries.front().after, "{\"settings_string\":\"(hidden)\"}");
}

TEST_P(AuditStoreContract, ARefusedWriteLeavesNothing) {
  auto refused = await<std::vector<ConfigChange>>(*loop_, [&](auto done) {
    backend_->config().apply({{Kind::Insert, sample::zone()}, {Kind::Erase, sample::system()}}, {},
                             soon(), std::move(done));
  });
  EXPECT_FALSE(refused.ok());
  EXPECT_TRUE(list().entries.empty());
}

TEST_P(AuditStoreContract, ChainsEventsAndChangesTogether) {
  append("sign_in", "user-1");
  write(Kind::Insert, sample::zone());
  append("exec", "mod-1");
  AuditFilter all;
  all.oldestFirst = true;
  const auto page = list(all);
  ASSERT_EQ(page.entries.size(), 3U);
  std::string previous(auditGenesis());
  for (const AuditEntry& entry : page.entries) {
    EXPECT_EQ(entry.hash, auditHash(previous, entry));
    previous = entry.hash;
  }
  const AuditVerdict verdict = verify();
  EXPECT_TRUE(verdict.isSound()) << verdict.problem;
  EXPECT_EQ(verdict.entries, 3);
  EXPECT_EQ(verdict.first, 1);
  EXPECT_EQ(verdict.last, 3);
  EXPECT_EQ(verdict.lastHash, previous);
}

TEST_P(AuditStoreContract, ListsWhatIsAboutAGroup) {
  write(Kind::Insert, sample::domain());
  write(Kind::Insert, sample::user());
  write(Kind::Insert, sample::group(1));
  write(Kind::Insert, sample::group(2));
  auto gone = std::get<model::GroupUser>(write(Kind::Insert, sample::groupUser(1, 1, 1)));
  write(Kind::Insert, sample::groupUser(2, 2, 1));
  gone.permissions = 1;
  write(Kind::Update, gone);  // whose entry does not say of which group it is
  write(Kind::Erase, gone);
  append("exec", sample::id(Table::Group, 1));
  AuditFilter filter;
  filter.records = {"group", "group_user"};
  EXPECT_EQ(list(filter).total, 6);
  filter.about = {sample::id(Table::Group, 1)};
  const auto page = list(filter);
  EXPECT_EQ(page.total, 4);
  std::vector<std::string> told;
  for (const AuditEntry& entry : page.entries) {
    told.push_back(entry.action + " " + entry.record);
  }
  EXPECT_EQ(told, (std::vector<std::string>{"delete group_user", "update group_user",
                                            "create group_user", "create group"}));
  filter.limit = 1;
  filter.offset = 1;
  EXPECT_EQ(list(filter).total, 4);
  EXPECT_EQ(list(filter).entries.front().action, "update");
  filter.offset = 0;
  filter.about = {sample::id(Table::GroupUser, 2), sample::id(Table::Group, 9)};
  EXPECT_EQ(list(filter).entries.front().subject, sample::id(Table::GroupUser, 2));
  filter.about = {"'; --", "[\"x\"]"};
  EXPECT_EQ(list(filter).total, 0);
}

TEST_P(AuditStoreContract, AppendsWithoutBeingAsked) {
  AuditEntry entry;
  entry.action = "exec";
  ASSERT_TRUE(backend_->audit().append(std::move(entry)).ok());
  EXPECT_TRUE(runUntil(*loop_, [this] { return list().total == 1; }));
}

TEST_P(AuditStoreContract, FiltersAndPages) {
  for (int n = 1; n <= 5; ++n) {
    append(n % 2 == 0 ? "grant" : "sign_in", "user-" + std::to_string(n));
  }
  write(Kind::Insert, sample::zone());
  AuditFilter filter;
  filter.action = "sign_in";
  EXPECT_EQ(list(filter).total, 3);
  filter.limit = 2;
  filter.offset = 1;
  const auto page = list(filter);
  EXPECT_EQ(page.total, 3);
  ASSERT_EQ(page.entries.size(), 2U);
  EXPECT_EQ(page.entries[0].subject, "user-3") << "newest first";
  EXPECT_EQ(page.entries[1].subject, "user-1");
  AuditFilter one;
  one.subject = "user-4";
  EXPECT_EQ(list(one).entries.front().action, "grant");
  AuditFilter user;
  user.userId = "user-1";
  EXPECT_EQ(list(user).entries.front().record, "zone");
  AuditFilter record;
  record.record = "zone";
  EXPECT_EQ(list(record).total, 1);
  AuditFilter late;
  late.afterSequence = 4;
  late.oldestFirst = true;
  EXPECT_EQ(list(late).entries.front().sequence, 5);
  AuditFilter never;
  never.untilMs = 1;
  EXPECT_EQ(list(never).total, 0);
  never = {};
  never.sinceMs = INT64_MAX - 1;
  EXPECT_EQ(list(never).total, 0);
}

TEST_P(AuditStoreContract, WhatIsOldGoesAndTheChainStaysWhole) {
  EXPECT_EQ(trim(INT64_MAX), 0);
  for (int n = 0; n < 4; ++n) {
    append("sign_in", "user-1");
  }
  EXPECT_EQ(trim(1), 0);
  EXPECT_EQ(trim(INT64_MAX), 4);
  EXPECT_TRUE(verify().isSound()) << verify().problem;
  append("sign_in", "user-1");
  const AuditVerdict verdict = verify();
  EXPECT_TRUE(verdict.isSound()) << verdict.problem;
  EXPECT_EQ(verdict.first, 5);
  EXPECT_EQ(verdict.entries, 1);
}

}  // namespace busbar
