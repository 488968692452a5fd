// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// busbar::Http against a host that records.
#include <gtest/gtest.h>

#include "tests/support/driver_under_test.h"

namespace busbar::test {
namespace {

struct Asked {
  busbar_http_request raw;
  std::string method, url, headers, auth, body;
};
std::vector<Asked> asked;
busbar_status reply = BUSBAR_OK;

std::string textOf(const busbar_doc& doc) {
  return {reinterpret_cast<const char*>(doc.ptr), doc.len};
}

busbar_status request(busbar_instance*, const busbar_http_request* in) {
  asked.push_back({*in, std::string(in->method.ptr, in->method.len),
                   std::string(in->url.ptr, in->url.len), textOf(in->headers), textOf(in->auth),
                   std::string(reinterpret_cast<const char*>(in->body.ptr), in->body.len)});
  return reply;
}

class GlueHttpTest : public testing::Test {
 protected:
  void SetUp() override {
    asked.clear();
    reply = BUSBAR_OK;
    table_.struct_size = sizeof table_;
    table_.request = request;
    driver_.extensions["busbar.http/1"] = &table_;
    ASSERT_EQ(driver_.create(), BUSBAR_OK);
    ASSERT_EQ(driver_.start(), BUSBAR_OK);
  }
  void TearDown() override {
    driver_.stop();
    driver_.destroy();
  }
  void part(uint32_t flags, const std::string& bytes, const std::string& headers = "{}") {
    busbar_http_part part{};
    part.struct_size = sizeof part;
    part.flags = flags;
    part.http_status = 200;
    part.url = {"http://u", 8};
    part.headers = {reinterpret_cast<const uint8_t*>(headers.data()), headers.size(),
                    BUSBAR_ENC_JSON, 0};
    part.bytes = {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
    busbar_event event{};
    event.http = &part;
    deliver(event, BUSBAR_OK);
  }
  void failure(busbar_status status) {
    busbar_error error{};
    error.struct_size = sizeof error;
    error.status = status;
    error.code = {"http_bomb", 9};
    error.message = {"too much", 8};
    busbar_event event{};
    event.error = &error;
    deliver(event, status);
  }
  void deliver(busbar_event& event, busbar_status status) {
    event.struct_size = sizeof event;
    event.type = BUSBAR_EV_HTTP;
    event.status = status;
    event.token = asked.back().raw.token;
    driver_.event(event);
  }
  const DriverUnderTest::Completion& completion(busbar_id call) {
    return driver_.completions[call].at(0);
  }

  busbar_http table_{};
  DriverUnderTest driver_{builtFile("tests/drivers/glue_http/glue_http.so")};
};

TEST_F(GlueHttpTest, ARequestCarriesWhatWasSaidAndItsFunction) {
  driver_.execute(5, "fetch", "{}");
  ASSERT_EQ(asked.size(), 1U);
  const Asked& got = asked[0];
  EXPECT_EQ(got.method, "GET");
  EXPECT_EQ(got.url, "/status");
  EXPECT_EQ(got.headers, R"({"Accept":["a","b"]})");
  EXPECT_EQ(got.auth, R"({"type":"basic","username":"user","password":"pass"})");
  EXPECT_EQ(got.raw.timeout_ms, 2000U);
  EXPECT_EQ(got.raw.max_bytes, 1000U);
  EXPECT_EQ(got.raw.max_redirects, 3U);
  EXPECT_EQ(got.raw.flags, 0U);
  EXPECT_EQ(got.raw.parent_call, 5U);
  part(BUSBAR_HTTP_HEAD | BUSBAR_HTTP_END, R"({"v":[1]})", R"({"x-a":["one","two"]})");
  EXPECT_EQ(completion(5).result, R"("200 one [1]")");
}

TEST_F(GlueHttpTest, BodiesAreJsonAndOwnInitiativeHasNoParent) {
  driver_.execute(5, "store", "{}");
  const Asked& got = asked.at(0);
  EXPECT_EQ(got.method, "PUT");
  EXPECT_EQ(got.body, R"({"v":1})");
  EXPECT_EQ(got.headers, R"({"Content-Type":["application/json"]})");
  EXPECT_EQ(got.auth, R"({"type":"bearer","token":"token"})");
  EXPECT_EQ(got.raw.flags, BUSBAR_HTTP_NO_COOKIES);
  EXPECT_EQ(got.raw.parent_call, 0U);
  failure(BUSBAR_E_OFFLINE);
  EXPECT_EQ(completion(5).status, BUSBAR_E_OFFLINE);
  EXPECT_EQ(completion(5).code, "http_bomb");
  EXPECT_EQ(completion(5).message, "too much");
}

TEST_F(GlueHttpTest, AStreamComesInPiecesAndEndsOnce) {
  driver_.execute(5, "stream", "{}");
  EXPECT_EQ(asked.at(0).raw.flags, BUSBAR_HTTP_STREAM);
  part(BUSBAR_HTTP_HEAD, "");
  part(0, "one");
  part(0, "two");
  EXPECT_TRUE(driver_.completions[5].empty());
  part(BUSBAR_HTTP_END, "");
  EXPECT_EQ(completion(5).result, R"("200:one|two|end")");
  driver_.execute(6, "stream", "{}");
  part(BUSBAR_HTTP_HEAD, "");
  failure(BUSBAR_E_AGAIN);
  EXPECT_EQ(completion(6).result, R"("200:http_bomb")");
  EXPECT_TRUE(driver_.logged.empty());
}

TEST_F(GlueHttpTest, AfterTheEndNobodyListens) {
  driver_.execute(5, "fetch", "{}");
  part(BUSBAR_HTTP_HEAD | BUSBAR_HTTP_END, "{}");
  part(BUSBAR_HTTP_HEAD | BUSBAR_HTTP_END, "{}");
  ASSERT_EQ(driver_.logged.size(), 1U) << "the event went to onEvent";
  driver_.execute(6, "forget", "{}");
  part(BUSBAR_HTTP_HEAD | BUSBAR_HTTP_END, "{}");
  EXPECT_EQ(driver_.logged.size(), 2U);
  driver_.execute(7, "fetch", "{}");
  driver_.cancelled(7);
  part(BUSBAR_HTTP_HEAD | BUSBAR_HTTP_END, "{}");
  EXPECT_EQ(driver_.logged.size(), 3U) << "with the call went its requests";
}

TEST_F(GlueHttpTest, ARefusedRequestFailsItsFunction) {
  reply = BUSBAR_E_AGAIN;
  driver_.execute(5, "fetch", "{}");
  ASSERT_EQ(driver_.completions[5].size(), 1U);
  EXPECT_LT(completion(5).status, 0);
}

TEST(GlueHttp, WithoutThePermissionTheDriverIsNotCreated) {
  DriverUnderTest driver(builtFile("tests/drivers/glue_http/glue_http.so"));
  EXPECT_EQ(driver.create(), BUSBAR_E_DENIED);
}

}  // namespace
}  // namespace busbar::test
