// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/scopes.h"

#include <set>

#include <gtest/gtest.h>

namespace busbar::auth {
namespace {

TEST(Scopes, BeginWithPublicAndAreDistinct) {
  const auto names = scopeNames();
  EXPECT_EQ(names.front(), "public");
  EXPECT_EQ(std::set<std::string_view>(names.begin(), names.end()).size(), names.size());
}

TEST(Scopes, AreTakenWholeOrByHalves) {
  for (const char* good : {"public", "systems", "systems.read", "systems.write", "edge-control"}) {
    EXPECT_TRUE(isScope(good)) << good;
    EXPECT_TRUE(isApplicationScope(good)) << good;
  }
  for (const char* bad : {"", "system", "systems.", "systems.exec", ".read", "systems.read.read",
                          "Public", "openid "}) {
    EXPECT_FALSE(isScope(bad)) << bad;
    EXPECT_FALSE(isApplicationScope(bad)) << bad;
  }
  EXPECT_FALSE(isScope("openid"));
  EXPECT_TRUE(isApplicationScope("openid"));
}

}  // namespace
}  // namespace busbar::auth
