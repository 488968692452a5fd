// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/triggers/spec.h"
#include "sdk/base/json.h"
#include "sdk/base/net/http_message.h"
#include "sdk/base/net/http_profile.h"
#include "sdk/base/result.h"

// Outbound webhooks: what is sent, and how its answer is judged. Nothing here sends. Pure.
namespace busbar::triggers {

// What webhooks may reach: public addresses, and those in `allow`. `caPem` as in
// HttpProfileOptions.
Result<std::shared_ptr<const HttpProfile>> makeWebhookProfile(std::vector<AddressRange> allow,
                                                              std::string caPem);

// Of one attempt.
struct WebhookStamp {
  std::string_view secret;
  std::string_view firingId;
  std::string_view step;
  int64_t unixSeconds = 0;
  bool isRetry = false;
};

// Appends an error for each part that can never be sent: method, URL, headers that are not the
// caller's to set, a body where the method has none. `path` is that of the step's `webhook` member.
void checkWebhook(const CallWebhook& call, std::string_view path, model::FieldErrors& errors);

// Fills in the templates. Without a body of its own it carries the facts of the firing: the
// members trigger, instance, system, zone, firing, cause, condition of template.h's facts. Errors
// as render() has them.
Result<HttpRequest> buildWebhook(const CallWebhook& call, const json::Object& facts);
// Adds X-Busbar-Signature, -Firing, -Step and -Retry. The signature is "t=<unix seconds>,v1=<lower
// hex of HMAC-SHA256(secret, "<unix seconds>.<body>")>", so that who knows the secret can tell
// where it comes from, and an old one from a new one.
void stampWebhook(HttpRequest& request, const WebhookStamp& stamp);

// The status of an answer as the end of an attempt: 2xx is success. Reason `webhook_refused`.
Status judgeWebhook(int status);
// Whether another attempt may end better: no answer, 408, 425, 429, 5xx.
bool mayRepeatWebhook(int status);
// JSON text of at most `maxBytes`: {"status":200,"body":"…"}; never headers. The body is cut where
// it has to be.
std::string describeAnswer(int status, std::string_view body, size_t maxBytes);

}  // namespace busbar::triggers
