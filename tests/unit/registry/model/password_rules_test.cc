// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/model/password_rules.h"

#include <gtest/gtest.h>

#include "tests/support/sample_records.h"

namespace busbar::model {
namespace {

std::string faultOf(std::string_view password, const User& user = sample::user()) {
  return findPasswordFault(password, user).value_or("");
}

TEST(PasswordRules, GoodPasswordsAreAccepted) {
  for (const char* good :
       {"correct battery staple", "vj3kq9xw0z", "Übermäßig-lange-Straße", "blaue Kiste am Fenster",
        "tr0ub4dor&3x", "8315620947", "пароль-не-простой", "kettle!monsoon"}) {
    EXPECT_EQ(faultOf(good), "") << good;
  }
  EXPECT_EQ(faultOf(std::string(127, 'a') + " " + std::string(128, 'b')), "");
}

TEST(PasswordRules, LengthIsCountedInCharacters) {
  EXPECT_EQ(faultOf("vj3kq9xw0"), "must have at least 10 characters");
  EXPECT_EQ(faultOf(""), "must have at least 10 characters");
  EXPECT_EQ(faultOf("äöüßÄÖÜéè"), "must have at least 10 characters") << "9 characters, 18 bytes";
  EXPECT_EQ(faultOf("äöüßÄÖÜéèê"), "");
  EXPECT_EQ(faultOf(std::string(128, 'a') + " " + std::string(128, 'b')),
            "must have at most 256 characters");
  EXPECT_EQ(faultOf(std::string(1 << 20, 'q')), "must have at most 256 characters");
  EXPECT_EQ(faultOf("vj3kq9xw0z\xFF"), "must be UTF-8");
}

TEST(PasswordRules, WhatEverybodyTriesFirstIsRefused) {
  for (const char* common :
       {"password12",   "Password123!",   "P@ssw0rd2024",     "1234567890",  "0987654321",
        "qwertyuiop",   "QWERTZUIOP",     "1q2w3e4r5t",       "aaaaaaaaaa",  "abababababab",
        "abcdabcdabcd", "iloveyou123",    "administrator",    "letmein!!!!", "welcome2026",
        "summer2026!",  "adminadmin1",    "passwordpassword", "abcdefghijk", "BusbarAdmin1",
        "!!password!!", "Welcome-Home-1", "changeme1234"}) {
    EXPECT_TRUE(isCommonPassword(common)) << common;
    EXPECT_NE(faultOf(common), "") << common;
  }
}

TEST(PasswordRules, WhoOneIsIsNoPassword) {
  User user = sample::user();
  user.name = "Grace Brewster Hopper";
  user.email = "grace.hopper@navy.example";
  user.loginName = "ghopper-navy";
  for (const char* own : {"Grace Brewster Hopper", "gracebrewsterhopper", "Grace.Hopper",
                          "GRACE.HOPPER@NAVY.EXAMPLE", "ghopper-NAVY"}) {
    EXPECT_EQ(faultOf(own, user), "must not be the name or the e-mail address") << own;
  }
}

}  // namespace
}  // namespace busbar::model
