// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/control/control_hub.h"
#include "tests/support/fake_clock.h"
#include "tests/unit/api/control/control_fixture.h"

namespace busbar {
namespace {

class ControlRights : public ControlFixture {
 protected:
  void setRole(std::string_view key, model::UserRole role) {
    model::User user = userRow(key);
    user.role = role;
    change(user);
  }
  void setScopes(std::string_view key, std::vector<std::string> scopes) {
    model::ApiKey row = keyRow(key);
    row.scopes = std::move(scopes);
    change(row);
  }
};

TEST_F(ControlRights, NeedACredentialFromAnyOfItsPlaces) {
  EXPECT_EQ(open("").status(), 401);
  EXPECT_EQ(open("bb_bad").status(), 401);
  EXPECT_EQ(open("expired").status(), 401);
  EXPECT_EQ(open("user").status(), 101);
  const std::string path(kPath);
  const std::string key = keyText("user");
  EXPECT_EQ(open("", path + "?api-key=" + key).status(), 101);
  EXPECT_EQ(open("", path + "?bearer_token=" + key + "&fixed_device=true").status(), 101);
  EXPECT_EQ(open("", path, {{"Cookie", "api-key=" + key}}).status(), 101);
  EXPECT_EQ(open("", path, {{"Cookie", "a=b; bearer_token=" + key}}).status(), 101);
  EXPECT_EQ(open("", path, {{"Authorization", "Bearer " + key}}).status(), 101);
  EXPECT_EQ(call("GET", "/api/engine/v2/systems?api-key=" + key, {}, "").status, 401)
      << "only here";
}

TEST_F(ControlRights, RefusePagesOfOtherHosts) {
  EXPECT_EQ(open("user", kPath, {{"Origin", "https://busbar.test"}}).status(), 101);
  EXPECT_EQ(open("user", kPath, {{"Origin", "https://evil.test"}}).status(), 403);
}

TEST_F(ControlRights, KeepProtectedModulesAndLogsForSupport) {
  Socket& user = open("user");
  user.say(command(1, "bind", "a", 1, "_Hidden"));
  EXPECT_TRUE(isError(user.only(), 1, 2, 401));
  user.say(command(2, "exec", "a", 1, "_Hidden"));
  EXPECT_TRUE(isError(user.only(), 2, 2, 401));
  user.say(command(3, "debug", "debug", 1, modules_[0].id));
  EXPECT_TRUE(isError(user.only(), 3, 2, 401));
  user.say(command(4, "bind", "trig-1", 1, "_TRIGGER_"));
  EXPECT_TRUE(isError(user.only(), 4, 2, 401));
  Socket& support = open("support");
  support.say(command(1, "bind", "a", 1, "_Hidden"));
  EXPECT_EQ(support.only(), "{\"id\":1,\"type\":\"success\"," + meta("a", 1, "_Hidden") + "}");
  support.say(command(2, "bind", "trig-1", 1, "_TRIGGER_"));
  EXPECT_TRUE(isError(support.only(), 2, 6, 404));
}

TEST_F(ControlRights, LetAReadingKeyWatchButNotCall) {
  setScopes("user", {"control.read"});
  Socket& socket = open("user");
  ASSERT_EQ(socket.status(), 101);
  socket.say(command(1, "bind"));
  EXPECT_EQ(socket.heard().size(), 1U);
  socket.say(command(2, "exec", "go"));
  EXPECT_TRUE(isError(socket.only(), 2, 2, 401));
  EXPECT_TRUE(host_.calls.empty());
  setScopes("user", {"control.write"});
  EXPECT_EQ(socket.only(), "close 4403");
  EXPECT_EQ(open("user").status(), 403);
}

TEST_F(ControlRights, EndWithTheKey) {
  Socket& gone = open("user");
  Socket& stays = open("support");
  gone.say(command(1, "bind"));
  gone.heard();
  write(ConfigWrite::Kind::Erase, keyRow("user"));
  EXPECT_EQ(gone.only(), "close 4401");
  host_.publishState(modules_[0].id, "power", "secret");
  EXPECT_TRUE(gone.heard().empty());
  gone.say(command(2, "exec", "go"));
  EXPECT_TRUE(host_.calls.empty());
  EXPECT_TRUE(stays.heard().empty());
  EXPECT_EQ(api_.control().counts().revoked, 1U);
}

TEST_F(ControlRights, EndWithAUserThatIsKeptAsDeleted) {
  Socket& gone = open("user");
  model::User user = userRow("user");
  user.deleted = true;
  change(user);
  EXPECT_EQ(gone.only(), "close 4401");
}

TEST_F(ControlRights, AreLookedAtWithEveryCommand) {
  Socket& socket = open("support");
  setRole("support", model::UserRole::User);
  socket.say(command(1, "debug", "debug", 1, modules_[0].id));
  EXPECT_TRUE(isError(socket.only(), 1, 2, 401));
  host_.echoes = true;
  setRole("support", model::UserRole::Admin);
  socket.say(command(2, "exec", "go"));
  EXPECT_EQ(socket.heard().size(), 1U);
}

TEST_F(ControlRights, TakeBackWhatALowerRoleMayNotSee) {
  modules_[0].customName = "_Hidden";
  change(modules_[0]);
  Socket& socket = open("support");
  socket.say(command(1, "bind", "a", 1, "_Hidden"));
  socket.say(command(2, "bind", "b"));
  socket.say(command(3, "debug", "debug", 1, modules_[0].id));
  EXPECT_EQ(socket.heard().size(), 3U);
  setRole("support", model::UserRole::User);
  const auto heard = socket.heard();
  ASSERT_EQ(heard.size(), 2U);
  EXPECT_TRUE(isError(heard[0], 1, 2, 401));
  EXPECT_TRUE(isError(heard[1], 3, 2, 401));
  host_.publishState(modules_[0].id, "a", "1");
  EXPECT_TRUE(socket.heard().empty());
  host_.publishState(modules_[1].id, "b", "2");
  EXPECT_EQ(socket.only(), notified(2, "2", "b"));
}

TEST_F(ControlRights, TakeBackWhatAlreadyWaitsForASlowReader) {
  modules_[0].customName = "_Hidden";
  change(modules_[0]);
  host_.states[modules_[0].id]["a"] = "1";
  Socket& socket = open("support");
  socket.say(command(1, "bind", "a", 1, "_Hidden"));
  socket.say(command(2, "bind", "b"));
  socket.heard();
  socket.sink().isBehind = true;
  host_.publishState(modules_[1].id, "b", "1");
  socket.heard();
  host_.publishState(modules_[0].id, "a", "2");
  setRole("support", model::UserRole::User);
  socket.sink().catchUp();
  EXPECT_TRUE(isError(socket.only(), 1, 2, 401));
}

// What time does, with a clock that the test moves.
class ControlTime : public testing::Test {
 protected:
  ControlTime() : loop_(std::move(EventLoop::create(clock_)).value()) {
    user_.id = key_.userId = "user-1";
    key_.id = sample::id(model::Table::ApiKey, 1);
    const auth::NewApiKey made = auth::generateApiKey(key_.id);
    key_.secretHash = made.secretHash;
    key_.scopes = {"public"};
    key_.revision = user_.revision = 1;
    hub_.addRoutes(router_);
    http::Request request;
    EXPECT_TRUE(request.setLine("GET", "/api/engine/v2/systems/control", true).ok());
    request.addHeader("Upgrade", "websocket");
    request.addHeader("Connection", "Upgrade");
    request.addHeader("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    request.addHeader("Sec-WebSocket-Version", "13");
    request.addHeader("X-API-Key", made.text);
    EXPECT_TRUE(exchange_.send(router_, request));
  }
  void pass(std::chrono::seconds time) {
    clock_.advance(time);
    loop_->runOnce(Milliseconds(0));
  }
  size_t heard() { return test::takeFrames(exchange_.sink().streamed).size(); }

  FakeClock clock_;
  std::unique_ptr<EventLoop> loop_;
  Site site_;
  FakeHostClient host_;
  model::User user_;
  model::ApiKey key_;
  auth::ApiKeyAuthenticator authenticator_{
      clock_, [this](const std::string&) { return auth::ApiKeyRows{&key_, &user_}; }};
  http::Router router_{authenticator_};
  api::DriverManifests manifests_{site_};
  FakeConfigStore store_{*loop_};
  api::Calls calls_{*loop_, host_, manifests_, store_};
  api::ControlHub hub_{*loop_, site_, host_, calls_};
  RecordedExchange exchange_;
};

TEST_F(ControlTime, BringsAPongEvery80Seconds) {
  for (int i = 0; i < 7; ++i) {
    pass(std::chrono::seconds(10));
  }
  EXPECT_EQ(heard(), 0U);
  pass(std::chrono::seconds(10));
  const auto frames = test::takeFrames(exchange_.sink().streamed);
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].payload, "pong");
}

// What a revocation says; no row of the site changes with a token.
TEST_F(ControlTime, LooksAgainWhenToldTo) {
  hub_.recheckSoon();
  pass(std::chrono::seconds(0));
  EXPECT_EQ(heard(), 0U);
  user_.deleted = true;
  ++user_.revision;
  hub_.recheckSoon();
  EXPECT_EQ(heard(), 0U) << "on the next turn";
  pass(std::chrono::seconds(0));
  const auto frames = test::takeFrames(exchange_.sink().streamed);
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].closeCode(), 4401U);
}

TEST_F(ControlTime, EndsAKeyThatExpires) {
  key_.expiresAt = clock_.utcNs() / 1'000'000'000 + 15;
  pass(std::chrono::seconds(10));
  EXPECT_EQ(heard(), 0U);
  pass(std::chrono::seconds(10));
  const auto frames = test::takeFrames(exchange_.sink().streamed);
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].closeCode(), 4401U);
}

}  // namespace
}  // namespace busbar
