// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// busbar::Modules against a host that records.
#include <gtest/gtest.h>

#include "tests/support/driver_under_test.h"

namespace busbar::test {
namespace {

struct RequestToModule {
  busbar_module_call raw;
  std::string target, function, args;
};
std::vector<RequestToModule> requests;
std::vector<std::pair<busbar_id, std::string>> followed;
busbar_status requestStatus = BUSBAR_OK;

std::string toString(busbar_str text) {
  return {text.ptr, text.len};
}

busbar_status call(busbar_instance*, const busbar_module_call* in) {
  requests.push_back({*in, toString(in->target), toString(in->function),
                      std::string(reinterpret_cast<const char*>(in->args.ptr), in->args.len)});
  return requestStatus;
}
busbar_status subscribe(busbar_instance*, const busbar_subscription* in) {
  followed.emplace_back(in->token, toString(in->target) + "." + toString(in->key));
  return requestStatus;
}

class GlueModulesTest : public testing::Test {
 protected:
  void SetUp() override {
    requests.clear();
    followed.clear();
    requestStatus = BUSBAR_OK;
    table_.struct_size = sizeof table_;
    table_.call = call;
    table_.subscribe = subscribe;
    driver_.extensions["busbar.modules/1"] = &table_;
    ASSERT_EQ(driver_.create(), BUSBAR_OK);
    ASSERT_EQ(driver_.start(), BUSBAR_OK);
  }
  void TearDown() override {
    driver_.stop();
    driver_.destroy();
  }
  void ask(busbar_id id) {
    driver_.execute(id, "ask", R"({"target":"Display_1","function":"power"})");
  }
  // An event of a request; `failure` is a message.
  void event(uint32_t type, busbar_id token, const std::string& doc, busbar_status status = 0,
             const std::string& failure = {}) {
    busbar_error error{};
    error.struct_size = sizeof error;
    error.status = status;
    error.code = {"call_loop", 9};
    error.message = {failure.data(), failure.size()};
    busbar_event event{};
    event.struct_size = sizeof event;
    event.type = type;
    event.token = token;
    event.status = status;
    event.error = status < 0 ? &error : nullptr;
    event.source = {"Display_1", 9};
    event.doc = {reinterpret_cast<const uint8_t*>(doc.data()), doc.size(), BUSBAR_ENC_JSON, 0};
    driver_.event(event);
  }
  const DriverUnderTest::Completion& completion(busbar_id id) {
    return driver_.completions[id].at(0);
  }

  busbar_modules table_{};
  DriverUnderTest driver_{builtFile("tests/drivers/glue_modules/glue_modules.so")};
};

TEST_F(GlueModulesTest, ACallCarriesWhatWasSaidAndItsFunction) {
  ask(5);
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].target, "Display_1");
  EXPECT_EQ(requests[0].function, "power");
  EXPECT_EQ(requests[0].args, R"({"state":true})");
  EXPECT_EQ(requests[0].raw.timeout_ms, 500U);
  EXPECT_EQ(requests[0].raw.parent_call, 5U);
  event(BUSBAR_EV_CALL, requests[0].raw.token, R"({"on":true})");
  EXPECT_EQ(completion(5).result, R"("{\"on\":true}")");
}

TEST_F(GlueModulesTest, AFailureCarriesWhatWorked) {
  ask(5);
  event(BUSBAR_EV_CALL, requests[0].raw.token, R"({"Display_1":{"result":1}})", BUSBAR_E_INTERNAL,
        "too deep");
  EXPECT_EQ(completion(5).result, R"("call_loop: too deep {\"Display_1\":{\"result\":1}}")");
}

TEST_F(GlueModulesTest, ARefusedCallFailsAtOnce) {
  requestStatus = BUSBAR_E_AGAIN;
  ask(5);
  EXPECT_NE(completion(5).result.find("call power of Display_1: refused"), std::string::npos);
}

TEST_F(GlueModulesTest, WithACancelledFunctionGoItsCalls) {
  ask(5);
  driver_.cancelled(5);
  EXPECT_TRUE(driver_.completions[5].empty() || completion(5).status < 0);
  event(BUSBAR_EV_CALL, requests[0].raw.token, "1");
  ASSERT_EQ(driver_.logged.size(), 1U) << "nobody waits for it any more";
  EXPECT_EQ(driver_.logged[0], "an event that nobody wanted");
}

TEST_F(GlueModulesTest, OutsideOfAFunctionTheModuleCallsOnItsOwn) {
  driver_.execute(5, "ask_alone", "{}");
  driver_.deliverPosts();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].raw.parent_call, 0U);
  EXPECT_EQ(requests[0].args, "");
  driver_.cancelled(5);  // is no parent
  event(BUSBAR_EV_CALL, requests[0].raw.token, "null");
  EXPECT_EQ(driver_.logged, std::vector<std::string>{"asked alone"});
}

