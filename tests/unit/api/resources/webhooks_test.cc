// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/webhooks.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "tests/support/api_fixture.h"

namespace busbar {
namespace {

constexpr const char* kSecret = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG";

// A trigger with a webhook in a room with two modules, and the engine at work.
class WebhooksApi : public ApiFixture {
 protected:
  WebhooksApi() {
    put(sample::driver(1));
    mod_ = sample::mod(1, 1);
    mod_.customName = "Display";
    put(mod_);
    system_ = sample::system(1);
    system_.modules = {mod_.id};
    put(system_);
    trigger_.id = sample::id(model::Table::Trigger, 1);
    trigger_.name = "Door bell";
    trigger_.enableWebhook = true;
    trigger_.supportedMethods = {"POST", "PUT"};
    trigger_.webhook =
        *json::parse(R"({"checks":[{"pointer":"/event/kind","operator":"equal","value":"ring"}]})");
    trigger_.actions = *json::parse(
        R"({"functions":[{"mod":"Display_1","method":"show","args":{"who":"{{ webhook.body.who }}"}}]})");
    put(trigger_);
    instance_.id = sample::id(model::Table::TriggerInstance, 1);
    instance_.triggerId = trigger_.id;
    instance_.systemId = system_.id;
    instance_.webhookSecret = kSecret;
    put(instance_);
    triggers_.engine.start([](Status) {});
    turn();
  }

  std::string path(const std::string& rest) const {
    return "/api/engine/v2/webhook/" + instance_.id + "/notify" + rest;
  }
  void change(const model::TriggerInstance& row) {
    auto done = await<std::vector<ConfigChange>>(
        *loop_, [&](Callback<void(Result<std::vector<ConfigChange>>)> finished) {
          store_.apply({{ConfigWrite::Kind::Update, row}}, {}, clock_.now() + Milliseconds(1000),
                       std::move(finished));
        });
    ASSERT_TRUE(done.ok()) << done.error().message;
    turn();
  }
  json::Array deliveries() {
    turn();
    const Answer answer =
        call("GET", "/api/busbar/v1/trigger_instances/" + instance_.id + "/deliveries");
    EXPECT_EQ(answer.status, 200) << answer.text;
    return answer.body.asArray() == nullptr ? json::Array() : *answer.body.asArray();
  }
  static std::string hmac(std::string_view text) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    HMAC(EVP_sha256(), kSecret, 43, reinterpret_cast<const unsigned char*>(text.data()),
         text.size(), digest, &length);
    std::string out;
    for (unsigned i = 0; i < length; ++i) {
      char hex[3];
      std::snprintf(hex, sizeof hex, "%02x", digest[i]);
      out += hex;
    }
    return out;
  }
  int signedCall(const std::string& header, const std::string& value, const std::string& body) {
    http::Request request;
    begin(request, "POST", path(""), "");
    request.addHeader(header, value);
    RecordedExchange exchange;
    exchange.send(router_, request, body);
    turn();
    return exchange.sink().answer ? exchange.sink().answer->status() : 0;
  }

