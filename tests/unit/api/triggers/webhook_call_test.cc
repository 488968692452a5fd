// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/webhook_call.h"

#include <gtest/gtest.h>

namespace busbar::triggers {
namespace {

json::Object facts() {
  return *json::parse(R"({"trigger":{"id":"trigger-1","name":"Too warm"},
      "instance":{"id":"trig-1"}, "firing":{"id":"fire-1","time":1700000000,"retry":false},
      "cause":{"key":"comparison_0","left":27.5}, "status":{"A_1":{"x":"a\r\nb","y":5}},
      "webhook":{"method":"POST","body":{"secret":"s"}}})")
              ->asObject();
}

TEST(WebhookCall, IsFilledInAndSentAsJson) {
  CallWebhook call;
  call.url = "https://x.example/{{ trigger.id }}?v={{ cause.left }}";
  call.headers = {{"X-Room", "{{ trigger.name }}"}};
  call.body = *json::parse(R"({"level":"{{ status.A_1.y }}"})");
  const auto request = buildWebhook(call, facts());
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->method, "POST");
  EXPECT_EQ(request->url, "https://x.example/trigger-1?v=27.5");
  EXPECT_EQ(request->body, R"({"level":5})");
  EXPECT_EQ(request->headers,
            (HttpHeaders{{"X-Room", "Too warm"}, {"Content-Type", "application/json"}}));
  EXPECT_EQ(request->maxRedirects, 0);
  EXPECT_FALSE(request->acceptGzip);
  EXPECT_TRUE(checkRequest(*request).ok());
}

TEST(WebhookCall, ATextIsABodyOfItsOwn) {
  CallWebhook call;
  call.url = "https://x.example/";
  call.body = "warm: {{ cause.left }}";
  const auto request = buildWebhook(call, facts());
  EXPECT_EQ(request->body, "warm: 27.5");
  EXPECT_EQ(*findHeader(request->headers, "content-type"), "text/plain; charset=utf-8");
  call.headers = {{"content-type", "text/csv"}};
  EXPECT_EQ(buildWebhook(call, facts())->headers, (HttpHeaders{{"content-type", "text/csv"}}));
  call.body = "{{ cause.left }}";
  EXPECT_EQ(buildWebhook(call, facts())->body, "27.5");
}

TEST(WebhookCall, WithoutABodyItSaysWhatFiredAndNoMore) {
  CallWebhook call;
  call.url = "https://x.example/";
  const auto request = buildWebhook(call, facts());
  const auto body = json::parse(request->body);
  ASSERT_TRUE(body.ok());
  EXPECT_EQ(json::write(*body->find("cause")), R"({"key":"comparison_0","left":27.5})");
  EXPECT_NE(body->find("firing"), nullptr);
  EXPECT_EQ(body->find("status"), nullptr);
  EXPECT_EQ(body->find("webhook"), nullptr);
  call.method = "GET";
  EXPECT_EQ(buildWebhook(call, facts())->body, "");
}

TEST(WebhookCall, AValueCannotBreakAHeader) {
  CallWebhook call;
  call.url = "https://x.example/";
  call.headers = {{"X-Y", "{{ status.A_1.x }}"}};
  EXPECT_EQ(buildWebhook(call, facts()).error().reason, "template_bad_value");
}

