// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/runner/open_requests.h"

#include <gtest/gtest.h>

namespace busbar::runner {
namespace {

TEST(OpenRequests, ATokenIsOpenOnce) {
  OpenRequests requests;
  EXPECT_EQ(requests.open(0, 0, false), BUSBAR_E_INVALID);
  EXPECT_EQ(requests.open(7, 0, false), BUSBAR_OK);
  EXPECT_EQ(requests.open(7, 0, false), BUSBAR_E_INVALID);
  EXPECT_EQ(requests.open(7, 3, true), BUSBAR_OK);
  EXPECT_TRUE(requests.isOpen(7));
  EXPECT_TRUE(requests.end(7));
  EXPECT_FALSE(requests.end(7));
  EXPECT_EQ(requests.open(7, 0, false), BUSBAR_OK);
}

TEST(OpenRequests, HoldsABoundedNumber) {
  OpenRequests requests;
  for (busbar_id token = 1; token <= OpenRequests::kMax; ++token) {
    ASSERT_EQ(requests.open(token, 0, false), BUSBAR_OK);
  }
  EXPECT_EQ(requests.open(9999, 0, false), BUSBAR_E_AGAIN);
  EXPECT_TRUE(requests.end(1));
  EXPECT_EQ(requests.open(9999, 0, false), BUSBAR_OK);
}

TEST(OpenRequests, EndsWithTheCallThatItWasMadeFor) {
  OpenRequests requests;
  EXPECT_EQ(requests.open(1, 50, false), BUSBAR_OK);
  EXPECT_EQ(requests.open(2, 0, false), BUSBAR_OK);
  EXPECT_EQ(requests.open(3, 50, false), BUSBAR_OK);
  EXPECT_EQ(requests.endCall(50), (std::vector<busbar_id>{1, 3}));
  EXPECT_TRUE(requests.endCall(0).empty());
  EXPECT_EQ(requests.size(), 1U);
}

}  // namespace
}  // namespace busbar::runner