  model::Module mod_;
  model::System system_;
  model::Trigger trigger_;
  model::TriggerInstance instance_;
  static constexpr const char* kRing = R"({"event":{"kind":"ring"},"who":"Ada"})";
};

TEST_F(WebhooksApi, TakesTheSecretInTheQueryOrInThePath) {
  EXPECT_EQ(call("POST", path("?secret=" + std::string(kSecret)), kRing, "").status, 202);
  EXPECT_EQ(call("PUT", path("/" + std::string(kSecret)), kRing, "").status, 202);
  turn();
  ASSERT_FALSE(host_.calls.empty());
  EXPECT_EQ(host_.calls[0].request.args, R"({"who":"Ada"})");
}

TEST_F(WebhooksApi, SaysTheSameToAllWhoAreNotLetIn) {
  const std::string wrong = "x" + std::string(kSecret).substr(1);
  const std::string known = "?secret=" + std::string(kSecret);
  for (const std::string& target :
       {path(""), path("?secret="), path("?secret=" + wrong), path("/" + wrong),
        "/api/engine/v2/webhook/" + sample::id(model::Table::TriggerInstance, 9) + "/notify" +
            known,
        "/api/engine/v2/webhook/nothing/notify" + known}) {
    const Answer answer = call("POST", target, kRing, "");
    EXPECT_EQ(answer.status, 404) << target;
    EXPECT_EQ(answer.member("detail"), "there is no such webhook") << target;
    EXPECT_EQ(answer.text.find(wrong), std::string::npos) << "the path is not told back";
  }
  EXPECT_EQ(call("DELETE", path(known), kRing, "").status, 404) << "a method that it does not take";
  model::TriggerInstance row = *site_.findTriggerInstance(instance_.id);
  row.enabled = false;
  change(row);
  EXPECT_EQ(call("POST", path(known), kRing, "").status, 404);
  EXPECT_TRUE(host_.calls.empty());
}

TEST_F(WebhooksApi, TakesASignatureInsteadOfTheSecret) {
  const std::string now = std::to_string(clock_.utcNs() / 1'000'000'000);
  const std::string old = std::to_string(clock_.utcNs() / 1'000'000'000 - 301);
  EXPECT_EQ(signedCall("X-Hub-Signature-256", "sha256=" + hmac(kRing), kRing), 202);
  EXPECT_EQ(signedCall("X-Busbar-Signature", "t=" + now + ",v1=" + hmac(now + "." + kRing), kRing),
            202);
  EXPECT_EQ(signedCall("X-Busbar-Signature", "t=" + old + ",v1=" + hmac(old + "." + kRing), kRing),
            404);
  EXPECT_EQ(signedCall("X-Busbar-Signature", "t=" + now + ",v1=" + hmac(kRing), kRing), 404);
  EXPECT_EQ(signedCall("X-Busbar-Signature", "v1=" + hmac("." + std::string(kRing)), kRing), 404);
  EXPECT_EQ(signedCall("X-Hub-Signature-256", "sha256=" + hmac("other"), kRing), 404);
  EXPECT_EQ(signedCall("X-Hub-Signature-256", "sha256=", kRing), 404);
}

TEST_F(WebhooksApi, ChecksTheBodyAndNamesWhatIsMissing) {
  const std::string known = path("?secret=" + std::string(kSecret));
  const Answer wrong = call("POST", known, R"({"event":{"kind":"knock"}})", "");
  EXPECT_EQ(wrong.status, 422);
  EXPECT_EQ(wrong.member("field"), "/event/kind");
  EXPECT_EQ(call("POST", known, "no json", "").status, 422);
  EXPECT_TRUE(host_.calls.empty());
  const json::Array seen = deliveries();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(*seen[0].find("status")->asInt(), 422);
  EXPECT_EQ(*seen[0].find("reason")->asString(), "webhook_body");
}

TEST_F(WebhooksApi, KeepsDeliveriesWithoutTheSecret) {
  call("POST", path("?secret=" + std::string(kSecret) + "&door=2"), kRing, "");
  call("POST", path("?secret=wrong"), kRing, "");
  const json::Array seen = deliveries();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(json::write(seen[0]).find(kSecret), std::string::npos);
  EXPECT_EQ(*seen[0].find("query")->find("door")->asString(), "2");
  EXPECT_EQ(*seen[0].find("body")->asString(), kRing);
}

TEST_F(WebhooksApi, SendsADeliveryOnceMore) {
  call("POST", path("?secret=" + std::string(kSecret)), kRing, "");
  const std::string id = *deliveries()[0].find("id")->asString();
  const std::string again = "/api/busbar/v1/webhook_deliveries/" + id + "/replay";
  EXPECT_EQ(call("POST", again, "", "support").status, 403);
  EXPECT_EQ(call("POST", again).status, 202);
  const json::Array seen = deliveries();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(*seen[0].find("replay_of")->asString(), id);
  EXPECT_EQ(call("POST", "/api/busbar/v1/webhook_deliveries/dlv-none/replay").status, 404);
  bool isTold = false;
  for (const AuditEntry& entry : store_.data().audit) {
    isTold = isTold || (entry.action == "replay" && entry.subject == id && !entry.userId.empty());
  }
  EXPECT_TRUE(isTold);
}

TEST_F(WebhooksApi, CallsAFunctionOnlyWhereThatIsAllowed) {
  const std::string target = path("/" + std::string(kSecret) + "/Display/1/received");
  const Answer refused = call("POST", target, kRing, "");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.text.find(kSecret), std::string::npos);
  model::TriggerInstance row = *site_.findTriggerInstance(instance_.id);
  row.execEnabled = true;
  change(row);
  waits_ = true;
  http::Request request;
  begin(request, "POST", target, "");
  request.addHeader("Cookie", "session=1");
  request.addHeader("X-Sender", "bell");
  RecordedExchange exchange;
  exchange.send(router_, request, kRing);
  turn();
  ASSERT_FALSE(host_.calls.empty());
  FakeHostClient::Call made = std::move(host_.calls.front());
  host_.calls.erase(host_.calls.begin());
  EXPECT_EQ(made.request.function, "received");
  EXPECT_EQ(made.request.caller.role, model::UserRole::Support);
  const auto args = json::parse(made.request.args);
  ASSERT_EQ(args->asArray()->size(), 3U);
  EXPECT_EQ(*(*args->asArray())[0].asString(), "POST");
  EXPECT_EQ((*args->asArray())[1].find("Cookie"), nullptr) << "no credential crosses to a driver";
  EXPECT_NE((*args->asArray())[1].find("X-Sender"), nullptr);
  EXPECT_EQ(*(*args->asArray())[2].asString(), kRing);
  made.done(ExecuteReply{R"([203,{"Content-Type":"text/html","Set-Cookie":"a=1"},"<p>"])", 200});
  turn();
  ASSERT_TRUE(exchange.sink().answer.has_value());
  EXPECT_EQ(exchange.sink().answer->status(), 203);
  EXPECT_EQ(exchange.sink().answer->body(), "<p>");
  EXPECT_EQ(exchange.sink().answer->header("Set-Cookie"), "");
  EXPECT_EQ(exchange.sink().answer->header("Content-Security-Policy"),
            "sandbox; default-src 'none'");
}

TEST_F(WebhooksApi, NamesWhatACallNeeds) {
  const std::string known = path("?secret=" + std::string(kSecret));
  EXPECT_EQ(call("POST", known + "&exec=true&mod=Display", kRing, "").status, 422);
  EXPECT_EQ(call("POST", known + "&exec=true&mod=Display&method=x&index=0", kRing, "").status, 400);
}

TEST_F(WebhooksApi, ShowsTheTriggerToWhoSignedInAndKnowsTheSecret) {
  const std::string target = "/api/engine/v2/webhook/" + instance_.id;
  EXPECT_EQ(call("GET", target + "?secret=" + kSecret, "", "").status, 401);
  EXPECT_EQ(call("GET", target + "?secret=wrong", "", "user").status, 404);
  EXPECT_EQ(call("GET", target + "?secret=" + kSecret, "", "user").member("name"), "Door bell");
}

TEST_F(WebhooksApi, ExplainsAndSimulates) {
  call("POST", path("?secret=" + std::string(kSecret)), kRing, "");
  turn();
  const std::string own = "/api/busbar/v1/trigger_instances/" + instance_.id;
  const Answer explained = call("GET", own + "/explain", "", "support");
  EXPECT_EQ(explained.status, 200) << explained.text;
  EXPECT_EQ(explained.body.find("firings")->asArray()->size(), 1U);
  EXPECT_TRUE(*explained.body.find("at_work")->asBool());
  const Answer firings = call("GET", own + "/firings");
  EXPECT_EQ(firings.body.asArray()->size(), 1U);
  const std::string body =
      R"({"system_id":")" + system_.id + R"(","steps":[{},{"webhook":{"body":{"who":"Bob"}}}]})";
  const size_t calls = host_.calls.size();
  const Answer simulated =
      call("POST", "/api/busbar/v1/triggers/" + trigger_.id + "/simulate", body, "support");
  EXPECT_EQ(simulated.status, 200) << simulated.text;
  EXPECT_NE(simulated.text.find(R"("args":{"who":"Bob"})"), std::string::npos) << simulated.text;
  EXPECT_EQ(host_.calls.size(), calls) << "nothing happens";
  const std::string draft = R"({"trigger":{"name":"x","conditions":{"comparisons":[{"left":{"mod":
      "Display_1","status":"power"},"operator":"equal","right":true}]}},"system_id":")" +
                            system_.id +
                            R"(","steps":[{"values":[{"mod":"Display_1","status":"power",)"
                            R"("value":true}]}]})";
  const Answer tried = call("POST", "/api/busbar/v1/triggers/simulate", draft, "support");
  EXPECT_EQ(tried.status, 200) << tried.text;
  EXPECT_EQ(*tried.body.find("trigger_count")->asInt(), 1);
  EXPECT_EQ(call("POST", "/api/busbar/v1/triggers/simulate", "{}", "support").status, 422);
}

}  // namespace
}  // namespace busbar
