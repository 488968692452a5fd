// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/snmp/usm.h"

#include <gtest/gtest.h>

#include "tests/unit/plugins/snmp/fake_agent.h"

namespace busbar::snmp {
namespace {

using Bytes = std::vector<uint8_t>;
constexpr uint8_t kUsmAuthPriv = V3Envelope::kAuth | V3Envelope::kPriv;

Bytes hex(std::string_view text) {
  Bytes bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoul(std::string(text.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

Bytes bytesOf(std::string_view text) {
  return {text.begin(), text.end()};
}
Bytes bytesOf(const SecretBytes& secret) {
  return {secret.span().begin(), secret.span().end()};
}

TEST(UsmKeys, MatchRfc3414A32) {
  const SecretBytes key = keyFromPassword(AuthProtocol::Sha1, "maplesyrup");
  EXPECT_EQ(bytesOf(key), hex("9fb5cc0381497b3793528939ff788d5d79145211"));
  const SecretBytes local =
      localizeKey(AuthProtocol::Sha1, key.span(), hex("000000000000000000000002"));
  EXPECT_EQ(bytesOf(local), hex("6695febc9288e36282235fc7151f128497b38f3f"));
}

TEST(UsmKeys, AnEmptyPasswordGivesNoKey) {
  EXPECT_TRUE(keyFromPassword(AuthProtocol::Sha1, "").empty());
  EXPECT_TRUE(keyFromPassword(AuthProtocol::None, "x").empty());
}

TEST(UsmKeys, AreCutAndStretchedForTheCipher) {
  const Bytes sha1 = hex("6695febc9288e36282235fc7151f128497b38f3f");
  EXPECT_EQ(bytesOf(privKey(AuthProtocol::Sha1, PrivProtocol::Aes128, sha1)),
            Bytes(sha1.begin(), sha1.begin() + 16));
  const Bytes longKey = bytesOf(privKey(AuthProtocol::Sha1, PrivProtocol::Aes256, sha1));
  ASSERT_EQ(longKey.size(), 32U);
  EXPECT_EQ(Bytes(longKey.begin(), longKey.begin() + 20), sha1);
  EXPECT_EQ(bytesOf(privKey(AuthProtocol::Sha256, PrivProtocol::Aes256, Bytes(32, 7))),
            Bytes(32, 7));
  EXPECT_EQ(privKey(AuthProtocol::Sha1, PrivProtocol::Aes192, sha1).span().size(), 24U);
}

struct DigestCase {
  AuthProtocol protocol;
  const char* full;
};
class UsmDigest : public testing::TestWithParam<DigestCase> {};
// RFC 2202 and RFC 4231, test case 2, truncated as RFC 3414 and RFC 7860 say.
TEST_P(UsmDigest, MatchesThePublishedVectors) {
  Bytes expected = hex(GetParam().full);
  expected.resize(authParameterBytes(GetParam().protocol));
  EXPECT_EQ(digest(GetParam().protocol, bytesOf("Jefe"), bytesOf("what do ya want for nothing?")),
            expected);
}
INSTANTIATE_TEST_SUITE_P(
    Rfc, UsmDigest,
    testing::Values(DigestCase{AuthProtocol::Sha1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
                    DigestCase{AuthProtocol::Sha224,
                               "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44"},
                    DigestCase{AuthProtocol::Sha256,
                               "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
                    DigestCase{AuthProtocol::Sha384,
                               "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
                               "8e2240ca5e69e2c78b3239ecfab21649"},
                    DigestCase{
                        AuthProtocol::Sha512,
                        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
                        "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"}));

TEST(UsmDigestCompare, WantsEqualLengthAndOctets) {
  EXPECT_TRUE(isSameDigest(Bytes{1, 2}, Bytes{1, 2}));
  EXPECT_FALSE(isSameDigest(Bytes{1, 2}, Bytes{1, 3}));
  EXPECT_FALSE(isSameDigest(Bytes{1, 2}, Bytes{1}));
}

// NIST SP 800-38A F.3.13: the IV is 00 01 … 0F.
TEST(UsmCipher, MatchesThePublishedVector) {
  const Bytes salt = hex("08090a0b0c0d0e0f");
  const PrivIv iv = {.engineBoots = 0x00010203, .engineTime = 0x04050607, .salt = salt};
  const Bytes key = hex("2b7e151628aed2a6abf7158809cf4f3c");
  const Bytes plain = hex("6bc1bee22e409f96e93d7e117393172aae2d8a57");
  const auto secret = encrypt(PrivProtocol::Aes128, key, iv, plain);
  ASSERT_TRUE(secret.has_value());
  EXPECT_EQ(Bytes(secret->begin(), secret->begin() + 16), hex("3b3fd92eb72dad20333449f8e83cfb4a"));
  EXPECT_EQ(decrypt(PrivProtocol::Aes128, key, iv, *secret), plain);
  EXPECT_FALSE(encrypt(PrivProtocol::Aes256, key, iv, plain).has_value());
  EXPECT_FALSE(
      decrypt(PrivProtocol::Aes128, key, {.salt = std::span(salt).first(7)}, *secret).has_value());
}

class UsmTest : public testing::Test {
 protected:
  UsmTest()
      : usm_({.name = agent_.user,
              .auth = agent_.auth,
              .authPassword = agent_.authPassword,
              .priv = agent_.priv,
              .privPassword = agent_.privPassword}) {
    EXPECT_TRUE(usm_.adoptEngine(agent_.engineId));
    response_.type = PduType::Response;
    response_.requestId = 42;
  }

  Verdict open(const Bytes& datagram, int64_t nowS = 0) {
    return usm_.open(datagram, nowS).verdict;
  }

  FakeAgent agent_;
  Usm usm_;
  Pdu response_;
};

TEST_F(UsmTest, OpensWhatTheAgentSealed) {
  const Opened opened = usm_.open(agent_.say(response_, 9, kUsmAuthPriv), 0);
  EXPECT_EQ(opened.verdict, Verdict::Accepted);
  EXPECT_EQ(opened.messageId, 9);
  EXPECT_EQ(opened.scoped.pdu, response_);
}

TEST_F(UsmTest, LearnsTheClockAndSealsWithIt) {
  ASSERT_EQ(open(agent_.say(response_, 9, kUsmAuthPriv), 100), Verdict::Accepted);
  const auto datagram = usm_.seal(Pdu(), "", 10, 107);
  const Asked asked = readRequest(datagram);
  EXPECT_EQ(asked.boots, 3);
  EXPECT_EQ(asked.time, 1007);
  EXPECT_EQ(asked.user, "alice");
  EXPECT_EQ(asked.engineId, agent_.engineId);
  EXPECT_EQ(asked.envelope.flags, V3Envelope::kAuth | V3Envelope::kPriv | V3Envelope::kReportable);
}

TEST_F(UsmTest, RefusesEveryTruncation) {
  const Bytes datagram = agent_.say(response_, 9, kUsmAuthPriv);
  for (size_t length = 0; length < datagram.size(); ++length) {
    EXPECT_EQ(open(Bytes(datagram.begin(), datagram.begin() + static_cast<ptrdiff_t>(length))),
              Verdict::Malformed);
  }
}

TEST_F(UsmTest, AcceptsNothingThatWasChanged) {
  const Bytes datagram = agent_.say(response_, 9, kUsmAuthPriv);
  for (size_t at = 0; at < datagram.size(); ++at) {
    for (const unsigned flip : {0x01U, 0x80U}) {
      Bytes changed = datagram;
      changed[at] = static_cast<uint8_t>(changed[at] ^ flip);
      EXPECT_NE(open(changed), Verdict::Accepted) << at;
    }
  }
}

TEST_F(UsmTest, RefusesReplaysOfThePast) {
  const Bytes old = agent_.say(response_, 9, kUsmAuthPriv);
  EXPECT_EQ(open(old, 0), Verdict::Accepted);
  EXPECT_EQ(open(old, 150), Verdict::Accepted);
  EXPECT_EQ(open(old, 151), Verdict::NotInTimeWindow);
  agent_.boots = 4;
  agent_.time = 1;
  EXPECT_EQ(open(agent_.say(response_, 9, kUsmAuthPriv), 200), Verdict::Accepted);
  EXPECT_EQ(open(old, 200), Verdict::NotInTimeWindow);
}

TEST_F(UsmTest, AnEngineThatRanOutOfBootsIsNeverTrusted) {
  agent_.boots = 2147483647;
  EXPECT_EQ(open(agent_.say(response_, 9, kUsmAuthPriv)), Verdict::NotInTimeWindow);
}

TEST_F(UsmTest, WantsItsOwnLevelOfProtection) {
  EXPECT_EQ(open(agent_.say(response_, 9, V3Envelope::kAuth)), Verdict::WrongLevel);
  EXPECT_NE(open(agent_.say(response_, 9, 0)), Verdict::Accepted);
  EXPECT_EQ(open(agent_.say(response_, 9, V3Envelope::kPriv)), Verdict::Malformed);
}

TEST_F(UsmTest, TakesReportsWithLessProtectionButSaysSo) {
  EXPECT_EQ(open(agent_.report(2, 9, V3Envelope::kAuth)), Verdict::Accepted);
  EXPECT_EQ(open(agent_.report(4, 9, 0)), Verdict::ReportUnproven);
}

TEST_F(UsmTest, RefusesOtherUsersEnginesAndKeys) {
  FakeAgent other = agent_;
  other.user = "mallory";
  EXPECT_EQ(open(other.say(response_, 9, kUsmAuthPriv)), Verdict::WrongUser);
  other = agent_;
  other.engineId = "another engine";
  EXPECT_EQ(open(other.say(response_, 9, kUsmAuthPriv)), Verdict::WrongEngine);
  other = agent_;
  other.authPassword = "guessed it";
  EXPECT_EQ(open(other.say(response_, 9, kUsmAuthPriv)), Verdict::WrongDigest);
  other = agent_;
  other.privPassword = "guessed it";
  EXPECT_EQ(open(other.say(response_, 9, kUsmAuthPriv)), Verdict::NotDecrypted);
}

TEST_F(UsmTest, EngineIdsAreBounded) {
  EXPECT_FALSE(usm_.adoptEngine("four"));
  EXPECT_FALSE(usm_.adoptEngine(std::string(33, 'x')));
  EXPECT_TRUE(usm_.adoptEngine(std::string(32, 'x')));
}

TEST_F(UsmTest, SaltsNeverRepeat) {
  EXPECT_NE(usm_.seal(Pdu(), "", 1, 0), usm_.seal(Pdu(), "", 1, 0));
}

TEST(UsmSetup, PrivacyNeedsAuthentication) {
  UsmUser user;
  user.name = "a";
  EXPECT_TRUE(Usm(user).isReady());
  user.priv = PrivProtocol::Aes128;
  user.privPassword = "x";
  EXPECT_FALSE(Usm(user).isReady());
}

}  // namespace
}  // namespace busbar::snmp
