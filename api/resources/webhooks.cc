// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/webhooks.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <utility>

#include <Poco/Net/HTTPRequest.h>
#include <openssl/evp.h>

#include "api/resources/call_limits.h"
#include "api/resources/trigger_shapes.h"
#include "api/triggers/engine.h"
#include "api/triggers/webhook_door.h"

namespace busbar::api {
namespace {

using auth::Permission;
using http::Request;

constexpr size_t kKeptBodyBytes = 64U << 10;
constexpr Milliseconds kWebhookCallLimit{30'000};
// What a driver may say of its answer; the rest is ours.
constexpr std::array<std::string_view, 4> kAnswerHeaders{"content-language", "cache-control",
                                                         "retry-after", "last-modified"};
// Never shown to a driver: credentials, and what proves the sender.
constexpr std::array<std::string_view, 6> kHiddenHeaders{
    "authorization",      "cookie", "x-api-key", "proxy-authorization", "x-busbar-signature",
    "x-hub-signature-256"};

bool isOneOf(std::string_view lower, const auto& names) {
  return std::find(names.begin(), names.end(), lower) != names.end();
}

// One call of a webhook, with what outlives its request.
struct Visit {
  const model::TriggerInstance* row = nullptr;
  std::shared_ptr<const triggers::Spec> spec;  // shared with the engine
  std::string method;
  json::Object query;  // without the secret
  std::string body;
  std::string contentType;
  std::string peer;
  std::string replayOf;
};

Error noSuchWebhook() {
  return Error::of(ErrorCode::NotFound, "there is no such webhook");
}

// The path without what may be a secret in it.
Reply toReply(const Request& request, http::Responder responder) {
  return Reply(std::string(kEngine) + "/webhook/" + std::string(request.param("id")) + "/notify",
               request.requestId(), std::move(responder));
}

json::Object queryOf(const Request& request) {
  json::Object out;
  for (size_t i = 0; i < request.target().queryCount(); ++i) {
    const auto& [name, value] = request.target().queryAt(i);
    if (name != "secret" && !out.contains(name)) {
      out.set(name, value);
    }
  }
  return out;
}

std::optional<std::string_view> secretOf(const Request& request) {
  const std::string_view inPath = request.param("secret");
  return inPath.empty() ? request.query("secret") : std::optional<std::string_view>(inPath);
}

triggers::Knock knockOf(const Request& request) {
  return {request.methodName(), secretOf(request),
          request.header("X-Busbar-Signature").value_or(""),
          request.header("X-Hub-Signature-256").value_or(""), request.body()};
}

// Tells whoever looks how a delivery went. Only of senders that proved themselves.
void keep(Context& context, const Visit& visit, const std::string& id, int status,
          std::string_view reason) {
  json::Object record;
  record.set("id", id);
  record.set("instance_id", visit.row->id);
  const int64_t nowMs = context.loop.clock().utcNs() / 1'000'000;
  record.set("time_ms", nowMs);
  record.set("method", visit.method);
  record.set("query", visit.query);
  record.set("content_type", visit.contentType);
  record.set("body_bytes", static_cast<int64_t>(visit.body.size()));
  const bool isWhole = visit.body.size() <= kKeptBodyBytes && json::isUtf8(visit.body);
  record.set("body", isWhole ? json::Value(visit.body) : json::Value());
  record.set("peer", visit.peer);
  record.set("status", status);
  record.set("reason", reason);
  if (!visit.replayOf.empty()) {
    record.set("replay_of", visit.replayOf);
  }
  context.triggerEngine->keepDelivery(
      {id, visit.row->id, nowMs, json::write(json::Value(std::move(record)))});
}

// Hands an accepted delivery to the trigger.
Status deliver(Context& context, const Visit& visit, const std::string& id) {
  return context.triggerEngine->deliver(
      visit.row->id, triggers::webhookFacts(visit.method, visit.query, visit.body), id);
}

json::Object headersForDriver(const Request& request) {
  json::Object out;
  for (const auto& [name, value] : request.message()) {
    if (isOneOf(Poco::toLower(name), kHiddenHeaders)) {
      continue;
    }
    json::Value* list = out.find(name);
    if (list == nullptr) {
      list = &out.set(name, json::Array());
    }
    list->asArray()->emplace_back(value);
  }
  std::string query;
  for (size_t i = 0; i < request.target().queryCount(); ++i) {
    const auto& [name, value] = request.target().queryAt(i);
    if (name != "secret") {
      query += (query.empty() ? "" : "&") + http::encodeComponent(name);
      query += "=" + http::encodeComponent(value);
    }
  }
  out.set("pos-query-params", json::Array{json::Value(query)});
  return out;
}

std::string base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
  out.resize(static_cast<size_t>(length));
  return out;
}

// "[status, headers or null, body or null]" of a driver is the answer; anything else is 202.
http::Response answerOf(const std::string& resultJson) {
  const auto result = json::parse(resultJson);
  const json::Array* parts = result.ok() ? result->asArray() : nullptr;
  const int64_t* status = parts == nullptr || parts->size() != 3 ? nullptr : (*parts)[0].asInt();
  if (status == nullptr || *status < 200 || *status > 599) {
    return http::Response(202);
  }
  http::Response response(static_cast<int>(*status));
  std::string type = "text/plain; charset=utf-8";
  if (const json::Object* headers = (*parts)[1].asObject()) {
    for (const auto& [name, value] : *headers) {
      if (value.asString() == nullptr) {
        continue;
      }
      const std::string lower = Poco::toLower(name);
      if (lower == "content-type") {
        type = *value.asString();
      } else if (isOneOf(lower, kAnswerHeaders)) {
        response.set(name, *value.asString());
      }
    }
  }
  if (!(*parts)[2].isNull()) {
    const std::string* text = (*parts)[2].asString();
    response.setBody(std::move(type), text == nullptr ? json::write((*parts)[2]) : *text);
    // A driver's page is nobody's here: no script, no forms, no cookies of ours.
    response.set("Content-Security-Policy", "sandbox; default-src 'none'");
  }
  return response;
}

// The module and function that the request also wants called; empty method: none.
struct Wanted {
  std::string slug;
  std::string method;
  bool isBinary = false;
};

std::variant<Wanted, Refusal> wantedOf(const Request& request) {
  Wanted wanted;
  const bool isInPath = !request.param("method").empty();
  if (!isInPath && request.query("exec").value_or("") != "true") {
    return wanted;
  }
  const auto given = [&](std::string_view name) {
    return isInPath ? request.param(name) : request.query(name).value_or("");
  };
  const std::string_view mod = given("mod");
  const std::string_view index = given("index");
  wanted.method = given("method");
  if (mod.empty() || wanted.method.empty()) {
    return missingParameter(mod.empty() ? "mod" : "method", "is needed to call a function");
  }
  int number = 1;
  const auto [end, error] = std::from_chars(index.data(), index.data() + index.size(), number);
  if (!index.empty() &&
      (error != std::errc() || end != index.data() + index.size() || number < 1)) {
    return badParameter("index", "must be a whole number from 1");
  }
  wanted.slug = std::string(mod) + "_" + std::to_string(number);
  wanted.isBinary = isInPath
                        ? !request.param("binary").empty() && request.param("binary") != "false"
                        : request.query("binary").value_or("") == "true";
  return wanted;
}

void callModule(Context& context, const Request& request, const Visit& visit, const Wanted& wanted,
                Reply reply) {
  const model::Module* mod = context.site.resolve(visit.row->systemId, wanted.slug);
  if (mod == nullptr) {
    reply.fail(notFound("module", wanted.slug));
    return;
  }
  if (context.audit.isAuditFull()) {
    reply.fail(auditBusy());
    return;
  }
  json::Array args{json::Value(visit.method), json::Value(headersForDriver(request)),
                   wanted.isBinary ? json::Value(base64(visit.body)) : json::Value(visit.body)};
  ExecuteRequest call;
  call.moduleId = mod->id;
  call.function = wanted.method;
  call.args = json::write(json::Value(std::move(args)));
  call.caller = {{}, model::UserRole::Support, request.trace().toHeader()};
  call.deadline = context.loop.now() + kWebhookCallLimit;
  json::Object details;
  details.set("slug", wanted.slug);
  details.set("function", wanted.method);
  recordAction(context.audit, request, "exec", "trigger_instance", visit.row->id,
               std::move(details));
  const auto held = std::make_shared<Reply>(std::move(reply));  // shared with the completion
  context.host.execute(std::move(call), [held](Result<ExecuteReply> result) {
    if (!result.ok()) {
      held->fail(result.error());
    } else {
      held->send(answerOf(result->resultJson));
    }
  });
}

void notify(Context& context, Request& request, http::Responder responder) {
  Reply reply = toReply(request, std::move(responder));
  Visit visit;
  visit.row = context.site.findTriggerInstance(request.param("id"));
  const triggers::Knock knock = knockOf(request);
  const int64_t now = nowSeconds(context);
  if (context.triggerEngine != nullptr && visit.row != nullptr) {
    visit.spec = context.triggerEngine->specOf(visit.row->id);
  }
  // As long as for a wrong secret when there is nothing to compare with.
  static const triggers::WebhookRules kNobody;
  const bool isProven =
      triggers::isProven(visit.spec == nullptr ? kNobody : visit.spec->webhook,
                         visit.row == nullptr ? "none" : visit.row->webhookSecret, knock, now);
  if (!isProven || visit.spec == nullptr || !visit.spec->hasWebhook) {
    reply.fail(noSuchWebhook());
    return;
  }
  visit.method = knock.method;
  visit.query = queryOf(request);
  visit.contentType = request.header("Content-Type").value_or("").substr(0, 200);
  visit.peer = request.peerAddress();
  auto wanted = wantedOf(request);
  const std::string id = "dlv-" + context.ids.nextUlid();
  Status taken = triggers::checkDelivery(visit.spec->webhook, knock);
  visit.body = request.takeBody();
  if (const Refusal* refusal = std::get_if<Refusal>(&wanted)) {
    keep(context, visit, id, 422, "bad_parameter");
    reply.fail(*refusal);
    return;
  }
  const Wanted& call = std::get<Wanted>(wanted);
  if (taken.ok() && !call.method.empty() && !visit.row->execEnabled) {
    taken = Error::because(ErrorCode::PermissionDenied, "webhook_exec",
                           "this webhook may not call functions");
  }
  if (taken.ok()) {
    taken = deliver(context, visit, id);
  }
  if (!taken.ok()) {
    const Error& error = taken.error();
    keep(context, visit, id, error.httpStatus != 0 ? error.httpStatus : toHttpStatus(error.code),
         error.reason);
    reply.fail(error.reason == "webhook_method" ? noSuchWebhook() : error);
    return;
  }
  keep(context, visit, id, 202, "");
  if (!call.method.empty()) {
    callModule(context, request, visit, call, std::move(reply));
    return;
  }
  json::Object out;
  out.set("delivery_id", id);
  reply.json(202, std::move(out));
}

void showWebhook(Context& context, Request& request, Reply reply) {
  const model::TriggerInstance* row = context.site.findTriggerInstance(request.param("id"));
  const model::Trigger* trigger =
      row == nullptr ? nullptr : context.site.findTrigger(row->triggerId);
  const triggers::Knock knock = knockOf(request);
  if (!triggers::isProven({}, row == nullptr ? "none" : row->webhookSecret, knock,
                          nowSeconds(context)) ||
      trigger == nullptr) {
    reply.fail(noSuchWebhook());
    return;
  }
  reply.json(200, toJson(*trigger));
}

std::string textOf(const json::Object& from, std::string_view name) {
  const json::Value* value = from.find(name);
  return value == nullptr || value->asString() == nullptr ? std::string() : *value->asString();
}

}  // namespace

void replayDelivery(Context& context, const TriggerDelivery& delivery, Reply reply) {
  const auto parsed = json::parse(delivery.document, {1 << 20, 64});
  const json::Object* record = parsed.ok() ? parsed->asObject() : nullptr;
  Visit visit;
  visit.row = context.site.findTriggerInstance(delivery.instanceId);
  if (record == nullptr || visit.row == nullptr) {
    reply.fail(notFound("delivery", delivery.id));
    return;
  }
  const json::Value* body = record->find("body");
  const json::Value* query = record->find("query");
  if (body == nullptr || body->asString() == nullptr) {
    reply.fail(Error::because(ErrorCode::FailedPrecondition, "body_not_kept",
                              "its body was too large, or no text, and was not kept"));
    return;
  }
  visit.method = textOf(*record, "method");
  visit.contentType = textOf(*record, "content_type");
  visit.peer = textOf(*record, "peer");
  visit.body = *body->asString();
  visit.query =
      query == nullptr || query->asObject() == nullptr ? json::Object() : *query->asObject();
  visit.replayOf = delivery.id;
  const std::string id = "dlv-" + context.ids.nextUlid();
  if (const Status taken = deliver(context, visit, id); !taken.ok()) {
    reply.fail(taken.error());
    return;
  }
  keep(context, visit, id, 202, "");
  json::Object out;
  out.set("delivery_id", id);
  reply.json(202, std::move(out));
}

void addWebhookRoutes(http::Router& router, Context& context) {
  const std::string base = std::string(kEngine) + "/webhook/:id";
  for (const http::Method method : {http::Method::Get, http::Method::Post, http::Method::Put,
                                    http::Method::Patch, http::Method::Delete}) {
    for (const char* path : {"/notify", "/notify/:secret", "/notify/:secret/:mod/:index/:method",
                             "/notify/:secret/:mod/:index/:method/:binary"}) {
      router.add(method, base + path, auth::Access(Permission::None, "webhook"),
                 [&context](Request& request, http::Responder responder) {
                   notify(context, request, std::move(responder));
                 });
    }
  }
  Routes routes(router, context, kEngine, "webhook");
  routes.get("/webhook/:id", Permission::User, showWebhook);
}

}  // namespace busbar::api
