// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <sys/socket.h>

#include <fstream>

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "tests/integration/api/api_front_fixture.h"
#include "tests/support/test_authority.h"
#include "tests/support/websocket_frames.h"

namespace busbar {
namespace {

using test::clientFrame;
using test::clientText;

constexpr std::string_view kPath = "/api/engine/v2/systems/control";

// The control websocket as clients meet it: over TCP and TLS, with everything but the host.
class ControlSocket : public ApiFront {
 protected:
  ControlSocket() {
    key_ = makeKey("admin");
    driver_ = sample::driver(1);
    mod_ = sample::mod(1, 1);
    system_ = sample::system(1);
    system_.modules = {mod_.id};
    write({{ConfigWrite::Kind::Insert, driver_},
           {ConfigWrite::Kind::Insert, mod_},
           {ConfigWrite::Kind::Insert, system_}});
    name_ = site_.resolvedName(mod_);
  }

  void write(std::vector<ConfigWrite> writes) {
    auto done = await<std::vector<ConfigChange>>(*loop_, [&](auto finished) {
      store_->apply(std::move(writes), {}, clock_.now() + Milliseconds(10'000),
                    std::move(finished));
    });
    ASSERT_TRUE(done.ok()) << done.error().message;
  }
  std::string command(int id, std::string_view verb, std::string_view name,
                      std::string_view args = {}) const {
    return "{\"id\":" + std::to_string(id) + ",\"cmd\":\"" + std::string(verb) + "\",\"sys\":\"" +
           system_.id + "\",\"mod\":\"" + name_ + "\",\"index\":1,\"name\":\"" + std::string(name) +
           "\"" + (args.empty() ? "" : ",\"args\":" + std::string(args)) + "}";
  }
  std::string upgrade(const std::string& key, const std::string& more = {}) const {
    return test::upgradeRequest(kPath, "X-API-Key: " + key + "\r\n" + more);
  }
  // Opens a websocket and takes the answer's head away.
  void open(RawHttpClient& client) {
    ASSERT_TRUE(client.send(upgrade(key_)));
    ASSERT_TRUE(client.readUntilContains("\r\n\r\n"));
    ASSERT_TRUE(client.received().starts_with("HTTP/1.1 101 ")) << client.received();
    client.received().clear();
  }
  void bind(RawHttpClient& client, int id, std::string_view name) {
    client.send(clientText(command(id, "bind", name)));
    ASSERT_TRUE(client.readUntilContains("\"type\":\"success\""));
  }
  static bool wasReset(const RawHttpClient& client) {
    int error = 0;
    socklen_t length = sizeof error;
    ::getsockopt(client.fd(), SOL_SOCKET, SO_ERROR, &error, &length);
    return error == ECONNRESET;
  }

  std::string key_;
  model::Driver driver_;
  model::Module mod_;
  model::System system_;
  std::string name_;
};

TEST_F(ControlSocket, BindsAndTells) {
  host_.states[mod_.id]["power"] = "true";
  RawHttpClient client(*loop_, front_->port());
  open(client);
  client.send(clientText("ping"));
  ASSERT_TRUE(client.readUntilContains("pong"));
  bind(client, 1, "power");
  ASSERT_TRUE(client.readUntilContains("\"type\":\"notify\",\"value\":true"));
  host_.publishState(mod_.id, "power", "false");
  ASSERT_TRUE(client.readUntilContains("\"value\":false"));
  const auto frames = test::takeFrames(client.received());
  ASSERT_EQ(frames.size(), 4U);
  EXPECT_NE(frames[1].payload.find("success"), std::string::npos) << "success comes first";
}

TEST_F(ControlSocket, AnswersManyCallsInFlight) {
  RawHttpClient client(*loop_, front_->port());
  open(client);
  constexpr int kCalls = 200;
  std::string all;
  for (int i = 0; i < kCalls; ++i) {
    all += clientText(command(i, "exec", "echo", "[" + std::to_string(i) + "]"));
  }
  client.send(all);
  ASSERT_TRUE(client.turnUntil([this] { return host_.calls.size() == kCalls; }));
  while (!host_.calls.empty()) {  // the last first: answers come in any order
    FakeHostClient::Call call = std::move(host_.calls.back());
    host_.calls.pop_back();
    call.done(ExecuteReply{call.request.args, 200});
  }
  size_t answered = 0;
  client.readUntil([&](std::string const&) {
    for (const auto& frame : test::takeFrames(client.received())) {
      const auto reply = json::parse(frame.payload);
      const int64_t id = *reply->find("id")->asInt();
      EXPECT_EQ(*reply->find("value")->asArray()->at(0).asInt(), id);
      ++answered;
    }
    return answered == kCalls;
  });
  EXPECT_EQ(answered, static_cast<size_t>(kCalls));
}

TEST_F(ControlSocket, TakesACommandInFragmentsAByteAtATime) {
  RawHttpClient client(*loop_, front_->port());
  open(client);
  const std::string text = command(1, "bind", "power");
  test::FrameShape part;
  part.isFinal = false;
  const std::string bytes = clientFrame(1, text.substr(0, 10), part) + clientFrame(9, "between") +
                            clientFrame(0, text.substr(10, 20), part) +
                            clientFrame(0, text.substr(30));
  for (const char byte : bytes) {
    ASSERT_TRUE(client.send(std::string_view(&byte, 1)));
  }
  ASSERT_TRUE(client.readUntilContains("success"));
  const auto frames = test::takeFrames(client.received());
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[0].opcode, 10U);
  EXPECT_EQ(frames[0].payload, "between");
}

TEST_F(ControlSocket, CutsAReaderThatNeverReadsAndServesTheOthers) {
  RawHttpClient slow(*loop_, front_->port(), 4096);
  RawHttpClient quick(*loop_, front_->port());
  open(slow);
  open(quick);
  bind(slow, 1, "press");
  bind(quick, 1, "press");
  test::takeFrames(quick.received());
  const std::string big = "\"" + std::string(100'000, 'x') + "\"";
  size_t published = 0;
  size_t arrived = 0;
  for (; published < 500 && api_->control().counts().cut == 0; ++published) {
    host_.publishState(mod_.id, "press", big, false);
    ASSERT_TRUE(quick.readUntil([&](const std::string&) {
      arrived += test::takeFrames(quick.received()).size();
      return arrived == published + 1;
    }));
  }
  EXPECT_EQ(api_->control().counts().cut, 1U);
  EXPECT_EQ(api_->control().counts().sockets, 1U);
  EXPECT_TRUE(wasReset(slow));
  EXPECT_EQ(arrived, published);
}

TEST_F(ControlSocket, EndsAFloodOfPings) {
  RawHttpClient client(*loop_, front_->port());
  open(client);
  std::string flood;
  for (int i = 0; i < 20'000; ++i) {
    flood += clientFrame(9, "x");
  }
  client.send(flood);
  EXPECT_TRUE(client.readToEnd());
  const auto frames = test::takeFrames(client.received());
  ASSERT_FALSE(frames.empty());
  EXPECT_EQ(frames.back().closeCode(), 1008U);
  EXPECT_EQ(api_->control().counts().violations, 1U);
}

TEST_F(ControlSocket, RefusesAClaimOf64Bits) {
  RawHttpClient client(*loop_, front_->port());
  open(client);
  test::FrameShape shape;
  shape.length = uint64_t{1} << 62;
  client.send(clientFrame(1, "", shape));
  EXPECT_TRUE(client.readToEnd());
  const auto frames = test::takeFrames(client.received());
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].closeCode(), 1009U);
}

TEST_F(ControlSocket, EndsWhenItsKeyIsRemoved) {
  const std::string other = makeKey("user");
  RawHttpClient client(*loop_, front_->port());
  client.send(upgrade(other));
  ASSERT_TRUE(client.readUntilContains("\r\n\r\n"));
  client.received().clear();
  const std::string id = auth::parseApiKey(other)->keyId;
  RawHttpClient admin(*loop_, front_->port());
  admin.send(request("DELETE /api/engine/v2/api_keys/" + id, "", key_));
  EXPECT_TRUE(admin.readResponse().starts_with("HTTP/1.1 20"));
  EXPECT_TRUE(client.readUntil([](const std::string& all) { return all.size() >= 4; }));
  client.send(test::clientClose(4401));
  EXPECT_TRUE(client.readToEnd());
  const auto frames = test::takeFrames(client.received());
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].closeCode(), 4401U);
}

