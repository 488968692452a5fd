// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// The SNMP codec and session against Debian's snmpd, over a plain UDP socket.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <filesystem>
#include <memory>

#include <gtest/gtest.h>

#include "plugins/snmp/session.h"
#include "tests/integration/plugins/child_process.h"

namespace busbar::snmp {
namespace {

using Kind = Session::Step::Kind;
constexpr int kAnswerTimeoutMs = 1000;
constexpr int kTries = 5;

int64_t nowS() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return now.tv_sec;
}

class Snmpd : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::string path = (std::filesystem::temp_directory_path() / "busbar-snmpd-XXXXXX").string();
    ASSERT_NE(mkdtemp(path.data()), nullptr);
    folder_ = path;
    const char* const source = getenv("BUSBAR_SOURCE");
    ASSERT_NE(source, nullptr);
    agent_ = std::make_unique<test::ChildProcess>(
        std::vector<std::string>{std::string(source) + "/tools/sim/snmpd.sh", "--state",
                                 folder_ + "/state", "--for", "120"});
    port_ = agent_->readReadyPort();
    ASSERT_NE(port_, 0) << "snmpd did not start";
  }
  static void TearDownTestSuite() {
    agent_.reset();
    std::filesystem::remove_all(folder_);
  }

  void SetUp() override {
    socket_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port_));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }
  void TearDown() override { close(socket_); }

  // Puts a question, sends again what is lost, and gives the last step: Answered, Failed, or
  // Ignored when no answer comes at all.
  Session::Step ask(Session& session, Pdu pdu) const {
    auto step = session.begin(std::move(pdu), nowS());
    std::vector<uint8_t> datagram = step.datagram;
    int tries = 0;
    while (step.kind == Kind::Send || step.kind == Kind::Ignored) {
      if (step.kind == Kind::Send) {
        datagram = step.datagram;
        send(socket_, datagram.data(), datagram.size(), 0);
      }
      pollfd readable = {.fd = socket_, .events = POLLIN, .revents = 0};
      if (poll(&readable, 1, kAnswerTimeoutMs) == 1) {
        std::vector<uint8_t> bytes(65536);
        const ssize_t count = recv(socket_, bytes.data(), bytes.size(), 0);
        step = session.receive(
            std::span(bytes).first(static_cast<size_t>(std::max<ssize_t>(count, 0))), nowS());
      } else if (++tries < kTries) {
        send(socket_, datagram.data(), datagram.size(), 0);
      } else {
        break;
      }
    }
    return step;
  }

  Session::Step get(Session& session, const char* oid, PduType type = PduType::Get) const {
    Pdu pdu;
    pdu.type = type;
    pdu.bindings.push_back({*Oid::fromText(oid), {}});
    return ask(session, std::move(pdu));
  }

  // Writes sysLocation, reads it back.
  void expectSetAndGet(Session& session, const std::string& text) const {
    Pdu pdu;
    pdu.type = PduType::Set;
    Variable value;
    value.type = ValueType::OctetString;
    value.bytes = text;
    pdu.bindings.push_back({*Oid::fromText("1.3.6.1.2.1.1.6.0"), value});
    auto step = ask(session, std::move(pdu));
    ASSERT_EQ(step.kind, Kind::Answered) << step.error;
    EXPECT_EQ(errorStatusText(step.pdu.errorStatus), "noError");
    step = get(session, "1.3.6.1.2.1.1.6.0");
    ASSERT_EQ(step.kind, Kind::Answered) << step.error;
    EXPECT_EQ(step.pdu.bindings.at(0).value.bytes, text);
  }

  std::vector<Binding> walk(Session& session, const char* root, Version version,
                            std::string& error) const {
    Walk walk(*Oid::fromText(root), version, 20);
    while (!walk.isDone() && error.empty()) {
      const auto step = ask(session, walk.request());
      error = step.kind == Kind::Answered ? walk.take(step.pdu) : "no answer: " + step.error;
    }
    return walk.takeRows();
  }

  static Credentials v3(const char* user, AuthProtocol auth, PrivProtocol priv) {
    return {.version = Version::V3,
            .community = "",
            .user = {.name = user,
                     .auth = auth,
                     .authPassword = "authpassword",
                     .priv = priv,
                     .privPassword = "privpassword"},
            .contextName = ""};
  }
  static Credentials community(Version version) {
    return {.version = version, .community = "public", .user = {}, .contextName = ""};
  }

  int socket_ = -1;
  static inline std::unique_ptr<test::ChildProcess> agent_;
  static inline std::string folder_;
  static inline int port_ = 0;
};

