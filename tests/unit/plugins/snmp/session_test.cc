// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/snmp/session.h"

#include <gtest/gtest.h>

#include "tests/unit/plugins/snmp/fake_agent.h"

namespace busbar::snmp {
namespace {

using Kind = Session::Step::Kind;
constexpr uint8_t kAuthPriv = V3Envelope::kAuth | V3Envelope::kPriv;

Pdu get(const char* oid) {
  Pdu pdu;
  pdu.bindings.push_back({*Oid::fromText(oid), {}});
  return pdu;
}

TEST(SessionV2c, MatchesTheRequestIdAndCommunity) {
  Session session({.version = Version::V2c, .community = "c", .user = {}, .contextName = ""});
  const auto step = session.begin(get("1.3.6"), 0);
  ASSERT_EQ(step.kind, Kind::Send);
  auto message = *decodeCommunity(step.datagram);
  EXPECT_EQ(session.receive(step.datagram, 0).kind, Kind::Ignored);  // an echo is no answer
  message.pdu.type = PduType::Response;
  message.pdu.requestId += 1;
  EXPECT_EQ(session.receive(encode(message), 0).kind, Kind::Ignored);
  message.pdu.requestId -= 1;
  message.community = "d";
  EXPECT_EQ(session.receive(encode(message), 0).kind, Kind::Ignored);
  message.community = "c";
  message.version = Version::V1;
  EXPECT_EQ(session.receive(encode(message), 0).kind, Kind::Ignored);
  message.version = Version::V2c;
  EXPECT_EQ(session.receive(encode(message), 0).kind, Kind::Answered);
  EXPECT_EQ(session.receive(encode(message), 0).kind, Kind::Ignored);  // answered once
}

class SessionV3 : public testing::Test {
 protected:
  SessionV3()
      : session_({.version = Version::V3,
                  .community = "",
                  .user = {.name = agent_.user,
                           .auth = agent_.auth,
                           .authPassword = agent_.authPassword,
                           .priv = agent_.priv,
                           .privPassword = agent_.privPassword},
                  .contextName = ""}) {}

  // Goes through discovery and clock; gives the datagram that carries the question.
  Asked synchronise() {
    auto step = session_.begin(get("1.3.6"), 0);
    EXPECT_EQ(readRequest(step.datagram).engineId, "");
    step = session_.receive(agent_.report(4, readRequest(step.datagram).envelope.messageId, 0), 0);
    EXPECT_EQ(step.kind, Kind::Send);
    EXPECT_EQ(readRequest(step.datagram).boots, 0);
    step = session_.receive(
        agent_.report(2, readRequest(step.datagram).envelope.messageId, V3Envelope::kAuth), 0);
    EXPECT_EQ(step.kind, Kind::Send);
    last_ = step.datagram;
    return readRequest(last_);
  }

  Pdu answer() {
    Pdu pdu = get("1.3.6");
    pdu.type = PduType::Response;
    pdu.requestId = requestId();
    return pdu;
  }

  // The request id lies in the encrypted part: read it with the agent's key.
  int32_t requestId() {
    const auto bytes = [](const std::string& text) {
      return std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size());
    };
    const SecretBytes local =
        localizeKey(agent_.auth, keyFromPassword(agent_.auth, agent_.privPassword).span(),
                    bytes(agent_.engineId));
    const Asked asked = readRequest(last_);
    const auto parameters = asked.envelope.securityParameters;
    const auto data = asked.envelope.data;
    const size_t header = data[1] < 0x80 ? 2 : 2 + (data[1] & 0x7FU);
    const auto plain = decrypt(agent_.priv, privKey(agent_.auth, agent_.priv, local.span()).span(),
                               {.engineBoots = static_cast<int32_t>(asked.boots),
                                .engineTime = static_cast<int32_t>(asked.time),
                                .salt = parameters.last(8)},
                               data.subspan(header));
    return decodeScoped(*plain)->pdu.requestId;
  }