TEST_F(ControlSocket, SaysGoodbyeAndIsThereAgainAfterARestart) {
  host_.states[mod_.id]["power"] = "1";
  const uint16_t port = front_->port();
  RawHttpClient client(*loop_, port);
  open(client);
  bind(client, 1, "power");
  client.readUntilContains("notify");
  test::takeFrames(client.received());
  bool isDrained = false;
  front_->drain(loop_->clock().now() + Milliseconds(5000), [&isDrained] { isDrained = true; });
  ASSERT_TRUE(client.readUntil([](const std::string& all) { return all.size() >= 4; }));
  EXPECT_EQ(test::takeFrames(client.received()).at(0).closeCode(), 1001U);
  client.send(test::clientClose(1001));
  EXPECT_TRUE(client.readToEnd());
  client.close();
  ASSERT_TRUE(runUntil(*loop_, [&] { return isDrained; }));
  EXPECT_EQ(api_->control().counts().sockets, 0U);
  http::FrontOptions options;
  options.port = port;
  front_.reset();
  front_ = std::move(http::Front::create(*loop_, router_, options)).value();
  host_.states[mod_.id]["power"] = "2";
  RawHttpClient again(*loop_, port);
  open(again);
  bind(again, 1, "power");
  EXPECT_TRUE(again.readUntilContains("\"type\":\"notify\",\"value\":2"));
}

