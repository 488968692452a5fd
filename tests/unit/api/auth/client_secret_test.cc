// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/client_secret.h"

#include <gtest/gtest.h>

namespace busbar::auth {
namespace {

// RFC 1321 s. A.5.
TEST(ClientSecret, ClientIdsAreMd5) {
  EXPECT_EQ(clientIdOf(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(clientIdOf("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
  EXPECT_EQ(emailDigest("a"), "0cc175b9c0f1b6a831c399e269772661");
}

TEST(ClientSecret, OnlyTheTextFitsItsHash) {
  const NewClientSecret one = generateClientSecret();
  const NewClientSecret two = generateClientSecret();
  EXPECT_EQ(one.text.size(), 43u);
  EXPECT_NE(one.text, two.text);
  EXPECT_TRUE(isClientSecret(one.text, one.secretHash));
  EXPECT_FALSE(isClientSecret(two.text, one.secretHash));
  EXPECT_FALSE(isClientSecret("", one.secretHash));
  EXPECT_FALSE(isClientSecret(one.text, ""));
}

}  // namespace
}  // namespace busbar::auth
