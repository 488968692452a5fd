// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include "tests/support/api_fixture.h"

namespace busbar {
namespace {

class EventsApi : public ApiFixture {
 protected:
  EventsApi() {
    put(sample::driver(1));
    for (int n : {1, 2}) {
      modules_.push_back(sample::mod(n, 1));
      put(modules_.back());
    }
    system_ = sample::system(1);
    system_.modules = {modules_[0].id};
    put(system_);
  }
  ~EventsApi() override { streams_.clear(); }

  RecordingSink& open(const std::string& query, std::string_view key = "admin") {
    streams_.push_back(std::make_unique<RecordedExchange>());
    http::Request request;
    begin(request, "GET", "/api/busbar/v1/events" + query, key);
    streams_.back()->send(router_, request);
    return streams_.back()->sink();
  }
  static size_t count(const std::string& text, std::string_view what) {
    size_t n = 0;
    for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
      ++n;
    }
    return n;
  }
  void log(const std::string& message) {
    const LogLine line{1'000'000, 4, message, {}, {}};
    HostEvent event;
    event.kind = HostEvent::Kind::Log;
    event.moduleId = modules_[0].id;
    event.log = &line;
    host_.publish(event);
  }

  std::vector<model::Module> modules_;
  model::System system_;
  std::vector<std::unique_ptr<RecordedExchange>> streams_;
};

TEST_F(EventsApi, StreamsWhatAClientAskedFor) {
  RecordingSink& all = open("");
  RecordingSink& room = open("?system=" + system_.id + "&kinds=state");
  RecordingSink& second = open("?module=" + modules_[1].id);
  EXPECT_EQ(all.answer->contentType(), "text/event-stream");
  EXPECT_EQ(host_.subscriptions, 1);
  host_.publishState(modules_[0].id, "power", "{\"a\":\n1}");
  host_.publishState(modules_[1].id, "power", "2");
  log("hello");
  EXPECT_EQ(count(all.streamed, "event: state\n"), 2U);
  EXPECT_EQ(count(all.streamed, "event: log\n"), 1U);
  EXPECT_NE(all.streamed.find("data: {\"module_id\":\"" + modules_[0].id +
                              "\",\"key\":\"power\",\"value\":{\"a\": 1},\"sequence\":1"),
            std::string::npos)
      << all.streamed;
  EXPECT_EQ(count(room.streamed, "event: "), 1U);
  EXPECT_EQ(count(second.streamed, "event: "), 1U);
  EXPECT_NE(second.streamed.find("\"value\":2"), std::string::npos);
}

TEST_F(EventsApi, FollowsModulesIntoSystems) {
  RecordingSink& room = open("?system=" + system_.id + "&kinds=state");
  host_.publishState(modules_[1].id, "power", "1");
  EXPECT_EQ(count(room.streamed, "event: "), 0U);
  ASSERT_EQ(
      call("PUT", "/api/engine/v2/systems/" + system_.id + "/module/" + modules_[1].id).status,
      200);
  host_.publishState(modules_[1].id, "power", "2");
  EXPECT_EQ(count(room.streamed, "event: "), 1U);
}

TEST_F(EventsApi, RefusesUnknownFiltersAndLogsForUsers) {
  EXPECT_EQ(open("?kinds=news").answer->status(), 400);
  EXPECT_EQ(open("?snapshot=1").answer->status(), 400);
  EXPECT_EQ(open("?module=mod-none").answer->status(), 404);
  EXPECT_EQ(open("?system=sys-none").answer->status(), 404);
  EXPECT_EQ(open("?kinds=log", "user").answer->status(), 403);
  RecordingSink& user = open("", "user");
  log("secret");
  EXPECT_EQ(user.streamed.find("secret"), std::string::npos);
}

TEST_F(EventsApi, TellsProgressToSupportAndToWhomKnowsTheTrace) {
  const std::string mine(32, 'a');
  const std::string other(32, 'b');
  RecordingSink& support = open("?kinds=progress", "support");
  RecordingSink& user = open("", "user");
  RecordingSink& caller = open("?kinds=progress,state&trace=" + mine, "user");
  RecordingSink& logs = open("?kinds=log&trace=" + mine, "support");
  const auto publish = [this](uint64_t callId, const std::string& trace) {
    const CallProgress progress{callId, trace, "{\"part\":\n1}", 5'000'000};
    HostEvent event;
    event.kind = HostEvent::Kind::Progress;
    event.moduleId = modules_[0].id;
    event.progress = &progress;
    host_.publish(event);
  };
  publish(7, mine);
  publish(8, other);
  log("of no call");
  EXPECT_NE(support.streamed.find("event: progress\ndata: {\"module_id\":\"" + modules_[0].id +
                                  "\",\"call_id\":\"7\",\"trace_id\":\"" + mine +
                                  "\",\"progress\":{\"part\": 1},\"time\":5}\n\n"),
            std::string::npos)
      << support.streamed;
  EXPECT_EQ(count(support.streamed, "event: progress"), 2U);
  EXPECT_EQ(count(user.streamed, "event: "), 0U);
  EXPECT_EQ(count(caller.streamed, "event: progress"), 1U);
  EXPECT_EQ(count(caller.streamed, "\"call_id\":\"7\""), 1U);
  EXPECT_EQ(count(logs.streamed, "event: "), 0U);
  EXPECT_EQ(open("?trace=abc").answer->status(), 400);
}

TEST_F(EventsApi, BeginsWithTheStateOnRequest) {
  host_.states[modules_[0].id] = {{"a", "1"}, {"b", "2"}};
  RecordingSink& stream = open("?snapshot=true&kinds=state,module");
  EXPECT_EQ(count(stream.streamed, "event: module\n"), 2U);
  EXPECT_EQ(count(stream.streamed, "event: state\n"), 2U);
  EXPECT_EQ(count(stream.streamed, "\"snapshot\":true"), 4U);
}

TEST_F(EventsApi, KeepsOnlyTheNewestValueForASlowReader) {
  RecordingSink& slow = open("?kinds=state,log");
  RecordingSink& quick = open("?kinds=state,log");
  slow.isBehind = true;
  host_.publishState(modules_[0].id, "first", "0");  // says that it is behind
  const size_t before = slow.streamed.size();
  for (int i = 1; i <= 1000; ++i) {
    host_.publishState(modules_[0].id, "level", std::to_string(i));
    host_.publishState(modules_[0].id, "press", std::to_string(i), i > 10);
  }
  log("kept");
  EXPECT_EQ(slow.streamed.size(), before);
  slow.isBehind = false;
  slow.drained();
  EXPECT_EQ(count(slow.streamed, "\"key\":\"level\""), 1U);
  EXPECT_NE(slow.streamed.find("\"key\":\"level\",\"value\":1000,"), std::string::npos);
  EXPECT_EQ(count(slow.streamed, "\"key\":\"press\""), 11U) << "events each, then the newest";
  EXPECT_EQ(count(slow.streamed, "kept"), 1U);
  EXPECT_EQ(count(quick.streamed, "\"key\":\"level\""), 1000U);
  host_.publishState(modules_[0].id, "level", "7");
  EXPECT_NE(slow.streamed.find("\"key\":\"level\",\"value\":7,"), std::string::npos);
}

TEST_F(EventsApi, TellsSupportTheStatesOfTriggers) {
  const std::string id = putDoorBell(0);
  RecordingSink& all = open("", "support");
  RecordingSink& room = open("?kinds=trigger&system=" + system_.id, "support");
  RecordingSink& mod = open("?kinds=trigger&module=" + modules_[0].id, "support");
  RecordingSink& slow = open("?kinds=trigger", "support");
  RecordingSink& user = open("", "user");
  EXPECT_EQ(open("?kinds=trigger", "user").answer->status(), 403);
  ringDoorBell();
  const std::string data = "event: trigger\ndata: {\"instance_id\":\"" + id +
                           "\",\"system_id\":\"" + system_.id +
                           R"(","state":{"triggered":false,"trigger_count":1,)";
  for (const RecordingSink* reader : {&all, &room, &slow}) {
    EXPECT_NE(reader->streamed.find(data), std::string::npos) << reader->streamed;
  }
  EXPECT_EQ(count(mod.streamed, "event: "), 0U);
  EXPECT_EQ(count(user.streamed, "event: "), 0U);
  const size_t before = count(slow.streamed, "event: trigger\n");
  slow.isBehind = true;
  for (int i = 2; i <= 50; ++i) {
    ringDoorBell();
  }
  slow.isBehind = false;
  slow.drained();
  EXPECT_GE(count(all.streamed, "event: trigger\n"), 50U);
  EXPECT_LE(count(slow.streamed, "event: trigger\n"), before + 2);
  EXPECT_NE(slow.streamed.find("\"trigger_count\":50,"), std::string::npos);
}

TEST_F(EventsApi, CutsAReaderThatLetsTooMuchWait) {
  RecordingSink& slow = open("?kinds=log");
  RecordingSink& quick = open("?kinds=log");
  slow.isBehind = true;
  const std::string line(10'000, 'x');
  for (int i = 0; i < 200; ++i) {
    log(line);
  }
  EXPECT_TRUE(runUntil(*loop_, [&slow] { return !slow.isStreaming; }));
  EXPECT_TRUE(slow.wasCut);
  EXPECT_TRUE(quick.isStreaming);
  EXPECT_EQ(count(quick.streamed, "event: log\n"), 200U);
}

TEST_F(EventsApi, EndsWithTheKeyThatOpenedIt) {
  RecordingSink& gone = open("?kinds=state", "user");
  RecordingSink& stays = open("?kinds=state", "support");
  const model::ApiKey key = *site_.findApiKey(auth::parseApiKey(keyText("user"))->keyId);
  ASSERT_EQ(call("DELETE", "/api/engine/v2/api_keys/" + key.id).status, 202);
  EXPECT_TRUE(runUntil(*loop_, [&gone] { return !gone.isStreaming; }));
  host_.publishState(modules_[0].id, "power", "1");
  EXPECT_EQ(count(gone.streamed, "event: "), 0U);
  EXPECT_EQ(count(stays.streamed, "event: "), 1U);
}

TEST_F(EventsApi, EndsWhereALowerRoleMayNotReadOn) {
  RecordingSink& state = open("?kinds=state", "support");
  RecordingSink& logs = open("?kinds=state,log", "support");
  RecordingSink& calls = open("?kinds=progress", "support");
  const std::string userId = site_.findApiKey(auth::parseApiKey(keyText("support"))->keyId)->userId;
  ASSERT_EQ(call("PATCH", "/api/engine/v2/users/" + userId, R"({"role":"user"})").status, 200);
  EXPECT_TRUE(runUntil(*loop_, [&] { return !logs.isStreaming && !calls.isStreaming; }));
  log("secret");
  host_.publishState(modules_[0].id, "power", "1");
  EXPECT_EQ(logs.streamed.find("secret"), std::string::npos);
  EXPECT_EQ(count(state.streamed, "event: "), 1U);
}

TEST_F(EventsApi, LooksAgainWhenToldTo) {
  RecordingSink& stream = open("", "user");
  api_.recheckRights();
  loop_->runOnce(Milliseconds(0));
  EXPECT_TRUE(stream.isStreaming);
}

TEST_F(EventsApi, KeepsProtectedModulesForSupport) {
  const model::Module& hidden = modules_[0];
  ASSERT_EQ(
      call("PATCH", "/api/engine/v2/modules/" + hidden.id, R"({"custom_name":"_Hidden"})").status,
      200);
  RecordingSink& user = open("?kinds=state", "user");
  RecordingSink& support = open("?kinds=state", "support");
  host_.publishState(modules_[0].id, "power", "1");
  EXPECT_EQ(count(user.streamed, "event: "), 0U);
  EXPECT_EQ(count(support.streamed, "event: "), 1U);
  const std::string userId = site_.findApiKey(auth::parseApiKey(keyText("support"))->keyId)->userId;
  ASSERT_EQ(call("PATCH", "/api/engine/v2/users/" + userId, R"({"role":"user"})").status, 200);
  host_.publishState(modules_[0].id, "power", "2");
  EXPECT_EQ(count(support.streamed, "event: "), 1U) << "the role was lowered";
}

TEST_F(EventsApi, ListensToTheHostOnlyWhileSomebodyListensToIt) {
  EXPECT_EQ(host_.subscriptions, 0);
  RecordingSink& one = open("");
  EXPECT_EQ(host_.subscriptions, 1);
  one.gone = true;
  ASSERT_TRUE(one.closed);
  auto closed = std::move(one.closed);
  closed();
  EXPECT_EQ(host_.subscriptions, 0);
}

}  // namespace
}  // namespace busbar
