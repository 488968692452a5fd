// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/control/control_hub.h"

#include "tests/unit/api/control/control_fixture.h"

namespace busbar {
namespace {

using Texts = std::vector<std::string>;

class ControlTest : public ControlFixture {
 protected:
  void log(int level, const std::string& message) {
    const LogLine line{1'000'000, level, message, {}, {}};
    HostEvent event;
    event.kind = HostEvent::Kind::Log;
    event.moduleId = modules_[0].id;
    event.log = &line;
    host_.publish(event);
  }
  void publishHealth(bool connected) {
    host_.healths[modules_[0].id].connected = connected;
    HostEvent event;
    event.kind = HostEvent::Kind::Module;
    event.moduleId = modules_[0].id;
    event.health = &host_.healths[modules_[0].id];
    host_.publish(event);
  }
};

TEST_F(ControlTest, TellsTheValueAndEveryChange) {
  host_.states[modules_[0].id]["power"] = "{\"on\": true}";
  Socket& socket = open("user");
  ASSERT_EQ(socket.status(), 101);
  socket.say(command(4, "bind"));
  EXPECT_EQ(socket.heard(), (Texts{"{\"id\":4,\"type\":\"success\"," + meta() + "}",
                                   notified(4, "{\"on\": true}")}));
  host_.publishState(modules_[0].id, "power", "5");
  host_.publishState(modules_[0].id, "volume", "6");
  host_.publishState(modules_[1].id, "power", "7");
  host_.publishState(modules_[0].id, "power", "");
  EXPECT_EQ(socket.heard(), (Texts{notified(4, "5"), notified(4, "null")}));
}

TEST_F(ControlTest, SaysNothingOfAValueThatIsNotSet) {
  Socket& socket = open("user");
  socket.say(command(1, "bind"));
  EXPECT_EQ(socket.heard().size(), 1U);
}

TEST_F(ControlTest, AnswersASecondBindWithSuccessOnly) {
  host_.states[modules_[0].id]["power"] = "1";
  Socket& socket = open("user");
  socket.say(command(1, "bind"));
  socket.heard();
  socket.say(command(2, "bind"));
  EXPECT_EQ(socket.only(), "{\"id\":2,\"type\":\"success\"," + meta() + "}");
  host_.publishState(modules_[0].id, "power", "2");
  EXPECT_EQ(socket.only(), notified(1, "2"));
  EXPECT_EQ(api_.control().counts().binds, 1U);
}

TEST_F(ControlTest, ForgetsWhatIsUnbound) {
  Socket& first = open("user");
  Socket& second = open("user");
  first.say(command(1, "bind"));
  second.say(command(1, "bind"));
  first.heard();
  second.heard();
  first.say(command(2, "unbind"));
  EXPECT_EQ(first.only(), success(2));
  first.say(command(3, "unbind", "never"));
  EXPECT_EQ(first.only(), success(3));
  host_.publishState(modules_[0].id, "power", "2");
  EXPECT_TRUE(first.heard().empty());
  EXPECT_EQ(second.heard().size(), 1U);
  second.sink().tellClosed();
  EXPECT_EQ(api_.control().counts().binds, 0U);
  host_.publishState(modules_[0].id, "power", "3");
}

TEST_F(ControlTest, WaitsForModulesThatAreNotThereYet) {
  Socket& socket = open("user");
  socket.say(command(1, "bind", "power", 3));
  EXPECT_EQ(socket.heard().size(), 1U);
  model::Module third = sample::mod(3, 1);
  host_.states[third.id]["power"] = "33";
  put(third);
  system_.modules.push_back(third.id);
  change(system_);
  EXPECT_EQ(socket.only(), notified(1, "33", "power", 3));
  host_.publishState(third.id, "power", "34");
  EXPECT_EQ(socket.only(), notified(1, "34", "power", 3));
}

TEST_F(ControlTest, WaitsForSystemsThatAreNotThereYet) {
  Socket& socket = open("user");
  model::System late = sample::system(9);
  late.modules = {modules_[0].id};
  host_.states[modules_[0].id]["power"] = "9";
  const std::string place =
      "\"sys\":\"" + late.id + "\",\"mod\":\"" + name_ + "\",\"index\":1,\"name\":\"power\"}";
  socket.say("{\"id\":1,\"cmd\":\"bind\"," + place);
  EXPECT_EQ(socket.heard().size(), 1U);
  put(late);
  loop_->runOnce(Milliseconds(0));
  EXPECT_EQ(socket.only(), "{\"id\":1,\"type\":\"notify\",\"value\":9,\"meta\":{" + place + "}");
}

TEST_F(ControlTest, FollowsANameToAnotherModule) {
  host_.states[modules_[0].id]["power"] = "1";
  host_.states[modules_[1].id]["power"] = "2";
  Socket& socket = open("user");
  socket.say(command(1, "bind"));
  socket.heard();
  std::swap(system_.modules[0], system_.modules[1]);
  change(system_);
  EXPECT_EQ(socket.only(), notified(1, "2"));
  host_.publishState(modules_[0].id, "power", "3");
  EXPECT_TRUE(socket.heard().empty());
  host_.publishState(modules_[1].id, "power", "4");
  EXPECT_EQ(socket.only(), notified(1, "4"));
  system_.modules.clear();
  change(system_);
  EXPECT_EQ(socket.only(), notified(1, "null"));
}

TEST_F(ControlTest, FollowsARenamedModule) {
  host_.states[modules_[1].id]["power"] = "2";
  Socket& socket = open("user");
  socket.say(command(1, "bind"));
  socket.heard();
  modules_[0].customName = "Other";
  change(modules_[0]);
  EXPECT_EQ(socket.only(), notified(1, "2"));
}

TEST_F(ControlTest, TellsWhetherAModuleIsConnected) {
  host_.healths[modules_[0].id].connected = true;
  Socket& socket = open("user");
  socket.say(command(1, "bind", "connected"));
  EXPECT_EQ(socket.heard().back(), notified(1, "true", "connected"));
  publishHealth(true);
  EXPECT_TRUE(socket.heard().empty());
  publishHealth(false);
  EXPECT_EQ(socket.only(), notified(1, "false", "connected"));
  host_.states[modules_[0].id]["connected"] = "true";  // the driver's own word wins
  publishHealth(true);
  EXPECT_TRUE(socket.heard().empty());
}

TEST_F(ControlTest, CallsFunctions) {
  Socket& socket = open("user");
  socket.say(command(7, "exec", "set_volume", 2, "", ",\"args\":[1, 2.50]"));
  ASSERT_EQ(host_.calls.size(), 1U);
  const ExecuteRequest& request = host_.calls[0].request;
  EXPECT_EQ(request.moduleId, modules_[1].id);
  EXPECT_EQ(request.function, "set_volume");
  EXPECT_EQ(request.args, "[1, 2.50]");
  EXPECT_EQ(request.caller.role, model::UserRole::User);
  EXPECT_EQ(request.caller.userId, userRow("user").id);
  EXPECT_EQ(request.caller.traceparent.size(), 55U);
  EXPECT_GT(request.deadline, loop_->now());
  EXPECT_TRUE(socket.heard().empty());
  host_.calls[0].done(ExecuteReply{"{\"a\":null}", 202});
  EXPECT_EQ(socket.only(), "{\"id\":7,\"type\":\"success\"," + meta("set_volume", 2) +
                               ",\"value\":{\"a\":null},\"code\":202}");
}

TEST_F(ControlTest, TakesArgumentsByNameAndNone) {
  host_.echoes = true;
  Socket& socket = open("user");
  socket.say(command(1, "exec", "go", 1, "", ",\"args\":{\"a\":1}"));
  socket.say(command(2, "exec", "go"));
  const auto heard = socket.heard();
  ASSERT_EQ(heard.size(), 2U);
  EXPECT_NE(heard[0].find("\"value\":{\"a\":1}"), std::string::npos) << heard[0];
  EXPECT_NE(heard[1].find("\"value\":[]"), std::string::npos) << heard[1];
}

TEST_F(ControlTest, NumbersFailedCallsAsTheReferenceDoes) {
  Socket& socket = open("user");
  struct Case {
    Error error;
    int number;
    int code;
  };
  Error driver = Error::because(ErrorCode::Internal, "driver_error", "lamp is broken");
  driver.httpStatus = 418;
  for (const Case& wanted :
       {Case{Error::because(ErrorCode::NotFound, "function_not_found", "no"), 1, 400},
        Case{Error::because(ErrorCode::InvalidArgument, "bad_arguments", "no"), 1, 400},
        Case{Error::because(ErrorCode::PermissionDenied, "permission_denied", "no"), 2, 401},
        Case{driver, 3, 418},
        Case{Error::because(ErrorCode::Internal, "driver_error", "no"), 3, 500},
        Case{Error::because(ErrorCode::NotFound, "module_not_found", "gone"), 6, 404},
        Case{Error::because(ErrorCode::Unavailable, "driver_crashed", "no"), 7, 503},
        Case{Error::because(ErrorCode::ResourceExhausted, "module_busy", "no"), 7, 429},
        Case{Error::because(ErrorCode::DeadlineExceeded, "deadline_exceeded", "no"), 7, 504}}) {
    host_.refusal = wanted.error;
    socket.say(command(1, "exec", "go"));
    EXPECT_TRUE(isError(socket.only(), 1, wanted.number, wanted.code)) << wanted.error.reason;
  }
  host_.refusal.reset();
  socket.say(command(2, "exec", "go", 5));
  EXPECT_TRUE(isError(socket.only(), 2, 6, 404));
  socket.say(R"({"id":3,"cmd":"exec","sys":"sys-none","mod":"A","name":"go"})");
  EXPECT_TRUE(isError(socket.only(), 3, 5, 404));
}

TEST_F(ControlTest, AnswersWhatItCannotRead) {
  Socket& socket = open("user");
  socket.say("{");
  EXPECT_NE(socket.only().find("\"error_code\":0,\"code\":400}"), std::string::npos);
  socket.say(R"({"id":1,"cmd":"bind"})");
  EXPECT_TRUE(isError(socket.only(), 1, 1, 400));
  socket.say(command(2, "fly"));
  EXPECT_TRUE(isError(socket.only(), 2, 4, 400));
  socket.say(command(3, "exec", "go", 1, "", ",\"args\":[\"" + std::string(1 << 20, 'x') + "\"]"));
  EXPECT_NE(socket.only().find("\"error_code\":1,\"code\":413}"), std::string::npos);
  socket.say("ping");
  EXPECT_EQ(socket.only(), "pong");
  EXPECT_EQ(api_.control().counts().errors, 4U);
}

TEST_F(ControlTest, ClosesOnBinaryAndOnGiantMessages) {
  Socket& binary = open("user");
  binary.sayFrame(test::clientFrame(2, "x"));
  EXPECT_EQ(binary.only(), "close 1003");
  Socket& giant = open("user");
  test::FrameShape shape;
  shape.length = (2U << 20) + 1;
  giant.sayFrame(test::clientFrame(1, "", shape));
  EXPECT_EQ(giant.only(), "close 1009");
}

TEST_F(ControlTest, StreamsAModulesLogToSupport) {
  Socket& socket = open("support");
  const std::string id = modules_[0].id;
  socket.say(command(1, "debug", "debug", 1, id));
  EXPECT_EQ(socket.only(), success(1));
  socket.say(command(2, "debug", "again", 1, id));
  EXPECT_EQ(socket.only(), success(2)) << "the same place";
  log(3, "a \"word\"");
  EXPECT_EQ(socket.only(), "{\"id\":1,\"type\":\"debug\",\"mod\":\"" + id +
                               "\",\"level\":\"warn\",\"msg\":\"a \\\"word\\\"\"," +
                               meta("debug", 1, id) + "}");
  log(6, "bug");
  EXPECT_NE(socket.only().find("\"level\":\"fatal\""), std::string::npos);
  socket.say(command(3, "ignore", "debug", 1, id));
  EXPECT_EQ(socket.only(), success(3));
  log(3, "unheard");
  socket.say(command(4, "ignore", "debug", 1, id));
  EXPECT_EQ(socket.only(), success(4));
  socket.say(command(5, "debug", "debug", 1, "mod-none"));
  EXPECT_TRUE(isError(socket.only(), 5, 6, 404));
  socket.say(command(6, "debug", "debug", 1, id));
  socket.sink().tellClosed();
  log(3, "nobody is there");
}

TEST_F(ControlTest, BoundsWhatOneSocketHolds) {
  api_.control().limits().maxBinds = 2;
  api_.control().limits().maxCalls = 2;
  api_.control().limits().maxDebugs = 1;
  Socket& socket = open("support");
  for (const char* name : {"a", "b", "c"}) {
    socket.say(command(1, "bind", name));
  }
  EXPECT_TRUE(isError(socket.heard().back(), 1, 7, 429));
  socket.say(command(2, "bind", "a"));
  EXPECT_EQ(socket.only(), "{\"id\":2,\"type\":\"success\"," + meta("a") + "}");
  for (int id : {3, 4, 5}) {
    socket.say(command(id, "exec", "go"));
  }
  EXPECT_TRUE(isError(socket.only(), 5, 7, 429));
  ASSERT_EQ(host_.calls.size(), 2U);
  host_.calls[0].done(ExecuteReply{"1", 200});
  socket.heard();
  socket.say(command(6, "exec", "go"));
  EXPECT_EQ(host_.calls.size(), 3U);
  socket.say(command(7, "debug", "debug", 1, modules_[0].id));
  EXPECT_EQ(socket.only(), success(7));
  socket.say(command(8, "debug", "debug", 1, modules_[1].id));
  EXPECT_TRUE(isError(socket.only(), 8, 7, 429));
}

TEST_F(ControlTest, BoundsTheSocketsThemselves) {
  api_.control().limits().maxSockets = 1;
  EXPECT_EQ(open("user").status(), 101);
  Socket& second = open("user");
  EXPECT_EQ(second.status(), 503);
  sockets_[0]->sink().tellClosed();
  EXPECT_EQ(open("user").status(), 101);
}

TEST_F(ControlTest, EndsTheCallsOfAClientThatLeft) {
  Socket& socket = open("user");
  socket.say(command(1, "exec", "go"));
  socket.say(command(2, "exec", "go"));
  host_.calls[0].done(ExecuteReply{"1", 200});
  socket.sink().tellClosed();
  EXPECT_EQ(host_.cancelled, std::vector<HostClient::CallId>{host_.calls[1].id});
  host_.calls[1].done(Error::because(ErrorCode::Aborted, "cancelled", "late"));
  EXPECT_EQ(host_.subscriptions, 0);
}

TEST_F(ControlTest, KeepsOnlyTheNewestValueForASlowReader) {
  host_.states[modules_[0].id]["first"] = "0";
  Socket& slow = open("user");
  Socket& quick = open("user");
  for (Socket* socket : {&slow, &quick}) {
    for (const char* name : {"first", "level", "press"}) {
      socket->say(command(1, "bind", name));
    }
    socket->say(command(2, "exec", "go"));
    socket->heard();
  }
  slow.sink().isBehind = true;
  host_.publishState(modules_[0].id, "first", "1");  // says that it is behind
  slow.heard();
  for (int i = 1; i <= 1000; ++i) {
    host_.states[modules_[0].id]["level"] = std::to_string(i);
    host_.publishState(modules_[0].id, "level", std::to_string(i));
    if (i <= 3) {
      host_.publishState(modules_[0].id, "press", std::to_string(i), false);
    }
  }
  host_.calls[0].done(ExecuteReply{"\"answer\"", 200});
  EXPECT_TRUE(slow.heard().empty());
  EXPECT_EQ(quick.heard().size(), 1004U);
  slow.sink().catchUp();
  const auto heard = slow.heard();
  ASSERT_EQ(heard.size(), 5U);
  EXPECT_EQ(heard[0], notified(1, "1000", "level"));
  for (size_t i = 1; i <= 3; ++i) {
    EXPECT_EQ(heard[i], notified(1, std::to_string(i), "press"));
  }
  EXPECT_NE(heard[4].find("\"answer\""), std::string::npos);
  EXPECT_EQ(api_.control().counts().conflated, 999U);
  host_.publishState(modules_[0].id, "level", "7");
  EXPECT_EQ(slow.only(), notified(1, "7", "level")) << "it keeps up again";
}

TEST_F(ControlTest, TellsASlowReaderWhatIsTrueWhenItReads) {
  Socket& socket = open("user");
  socket.say(command(1, "bind", "a"));
  socket.say(command(1, "bind", "b"));
  socket.heard();
  socket.sink().isBehind = true;
  host_.publishState(modules_[0].id, "a", "1");
  host_.publishState(modules_[0].id, "b", "1");
  host_.publishState(modules_[0].id, "a", "2");
  socket.sink().isBehind = false;
  system_.modules.clear();  // both mean nothing now, and wait already
  change(system_);
  socket.heard();
  socket.sink().catchUp();
  EXPECT_EQ(socket.heard(), (Texts{notified(1, "null", "b"), notified(1, "null", "a")}));
}

TEST_F(ControlTest, CutsAReaderForWhomTooMuchWaits) {
  Socket& socket = open("user");
  socket.say(command(1, "bind", "press"));
  socket.sink().isBehind = true;
  const std::string big = "\"" + std::string(50'000, 'x') + "\"";
  for (int i = 0; i < 30 && !socket.sink().wasCut; ++i) {
    host_.publishState(modules_[0].id, "press", big, false);
  }
  EXPECT_TRUE(socket.sink().wasCut);
  host_.publishState(modules_[0].id, "press", big, false);
  socket.sink().tellClosed();
  EXPECT_EQ(api_.control().counts().cut, 1U);
  EXPECT_EQ(api_.control().counts().sockets, 0U);
}

TEST_F(ControlTest, ShowsItsFigures) {
  Socket& socket = open("user");
  socket.say(command(1, "bind", "press"));
  const std::string text = call("GET", "/metrics", {}, "").text;
  for (const char* line :
       {"busbar_control_sockets 1\n", "busbar_control_binds 1\n",
        "busbar_control_messages_in_total 1\n", "busbar_control_messages_out_total 1\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line;
  }
}

TEST_F(ControlTest, TellsTheStateOfATriggerThatIsBound) {
  const std::string id = putDoorBell();
  triggerStates_.states[id].json = R"({"triggered":false})";
  Socket& socket = open("support");
  socket.say(command(1, "bind", id, 1, "_TRIGGER_"));
  const auto first = socket.heard();
  ASSERT_EQ(first.size(), 2U);
  const std::string end = "," + meta(id, 1, "_TRIGGER_") + "}";
  EXPECT_EQ(first[1], R"({"id":1,"type":"notify","value":{"triggered":false})" + end);
  ringDoorBell();
  const auto rung = socket.heard();
  ASSERT_FALSE(rung.empty());
  EXPECT_TRUE(rung.back().starts_with(
      R"({"id":1,"type":"notify","value":{"triggered":true,"trigger_count":1,)"))
      << rung.back();
  EXPECT_TRUE(rung.back().ends_with(end)) << rung.back();
  socket.say(command(2, "exec", id, 1, "_TRIGGER_"));
  EXPECT_TRUE(isError(socket.only(), 2, 6, 404)) << "it has no functions";
  write(ConfigWrite::Kind::Erase, *site_.findTriggerInstance(id));
  socket.heard();
  EXPECT_FALSE(triggers_.engine.deliver(id, {}, "late").ok());
  EXPECT_TRUE(socket.heard().empty());
}

}  // namespace
}  // namespace busbar
