// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
// TLS links of a real driver to a real TLS server (tls_device.py) with certificates by openssl.
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include <busbar/driver.h>

#include "tests/integration/host/client/link_fixture.h"
#include "tests/support/program.h"
#include "tests/support/temp_dir.h"

namespace busbar {
namespace {

std::string source(const std::string& name) {
  return std::string(std::getenv("BUSBAR_SOURCE")) + "/tests/integration/host/client/" + name;
}

// Certificates are made once for all cases.
const std::string& certificates() {
  static const test::TempDir folder;
  static const std::string path = [] {
    const auto made =
        test::Program::run({"/bin/sh", source("make_certificates.sh"), folder.path()});
    EXPECT_EQ(made.exitCode, 0) << made.err;
    return folder.path();
  }();
  return path;
}

std::string pem(const std::string& name) {
  std::ifstream file(certificates() + "/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string quoted(const std::string& text) {
  std::string out;
  json::appendString(out, text);
  return out;
}

class TlsLinkTest : public LinkKindTest {
 protected:
  // Starts the device with that certificate.
  void device(const std::string& name, std::vector<std::string> options = {}) {
    std::vector<std::string> argv{"/usr/bin/env", "python3", source("tls_device.py"),
                                  certificates() + "/" + name + ".pem",
                                  certificates() + "/" + name + ".key"};
    argv.insert(argv.end(), options.begin(), options.end());
    device_ = std::make_unique<test::Program>(argv);
    const auto line = device_->readLine();
    ASSERT_TRUE(line);
    port_ = std::stoi(*line);
  }
  void tlsModule(const std::string& tls, const std::string& driver = "probe_line") {
    module(driver, R"({"tls":)" + tls + "}", "127.0.0.1", port_, true);
  }
  std::string withCa(const std::string& more = "") {
    return R"({"ca":)" + quoted(pem("ca.pem")) + more + "}";
  }
  void expectRefused(const std::string& code, const std::string& sentence) {
    EXPECT_TRUE(until([&] { return health().code == code; }))
        << health().code << ": " << health().sentence;
    EXPECT_FALSE(health().connected);
    EXPECT_NE(health().sentence.find(sentence), std::string::npos) << health().sentence;
  }

  // Of a device that leaves the choice to us.
  void expectCipher(const std::vector<std::string>& options, const std::string& name) {
    device("device", options);
    tlsModule(withCa());
    ASSERT_TRUE(untilConnected());
    EXPECT_EQ(call("send", R"({"t":"cipher\n"})"), BUSBAR_OK);
    EXPECT_TRUE(logged("received " + name + " task 0"));
  }

  std::unique_ptr<test::Program> device_;
  int port_ = 0;
};

TEST_F(TlsLinkTest, SpeaksThroughAVerifiedConnection) {
  device("device");
  tlsModule(withCa());
  ASSERT_TRUE(untilConnected());
  EXPECT_TRUE(logged("connected 127.0.0.1:" + std::to_string(port_) + " generation 1 kind 3"));
  EXPECT_EQ(call("send", R"({"t":"hello\n"})"), BUSBAR_OK);
  EXPECT_TRUE(logged("received secret hello task 0"));
  EXPECT_FALSE(health().tlsVerifyNone);
}

TEST_F(TlsLinkTest, PrefersTheCheaperOfTheStrongCiphers) {
  expectCipher({}, "TLS_AES_128_GCM_SHA256");
}

TEST_F(TlsLinkTest, PrefersTheCheaperOfTheStrongCiphersOfTls12Too) {
  expectCipher({"--tls12"}, "ECDHE-ECDSA-AES128-GCM-SHA256");
}

TEST_F(TlsLinkTest, TheDevicesGoodbyeIsToldAndTheConnectionComesBack) {
  device("device");
  tlsModule(withCa());
  ASSERT_TRUE(untilConnected());
  EXPECT_EQ(call("send", R"({"t":"bye\n"})"), BUSBAR_OK);
  EXPECT_TRUE(logged("disconnected connection_closed"));
  EXPECT_TRUE(untilConnected());
  EXPECT_TRUE(logged("generation 2 kind 3"));
}

TEST_F(TlsLinkTest, WhatCameBeforeRubbishIsDelivered) {
  device("device");
  tlsModule(withCa());
  ASSERT_TRUE(untilConnected());
  EXPECT_EQ(call("send", R"({"t":"rubbish\n"})"), BUSBAR_OK);
  EXPECT_TRUE(logged("received last words task 0"));
  EXPECT_TRUE(logged("disconnected tls_failed"));
}

TEST_F(TlsLinkTest, AnExpiredCertificateIsRefused) {
  device("expired");
  tlsModule(withCa());
  expectRefused("tls_certificate_expired", "renew it on the device");
}

TEST_F(TlsLinkTest, AnotherNameIsRefused) {
  device("other");
  tlsModule(withCa());
  expectRefused("tls_wrong_name", "does not bear the name 127.0.0.1");
}

TEST_F(TlsLinkTest, ANameThatTheAdminSaysIsTaken) {
  device("other");
  tlsModule(withCa(R"(,"server_name":"other.test")"));
  EXPECT_TRUE(untilConnected());
}

TEST_F(TlsLinkTest, AnUnknownAuthorityIsRefused) {
  device("device");
  tlsModule("{}");
  expectRefused("tls_unknown_authority", "busbar.tls.ca");
}

TEST_F(TlsLinkTest, APinnedCertificateNeedsNoAuthority) {
  device("self");
  std::string pin = pem("self.pin");
  pin.pop_back();
  tlsModule(R"({"verify":"pin","pin":"sha256//)" + pin + "\"}");
  EXPECT_TRUE(untilConnected());
}

TEST_F(TlsLinkTest, AnotherKeyThanThePinnedIsRefused) {
  device("device");
  std::string pin = pem("self.pin");
  pin.pop_back();
  tlsModule(R"({"verify":"pin","pin":"sha256//)" + pin + "\"}");
  expectRefused("tls_pin_mismatch", "pin that");
}

TEST_F(TlsLinkTest, VerifyNoneConnectsAndShows) {
  device("expired");
  tlsModule(R"({"verify":"none"})");
  ASSERT_TRUE(untilConnected());
  EXPECT_TRUE(health().tlsVerifyNone);
  EXPECT_TRUE(logged("tls_verify_none"));
}

TEST_F(TlsLinkTest, ShowsItsOwnCertificateWhenTheDeviceAsks) {
  device("device", {"--client-ca", certificates() + "/ca.pem"});
  tlsModule(withCa(R"(,"certificate":)" + quoted(pem("client.pem")) + R"(,"key":)" +
                   quoted(pem("client.key"))));
  ASSERT_TRUE(untilConnected());
  EXPECT_EQ(call("send", R"({"t":"peer\n"})"), BUSBAR_OK);
  EXPECT_TRUE(logged("received client task 0"));
}

TEST_F(TlsLinkTest, WithoutACertificateThatTheDeviceWantsItFails) {
  device("device", {"--client-ca", certificates() + "/ca.pem"});
  tlsModule(withCa());
  EXPECT_TRUE(until([&] { return health().code == "tls_failed"; })) << health().code;
  EXPECT_NE(health().sentence.find("client certificate"), std::string::npos) << health().sentence;
}

TEST_F(TlsLinkTest, PemThatCannotBeUsedIsASettingsProblem) {
  device("device");
  tlsModule(R"({"ca":"not PEM"})");
  EXPECT_TRUE(until([&] { return health().code == "settings_invalid"; }));
  EXPECT_NE(health().sentence.find("/busbar/tls/ca"), std::string::npos) << health().sentence;
}

TEST_F(TlsLinkTest, ADeviceThatSpeaksNoTlsFailsWithTheCause) {
  TcpDevice plain;
  module("probe_line", "{}", "127.0.0.1", plain.port(), true);
  ASSERT_TRUE(until([&] { return plain.accept(); }));
  plain.send("220 hello, I speak in clear\r\n");
  EXPECT_TRUE(until([&] { return health().code == "tls_failed"; })) << health().code;
}

TEST_F(TlsLinkTest, StartsTlsAfterWhatWasSentBefore) {
  device("device", {"--starttls"});
  tlsModule(withCa(), "probe_starttls");
  ASSERT_TRUE(untilConnected());
  EXPECT_TRUE(logged("generation 1"));
  EXPECT_EQ(call("send", R"({"t":"early\n"})"), BUSBAR_OK);
  EXPECT_TRUE(logged("received clear early task 0"));
  EXPECT_EQ(call("send", R"({"t":"STARTTLS\n"})"), BUSBAR_OK);
  EXPECT_TRUE(logged("received 220 go task 0"));
  EXPECT_EQ(call("link", R"({"a":8})"), BUSBAR_OK);
  EXPECT_TRUE(logged("disconnected none"));
  EXPECT_TRUE(logged("generation 2 kind 3"));
  EXPECT_EQ(call("send", R"({"t":"late\n"})"), BUSBAR_OK);
  EXPECT_TRUE(logged("received secret late task 0"));
}

TEST_F(TlsLinkTest, NothingGoesOutInClearAfterStartTlsAndASecondOneIsRefused) {
  TcpDevice plain;
  module("probe_starttls", "{}", "127.0.0.1", plain.port(), false);
  ASSERT_TRUE(until([&] { return plain.accept(); }));
  ASSERT_TRUE(untilConnected());
  EXPECT_EQ(call("send", R"({"t":"STARTTLS"})"), BUSBAR_OK);
  EXPECT_EQ(call("link", R"({"a":8})"), BUSBAR_OK);
  EXPECT_EQ(call("link", R"({"a":8})"), BUSBAR_E_STATE);
  EXPECT_EQ(call("send", R"({"t":"password"})"), BUSBAR_E_OFFLINE);
  // A TLS record of type handshake follows what was sent in clear.
  EXPECT_TRUE(until([&] { return plain.read().size() > 9; }));
  EXPECT_EQ(plain.read().substr(0, 9), std::string("STARTTLS\x16"));
  EXPECT_EQ(plain.read().find("password"), std::string::npos);
}

TEST_F(TlsLinkTest, ClearBytesBehindTheAnswerNeverPassForSecret) {
  device("device", {"--starttls"});
  tlsModule(withCa(), "probe_starttls");
  ASSERT_TRUE(untilConnected());
  EXPECT_EQ(call("send", R"({"t":"inject\n"})"), BUSBAR_OK);
  EXPECT_EQ(call("link", R"({"a":8})"), BUSBAR_OK);
  // They came in clear: told before the link went down, or the handshake fails by them.
  EXPECT_TRUE(logged("disconnected none"));
  bool isSecure = false;
  for (const LogLine& line : std::vector<LogLine>(*host_.host_->logs("mod-1"))) {
    isSecure = isSecure || line.message.find("kind 3") != std::string::npos;
    EXPECT_FALSE(isSecure && line.message.find("forged") != std::string::npos);
  }
}

TEST_F(TlsLinkTest, StartTlsOnALinkThatDoesNotHaveItIsTheDriversFault) {
  TcpDevice plain;
  module("probe_line", "{}", "127.0.0.1", plain.port(), false);
  ASSERT_TRUE(until([&] { return plain.accept(); }));
  ASSERT_TRUE(untilConnected());
  EXPECT_EQ(call("link", R"({"a":8})"), BUSBAR_E_INVALID);
  EXPECT_TRUE(logged("START_TLS on a link"));
  EXPECT_EQ(call("send", R"({"t":"still clear"})"), BUSBAR_OK);
  EXPECT_TRUE(until([&] { return plain.read() == "still clear"; }));
}

TEST_F(TlsLinkTest, MuchDataComesBackWhole) {
  device("device");
  tlsModule(withCa());
  ASSERT_TRUE(untilConnected());
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(call("send", R"({"t":")" + std::string(20'000, 'x') + std::to_string(i) + R"(\n"})"),
              BUSBAR_OK);
  }
  EXPECT_EQ(call("send", R"({"t":"last\n"})"), BUSBAR_OK);
  EXPECT_TRUE(logged("received secret last task 0"));
}

}  // namespace
}  // namespace busbar