TEST_F(ControlSocket, WorksOverTls) {
  const test::TestAuthority authority("Test");
  const test::TestIdentity identity = authority.issue("IP:127.0.0.1");
  http::FrontOptions options;
  options.tlsCertificateFile = folder_.path() + "/cert.pem";
  options.tlsKeyFile = folder_.path() + "/key.pem";
  std::ofstream(options.tlsCertificateFile) << identity.certificate;
  std::ofstream(options.tlsKeyFile) << identity.key;
  auto front = http::Front::create(*loop_, router_, options);
  ASSERT_TRUE(front.ok()) << front.error().message;
  RawHttpClient socket(*loop_, (*front)->port());
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()),
                                                                  SSL_CTX_free);
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
  SSL_set_fd(ssl.get(), socket.fd());
  ASSERT_TRUE(runUntil(*loop_, [&] { return SSL_connect(ssl.get()) == 1; }));
  const auto send = [&](const std::string& bytes) {
    return runUntil(*loop_, [&] {
      return SSL_write(ssl.get(), bytes.data(), static_cast<int>(bytes.size())) > 0;
    });
  };
  std::string received;
  const auto readUntil = [&](std::string_view text) {
    return runUntil(*loop_, [&] {
      std::array<char, 16384> buffer;
      const int n = SSL_read(ssl.get(), buffer.data(), static_cast<int>(buffer.size()));
      received.append(buffer.data(), n > 0 ? static_cast<size_t>(n) : 0);
      return received.find(text) != std::string::npos;
    });
  };
  ASSERT_TRUE(send(upgrade(key_, "Origin: https://a\r\n")));
  ASSERT_TRUE(readUntil("\r\n\r\n"));
  ASSERT_TRUE(received.starts_with("HTTP/1.1 101 ")) << received;
  ASSERT_TRUE(send(clientText(command(1, "bind", "power"))));
  ASSERT_TRUE(readUntil("success"));
  host_.publishState(mod_.id, "power", "\"" + std::string(300'000, 'x') + "end\"");
  EXPECT_TRUE(readUntil("end\""));
  host_.echoes = true;
  ASSERT_TRUE(send(clientText(command(2, "exec", "echo", "[42]"))));
  EXPECT_TRUE(readUntil("\"value\":[42]"));
}

}  // namespace
}  // namespace busbar