TEST_F(Snmpd, AnswersV1AndV2c) {
  for (const Version version : {Version::V1, Version::V2c}) {
    Session session(community(version));
    const auto step = get(session, "1.3.6.1.2.1.1.5.0");
    ASSERT_EQ(step.kind, Kind::Answered);
    EXPECT_EQ(step.pdu.bindings.at(0).value.bytes, "simulated");
    expectSetAndGet(session, version == Version::V1 ? "set by v1" : "set by v2c");
  }
}

TEST_F(Snmpd, TellsV2cOfMissingObjects) {
  Session session(community(Version::V2c));
  const auto step = get(session, "1.3.6.1.2.1.1.99.0");
  ASSERT_EQ(step.kind, Kind::Answered);
  EXPECT_TRUE(step.pdu.bindings.at(0).value.isException());
}

TEST_F(Snmpd, GetNextGivesTheFollowingObject) {
  Session session(community(Version::V2c));
  const auto step = get(session, "1.3.6.1.2.1.1.4.0", PduType::GetNext);
  ASSERT_EQ(step.kind, Kind::Answered);
  EXPECT_EQ(step.pdu.bindings.at(0).oid.toText(), "1.3.6.1.2.1.1.5.0");
}

TEST_F(Snmpd, WalksAlikeWithEveryVersion) {
  std::string error;
  Session v2c(community(Version::V2c));
  const auto rows = walk(v2c, "1.3.6.1.2.1.1.9", Version::V2c, error);
  EXPECT_EQ(error, "");
  EXPECT_GT(rows.size(), 10U);
  Session v1(community(Version::V1));
  EXPECT_EQ(walk(v1, "1.3.6.1.2.1.1.9", Version::V1, error), rows);
  Session sealed(v3("busbar", AuthProtocol::Sha1, PrivProtocol::Aes128));
  EXPECT_EQ(walk(sealed, "1.3.6.1.2.1.1.9", Version::V3, error), rows);
  EXPECT_EQ(error, "");
}

TEST_F(Snmpd, WalksTheWholeTreeWithoutALie) {
  std::string error;
  Session session(community(Version::V2c));
  const auto rows = walk(session, "1.3.6.1.2.1", Version::V2c, error);
  EXPECT_EQ(error, "");
  EXPECT_GT(rows.size(), 500U);
}

struct User {
  const char* name;
  AuthProtocol auth;
  PrivProtocol priv;
};
class SnmpdUsers : public Snmpd, public testing::WithParamInterface<User> {};
TEST_P(SnmpdUsers, ReadAndWriteAtTheirLevel) {
  Session session(v3(GetParam().name, GetParam().auth, GetParam().priv));
  expectSetAndGet(session, std::string("set by ") + GetParam().name);
}
INSTANTIATE_TEST_SUITE_P(
    V3, SnmpdUsers,
    testing::Values(User{"busbar", AuthProtocol::Sha1, PrivProtocol::Aes128},
                    User{"busbar256", AuthProtocol::Sha256, PrivProtocol::Aes256},
                    User{"busbarauth", AuthProtocol::Sha512, PrivProtocol::None}));

TEST_F(Snmpd, RefusalsOfV3AreSentences) {
  const auto error = [&](Credentials credentials) {
    Session session(std::move(credentials));
    return get(session, "1.3.6.1.2.1.1.5.0").error;
  };
  EXPECT_NE(error(v3("nobody", AuthProtocol::Sha1, PrivProtocol::Aes128)).find("UnknownUserNames"),
            std::string::npos);
  Credentials wrongAuth = v3("busbar", AuthProtocol::Sha1, PrivProtocol::Aes128);
  wrongAuth.user.authPassword = "not the password";
  EXPECT_NE(error(wrongAuth).find("usmStatsWrongDigests"), std::string::npos);
  EXPECT_NE(error(v3("busbarauth", AuthProtocol::Sha512, PrivProtocol::Aes128))
                .find("usmStatsUnsupportedSecLevels"),
            std::string::npos);
}

TEST_F(Snmpd, AWrongCommunityGetsNoAnswer) {
  Credentials wrong = community(Version::V2c);
  wrong.community = "wrong";
  Session session(wrong);
  const auto first = session.begin(Pdu(), 0);
  send(socket_, first.datagram.data(), first.datagram.size(), 0);
  pollfd readable = {.fd = socket_, .events = POLLIN, .revents = 0};
  EXPECT_EQ(poll(&readable, 1, 300), 0);
}

}  // namespace
}  // namespace busbar::snmp