// printf '1700000000.{"level":5}' | openssl dgst -sha256 -hmac c2VjcmV0LXNlY3JldA
TEST(WebhookCall, IsSignedAsOpensslSigns) {
  HttpRequest request;
  request.body = R"({"level":5})";
  stampWebhook(request, {"c2VjcmV0LXNlY3JldA", "fire-1", "steps/0", 1'700'000'000, false});
  EXPECT_EQ(request.headers,
            (HttpHeaders{{"X-Busbar-Signature",
                          "t=1700000000,v1="
                          "34bdacd3d27ef95ebd0805ae8a28b5f9150cac312c3bb312813b86df256cb8db"},
                         {"X-Busbar-Firing", "fire-1"},
                         {"X-Busbar-Step", "steps/0"}}));
  stampWebhook(request, {"c2VjcmV0LXNlY3JldA", "fire-1", "steps/0", 1'700'000'000, true});
  EXPECT_EQ(request.headers.back(), (HttpHeader{"X-Busbar-Retry", "true"}));
}

std::vector<std::string> refusedFields(const CallWebhook& call) {
  model::FieldErrors errors;
  checkWebhook(call, "w", errors);
  std::vector<std::string> fields;
  for (const auto& error : errors) {
    fields.push_back(error.field);
  }
  return fields;
}

TEST(WebhookCall, HeadersThatAreNotTheCallersAreRefusedAndNeverSent) {
  for (const char* name :
       {"Host", "CONTENT-LENGTH", "authorization", "Cookie", "Connection", "Keep-Alive",
        "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer",
        "Transfer-Encoding", "Upgrade", "Expect", "Accept-Encoding", "X-Busbar-Signature",
        "x-busbar-anything", "Forwarded"}) {
    CallWebhook call;
    call.url = "https://x.example/";
    call.headers = {{name, "x"}};
    EXPECT_EQ(refusedFields(call), std::vector<std::string>{"w.headers." + std::string(name)})
        << name;
    EXPECT_EQ(findHeader(buildWebhook(call, facts())->headers, name), nullptr) << name;
  }
}

TEST(WebhookCall, SavingRefusesWhatCannotBeSent) {
  const std::pair<CallWebhook, std::string> cases[] = {
      {{"CONNECT", "https://x.example/", {}, nullptr}, "w.method"},
      {{"post", "https://x.example/", {}, nullptr}, "w.method"},
      {{"GET", "https://x.example/", {}, "x"}, "w.body"},
      {{"POST", "file:///etc/passwd", {}, nullptr}, "w.url"},
      {{"POST", "https://x.example/", {{"bad name", "x"}}, nullptr}, "w.headers.bad name"},
      {{"POST", "https://x.example/", {{"X-Y", "a\r\nb"}}, nullptr}, "w.headers.X-Y"},
      {{"POST", "https://x.example/", {{"X-Y", "{{ nope }}"}}, nullptr}, "w.headers.X-Y"},
      {{"POST", "https://x.example/", {}, "{{ nope }}"}, "w.body"},
  };
  for (const auto& [call, field] : cases) {
    EXPECT_EQ(refusedFields(call), std::vector<std::string>{field});
  }
  CallWebhook many{"POST", "https://x.example/", {}, nullptr};
  many.headers.assign(33, {"X-Y", "z"});
  EXPECT_EQ(refusedFields(many), std::vector<std::string>{"w.headers"});
  for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
    EXPECT_TRUE(
        refusedFields(
            {method, "https://x.example/{{ trigger.id }}", {{"X-Y", "{{ zone.id }}"}}, nullptr})
            .empty());
  }
}

TEST(WebhookCall, OnlySuccessIsSuccess) {
  for (const int status : {200, 201, 204, 299}) {
    EXPECT_TRUE(judgeWebhook(status).ok()) << status;
  }
  for (const int status : {301, 302, 307, 400, 401, 403, 404, 409, 410, 422}) {
    EXPECT_FALSE(judgeWebhook(status).ok() || mayRepeatWebhook(status)) << status;
  }
  for (const int status : {408, 425, 429, 500, 502, 503, 599}) {
    EXPECT_FALSE(judgeWebhook(status).ok()) << status;
    EXPECT_TRUE(mayRepeatWebhook(status)) << status;
  }
}

TEST(WebhookCall, AnAnswerIsCutToItsBound) {
  EXPECT_EQ(describeAnswer(200, "fine", 4096), R"({"status":200,"body":"fine"})");
  for (const std::string& piece : {std::string("x"), std::string("\x01"), std::string("ä"),
                                   std::string("\xff"), std::string("\""), std::string("😀")}) {
    std::string body;
    while (body.size() < 5'000) {
      body += piece;
    }
    const std::string text = describeAnswer(200, body, 4096);
    EXPECT_LE(text.size(), 4096U);
    EXPECT_GT(text.size(), 4000U);
    EXPECT_TRUE(json::check(text).ok());
  }
  EXPECT_EQ(describeAnswer(200, "x", 1), R"({"status":200,"body":""})");
}

}  // namespace
}  // namespace busbar::triggers