  FakeAgent agent_;
  Session session_;
  std::vector<uint8_t> last_;
};

TEST_F(SessionV3, FindsEngineAndClockThenAnswers) {
  const Asked asked = synchronise();
  EXPECT_EQ(asked.boots, agent_.boots);
  EXPECT_EQ(asked.time, agent_.time);
  const auto step = session_.receive(agent_.say(answer(), asked.envelope.messageId, kAuthPriv), 0);
  EXPECT_EQ(step.kind, Kind::Answered);
  const auto next = session_.begin(get("1.3.6"), 5);
  EXPECT_EQ(readRequest(next.datagram).time, agent_.time + 5);
}

TEST_F(SessionV3, IgnoresOtherMessageAndRequestIds) {
  const Asked asked = synchronise();
  Pdu pdu = answer();
  EXPECT_EQ(session_.receive(agent_.say(pdu, asked.envelope.messageId - 1, kAuthPriv), 0).kind,
            Kind::Ignored);
  pdu.requestId += 1;
  EXPECT_EQ(session_.receive(agent_.say(pdu, asked.envelope.messageId, kAuthPriv), 0).kind,
            Kind::Ignored);
  EXPECT_TRUE(session_.isBusy());
}

TEST_F(SessionV3, DoesNotTakeTheClockFromAnUnprovenReport) {
  auto step = session_.begin(get("1.3.6"), 0);
  step = session_.receive(agent_.report(4, readRequest(step.datagram).envelope.messageId, 0), 0);
  step = session_.receive(agent_.report(2, readRequest(step.datagram).envelope.messageId, 0), 0);
  EXPECT_EQ(step.kind, Kind::Failed);
}

TEST_F(SessionV3, ReportsBecomeSentences) {
  const std::array<std::pair<uint32_t, const char*>, 5> cases = {
      {{1, "usmStatsUnsupportedSecLevels"},
       {3, "usmStatsUnknownUserNames"},
       {5, "usmStatsWrongDigests"},
       {6, "usmStatsDecryptionErrors"},
       {9, "1.3.6.1.6.3.15.1.1.9"}}};
  for (const auto& [arc, name] : cases) {
    auto step = session_.begin(get("1.3.6"), 0);
    step =
        session_.receive(agent_.report(arc, readRequest(step.datagram).envelope.messageId, 0), 0);
    EXPECT_EQ(step.kind, Kind::Failed);
    EXPECT_NE(step.error.find(name), std::string::npos) << step.error;
  }
}

TEST_F(SessionV3, AnAgentThatNeverAgreesEndsTheQuestion) {
  auto step = session_.begin(get("1.3.6"), 0);
  int rounds = 0;
  while (step.kind == Kind::Send && rounds < 20) {
    step = session_.receive(agent_.report(4, readRequest(step.datagram).envelope.messageId, 0), 0);
    ++rounds;
  }
  EXPECT_EQ(step.kind, Kind::Failed);
  EXPECT_LE(rounds, 6);
}

Pdu rows(std::initializer_list<const char*> oids) {
  Pdu pdu;
  pdu.type = PduType::Response;
  for (const char* oid : oids) {
    Variable value;
    value.type = ValueType::Integer;
    pdu.bindings.push_back({*Oid::fromText(oid), value});
  }
  return pdu;
}

TEST(WalkTest, CollectsUntilTheSubtreeEnds) {
  Walk walk(*Oid::fromText("1.3.6"), Version::V2c, 10);
  EXPECT_EQ(walk.request().type, PduType::GetBulk);
  EXPECT_EQ(walk.request().errorIndex, 10);
  EXPECT_EQ(walk.take(rows({"1.3.6.1", "1.3.6.2"})), "");
  EXPECT_FALSE(walk.isDone());
  EXPECT_EQ(walk.request().bindings[0].oid.toText(), "1.3.6.2");
  EXPECT_EQ(walk.take(rows({"1.3.6.3", "1.3.7"})), "");
  EXPECT_TRUE(walk.isDone());
  EXPECT_EQ(walk.rows().size(), 3U);
}

TEST(WalkTest, EndsAtTheEndOfTheView) {
  Walk walk(*Oid::fromText("1.3.6"), Version::V2c, 10);
  Pdu pdu = rows({"1.3.6.1"});
  pdu.bindings[0].value.type = ValueType::EndOfMibView;
  EXPECT_EQ(walk.take(pdu), "");
  EXPECT_TRUE(walk.isDone());
  EXPECT_TRUE(walk.rows().empty());
}

TEST(WalkTest, RefusesAnAgentThatGoesInCircles) {
  Walk walk(*Oid::fromText("1.3.6"), Version::V2c, 10);
  EXPECT_EQ(walk.take(rows({"1.3.6.2"})), "");
  EXPECT_NE(walk.take(rows({"1.3.6.2"})), "");
  EXPECT_TRUE(walk.isDone());
}

TEST(WalkTest, V1EndsWithNoSuchName) {
  Walk walk(*Oid::fromText("1.3.6"), Version::V1, 10);
  EXPECT_EQ(walk.request().type, PduType::GetNext);
  Pdu end;
  end.errorStatus = 2;
  EXPECT_EQ(walk.take(end), "");
  EXPECT_TRUE(walk.isDone());
  Walk other(*Oid::fromText("1.3.6"), Version::V2c, 10);
  end.errorStatus = 5;
  EXPECT_NE(other.take(end).find("genErr"), std::string::npos);
}

}  // namespace
}  // namespace busbar::snmp
