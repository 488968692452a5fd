// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/runner/open_requests.h"

#include <gtest/gtest.h>

namespace busbar::runner {
namespace {

TEST(OpenRequests, ATokenIsOpenOnce) {
  OpenRequests requests;
  EXPECT_EQ(requests.open(0, 0, false).status, BUSBAR_E_INVALID);
  const auto first = requests.open(7, 0, false);
  EXPECT_EQ(first.status, BUSBAR_OK);
  EXPECT_EQ(requests.open(7, 0, false).status, BUSBAR_E_INVALID);
  EXPECT_EQ(requests.take(first.id, false), 7U);
  EXPECT_EQ(requests.end(7), first.id);
  EXPECT_EQ(requests.end(7), 0U);
  EXPECT_EQ(requests.open(7, 0, false).status, BUSBAR_OK);
}

TEST(OpenRequests, WhatIsUnderWayForAnEarlierUseOfATokenIsNotTakenForThePresentOne) {
  OpenRequests requests;
  const auto first = requests.open(7, 0, false);
  requests.end(7);
  const auto second = requests.open(7, 0, false);
  EXPECT_EQ(requests.take(first.id, true), 0U);
  const auto third = requests.open(7, 3, true);
  EXPECT_EQ(third.replaced, second.id);
  EXPECT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests.take(second.id, true), 0U);
  EXPECT_EQ(requests.take(third.id, true), 7U);
  EXPECT_EQ(requests.take(third.id, true), 0U);
  EXPECT_EQ(requests.size(), 0U);
}

TEST(OpenRequests, HoldsABoundedNumber) {
  OpenRequests requests;
  for (busbar_id token = 1; token <= OpenRequests::kMax; ++token) {
    ASSERT_EQ(requests.open(token, 0, false).status, BUSBAR_OK);
  }
  EXPECT_EQ(requests.open(9999, 0, false).status, BUSBAR_E_AGAIN);
  EXPECT_NE(requests.end(1), 0U);
  EXPECT_EQ(requests.open(9999, 0, false).status, BUSBAR_OK);
}

TEST(OpenRequests, EndsWithTheCallThatItWasMadeFor) {
  OpenRequests requests;
  EXPECT_EQ(requests.open(1, 50, false).status, BUSBAR_OK);
  EXPECT_EQ(requests.open(2, 0, false).status, BUSBAR_OK);
  EXPECT_EQ(requests.open(3, 50, false).status, BUSBAR_OK);
  EXPECT_EQ(requests.endCall(50), (std::vector<uint64_t>{1, 3}));
  EXPECT_TRUE(requests.endCall(0).empty());
  EXPECT_EQ(requests.size(), 1U);
}

}  // namespace
}  // namespace busbar::runner
