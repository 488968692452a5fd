// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/webhook_call.h"

#include <algorithm>
#include <array>
#include <utility>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "api/triggers/template.h"
#include "sdk/base/ascii.h"

namespace busbar::triggers {
namespace {

constexpr std::array<std::string_view, 5> kMethods{"GET", "POST", "PUT", "PATCH", "DELETE"};
// Of a firing, what a receiver gets to know without being asked for more. Statuses and what came in
// by a webhook are for templates only.
constexpr std::array<std::string_view, 7> kDelivered{"trigger", "instance", "system",   "zone",
                                                     "firing",  "cause",    "condition"};
// The caller must not set these: routing, framing, credentials, what goes from hop to hop
// (RFC 9110 s. 7.6.1), and what the client writes itself.
constexpr std::array<std::string_view, 17> kForbidden{"host",
                                                      "content-length",
                                                      "authorization",
                                                      "cookie",
                                                      "connection",
                                                      "keep-alive",
                                                      "proxy-authenticate",
                                                      "proxy-authorization",
                                                      "te",
                                                      "proxy-connection",
                                                      "trailer",
                                                      "transfer-encoding",
                                                      "upgrade",
                                                      "expect",
                                                      "accept-encoding",
                                                      "cookie2",
                                                      "forwarded"};
constexpr std::string_view kOurs = "x-busbar-";

bool takesBody(std::string_view method) {
  return method != "GET";
}

bool isForbidden(std::string_view name) {
  const std::string lower = asciiLowered(name);
  return std::find(kForbidden.begin(), kForbidden.end(), lower) != kForbidden.end() ||
         lower.compare(0, kOurs.size(), kOurs) == 0;
}

void checkHeaders(const CallWebhook& call, const std::string& path, model::FieldErrors& errors) {
  for (const auto& [name, value] : call.headers) {
    const std::string at = path + ".headers." + name;
    if (isForbidden(name)) {
      errors.push_back({at, "is a header that webhooks cannot set"});
      continue;
    }
    checkTemplates(value, at, errors);
    HttpRequest one;
    one.headers.push_back({name, hasTemplate(value) ? std::string() : value});
    if (const Status good = checkRequest(one); !good.ok()) {
      errors.push_back({at, "cannot be sent: " + good.error().message});
    }
  }
  if (call.headers.size() > HttpRequest::kMaxHeaders / 2) {
    errors.push_back(
        {path + ".headers",
         "has more than " + std::to_string(HttpRequest::kMaxHeaders / 2) + " headers"});
  }
}

json::Value deliveryOf(const json::Object& facts) {
  json::Object delivery;
  for (const std::string_view name : kDelivered) {
    if (const json::Value* fact = facts.find(name)) {
      delivery.set(name, *fact);
    }
  }
  return delivery;
}

Status setBody(const CallWebhook& call, const json::Object& facts, HttpRequest& request) {
  auto body =
      call.body.isNull() ? Result<json::Value>(deliveryOf(facts)) : render(call.body, facts);
  if (!body) {
    return body.error();
  }
  // A text is a body of its own; anything else is JSON.
  const bool isText = call.body.asString() != nullptr && body->asString() != nullptr;
  request.body = isText ? *body->asString() : json::write(*body);
  if (findHeader(request.headers, "Content-Type") == nullptr) {
    request.headers.push_back(
        {"Content-Type", isText ? "text/plain; charset=utf-8" : "application/json"});
  }
  return {};
}

std::string hexHmac(std::string_view key, const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned length = 0;
  BUSBAR_CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                    reinterpret_cast<const unsigned char*>(text.data()), text.size(), bytes.data(),
                    &length) != nullptr);
  constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (unsigned i = 0; i < length; ++i) {
    out += kHex[bytes[i] >> 4U];
    out += kHex[bytes[i] & 15U];
  }
  return out;
}

}  // namespace

Result<std::shared_ptr<const HttpProfile>> makeWebhookProfile(std::vector<AddressRange> allow,
                                                              std::string caPem) {
  HttpProfileOptions options;
  options.addresses.ranges = std::move(allow);
  options.caPem = std::move(caPem);
  return HttpProfile::create(std::move(options));
}

void checkWebhook(const CallWebhook& call, std::string_view path, model::FieldErrors& errors) {
  const std::string base(path);
  if (std::find(kMethods.begin(), kMethods.end(), call.method) == kMethods.end()) {
    errors.push_back({base + ".method", "must be GET, POST, PUT, PATCH or DELETE"});
  }
  checkUrlTemplate(call.url, base + ".url", errors);
  checkHeaders(call, base, errors);
  if (!call.body.isNull() && !takesBody(call.method)) {
    errors.push_back({base + ".body", "must be absent: GET has no body"});
  }
  checkTemplates(call.body, base + ".body", errors);
}

Result<HttpRequest> buildWebhook(const CallWebhook& call, const json::Object& facts) {
  HttpRequest request;
  request.method = call.method;
  request.maxRedirects = 0;
  request.acceptGzip = false;
  auto url = renderUrl(call.url, facts);
  if (!url) {
    return url.error();
  }
  request.url = std::move(*url);
  for (const auto& [name, value] : call.headers) {
    auto rendered = renderHeader(value, facts);
    if (!rendered) {
      return rendered.error();
    }
    if (!isForbidden(name)) {
      request.headers.push_back({name, std::move(*rendered)});
    }
  }
  if (takesBody(request.method)) {
    BUSBAR_TRY(setBody(call, facts, request));
  }
  return request;
}

void stampWebhook(HttpRequest& request, const WebhookStamp& stamp) {
  const std::string time = std::to_string(stamp.unixSeconds);
  request.headers.push_back(
      {"X-Busbar-Signature",
       "t=" + time + ",v1=" + hexHmac(stamp.secret, time + "." + request.body)});
  request.headers.push_back({"X-Busbar-Firing", std::string(stamp.firingId)});
  request.headers.push_back({"X-Busbar-Step", std::string(stamp.step)});
  if (stamp.isRetry) {
    request.headers.push_back({"X-Busbar-Retry", "true"});
  }
}

Status judgeWebhook(int status) {
  if (status >= 200 && status < 300) {
    return {};
  }
  const std::string hint =
      status >= 300 && status < 400
          ? "; redirects are not followed, so give the address that it leads to"
          : "";
  return Error::because(
      mayRepeatWebhook(status) ? ErrorCode::Unavailable : ErrorCode::FailedPrecondition,
      "webhook_refused", "the receiver answered " + std::to_string(status) + hint);
}

bool mayRepeatWebhook(int status) {
  return status == 408 || status == 425 || status == 429 || (status >= 500 && status < 600);
}

std::string describeAnswer(int status, std::string_view body, size_t maxBytes) {
  body = body.substr(0, maxBytes);
  for (;;) {
    json::Object answer;
    answer.set("status", status);
    answer.set("body", body);
    std::string text = json::write(answer);
    if (text.size() <= maxBytes || body.empty()) {
      return text;
    }
    // A byte takes up to six in JSON; so this cuts too little rather than too much.
    const size_t excess = text.size() - maxBytes;
    body = body.substr(0, body.size() - std::min(body.size(), excess / 6 + 1));
    while (!body.empty() && (static_cast<unsigned char>(body.back()) & 0xC0U) == 0x80U) {
      body.remove_suffix(1);
    }
    if (!body.empty() && static_cast<unsigned char>(body.back()) >= 0xC0U) {
      body.remove_suffix(1);
    }
  }
}

}  // namespace busbar::triggers
