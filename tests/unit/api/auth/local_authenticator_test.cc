// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/local_authenticator.h"

#include <gtest/gtest.h>

namespace busbar::auth {
namespace {

class RefuseAll : public Authenticator {
 public:
  AuthOutcome authenticate(const Credentials&) override {
    ++calls;
    return {nullptr, Error::because(ErrorCode::Unauthenticated, "next", "no"), 0};
  }
  int calls = 0;
};

TEST(LocalAuthenticator, LetsRootAndItsOwnUserInAsAdmin) {
  RefuseAll next;
  LocalAuthenticator local(next, 1000);
  for (const uid_t uid : {uid_t{0}, uid_t{1000}}) {
    const AuthOutcome outcome = local.authenticate({"", "", "local", uid});
    ASSERT_TRUE(outcome.principal);
    EXPECT_TRUE(outcome.principal->isAdmin());
    EXPECT_FALSE(outcome.principal->isAnonymous());
  }
  EXPECT_EQ(next.calls, 0);
}

TEST(LocalAuthenticator, KnowsItsAdminAgainAndNobodyElse) {
  RefuseAll next;
  LocalAuthenticator local(next, 1000);
  const AuthOutcome outcome = local.authenticate({"", "", "local", uid_t{1000}});
  ASSERT_TRUE(outcome.principal);
  EXPECT_EQ(local.recheck(*outcome.principal).principal, outcome.principal);
  EXPECT_FALSE(local.recheck({"user-1", "key-1", model::UserRole::Admin, {"public"}}).principal)
      << "what does not say otherwise is good for one request";
}

TEST(LocalAuthenticator, RefusesOtherUsers) {
  RefuseAll next;
  LocalAuthenticator local(next, 1000);
  const AuthOutcome outcome = local.authenticate({"", "", "local", uid_t{1001}});
  EXPECT_FALSE(outcome.principal);
  EXPECT_EQ(outcome.error.reason, "other_user");
}

TEST(LocalAuthenticator, PassesShownCredentialsAndNetworkPeersOn) {
  RefuseAll next;
  LocalAuthenticator local(next, 1000);
  EXPECT_EQ(local.authenticate({"key", "", "local", uid_t{0}}).error.reason, "next");
  EXPECT_EQ(local.authenticate({"", "Bearer key", "local", uid_t{0}}).error.reason, "next");
  EXPECT_EQ(local.authenticate({"", "", "local", uid_t{0}, "token"}).error.reason, "next");
  EXPECT_EQ(local.authenticate({"key", "", "127.0.0.1", std::nullopt}).error.reason, "next");
  EXPECT_EQ(next.calls, 4);
}

}  // namespace
}  // namespace busbar::auth
