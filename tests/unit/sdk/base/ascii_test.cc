// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/ascii.h"

#include <gtest/gtest.h>

namespace busbar {
namespace {

TEST(Ascii, LowersLettersOnly) {
  EXPECT_EQ(asciiLowered("AZ az @[`{ 09"), "az az @[`{ 09");
  EXPECT_EQ(asciiLowered("\xC3\x84"), "\xC3\x84") << "no byte of another character";
}

}  // namespace
}  // namespace busbar