TEST_F(GlueModulesTest, ASubscriptionTellsEachValue) {
  driver_.execute(5, "follow", R"({"told":true})");
  ASSERT_EQ(followed.size(), 1U);
  EXPECT_EQ(followed[0].second, "Display_1.level");
  const busbar_id token = followed[0].first;
  event(BUSBAR_EV_VALUE, token, "7");
  event(BUSBAR_EV_VALUE, token, "");
  event(BUSBAR_EV_VALUE, token, R"("no number")");
  driver_.cancelled(5);  // it outlives the function that made it
  event(BUSBAR_EV_VALUE, token, "8");
  event(BUSBAR_EV_VALUE, token, "", BUSBAR_E_AGAIN, "too slow");
  EXPECT_EQ(driver_.logged,
            (std::vector<std::string>{"Display_1 7", "Display_1 unset", "Display_1 unset",
                                      "Display_1 8", "ended: too slow"}));
  event(BUSBAR_EV_VALUE, token, "9");
  EXPECT_EQ(driver_.logged.back(), "an event that nobody wanted");
}

TEST_F(GlueModulesTest, TheEndOfASubscriptionIsLoggedWhenNobodyAsked) {
  driver_.execute(5, "follow", R"({"told":false})");
  event(BUSBAR_EV_VALUE, followed.at(0).first, "", BUSBAR_E_AGAIN, "too slow");
  EXPECT_EQ(driver_.logged.back(), "a subscription ended: too slow");
}

TEST_F(GlueModulesTest, ASubscriptionThatIsGivenUpIsNotHeard) {
  driver_.execute(5, "follow", R"({"told":true})");
  driver_.execute(6, "unfollow", "{}");
  event(BUSBAR_EV_VALUE, followed.at(0).first, "7");
  EXPECT_EQ(driver_.logged, std::vector<std::string>{"an event that nobody wanted"});
  requestStatus = BUSBAR_E_AGAIN;
  driver_.execute(7, "follow", R"({"told":true})");
  EXPECT_EQ(completion(7).status, BUSBAR_E_AGAIN);
}

TEST_F(GlueModulesTest, TheModulesOfTheSystemAreKnown) {
  event(BUSBAR_EV_MODULES, 0,
        R"([{"name":"Display_1","id":"mod-1","interfaces":["powerable/1"],"running":true,
             "connected":true},
            {"name":"Sensor_1","id":"mod-2","interfaces":[],"running":false,"connected":false}])");
  EXPECT_EQ(driver_.logged,
            (std::vector<std::string>{"module Display_1 mod-1 running connected powerable",
                                      "module Sensor_1 mod-2"}));
  driver_.execute(5, "names", "{}");
  EXPECT_EQ(completion(5).result, R"(["Display_1","Sensor_1"])");
}

TEST(GlueModules, WithoutThePermissionTheDriverIsNotCreated) {
  DriverUnderTest driver(builtFile("tests/drivers/glue_modules/glue_modules.so"));
  EXPECT_EQ(driver.create(), BUSBAR_E_DENIED);
}

}  // namespace
}  // namespace busbar::test
