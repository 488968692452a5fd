// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/triggers/spec.h"
#include "sdk/base/json.h"
#include "sdk/base/result.h"

// Who may set a trigger off from outside, and with what. Pure.
//
// A signature proves that the sender knows the secret and that the body is as it was sent; with a
// time in it, also that it is not an old one sent again later than kSignatureAge. A shared secret
// in the URL proves less: whoever sees the URL has it.
namespace busbar::triggers {

inline constexpr std::chrono::seconds kSignatureAge{300};

// One call of a webhook as it came.
struct Knock {
  std::string_view method;
  std::optional<std::string_view> secret;  // from the URL
  std::string_view signature;              // X-Busbar-Signature: "t=<unix seconds>,v1=<hex>"
  std::string_view hubSignature;           // X-Hub-Signature-256: "sha256=<hex>", of the body alone
  std::string_view body;
};

// Whether the sender knows `secret`. Takes a time that does not depend on how much of it is right.
bool isProven(const WebhookRules& rules, std::string_view secret, const Knock& knock,
              int64_t nowSeconds);
// What is asked of a delivery beyond that: method, and the checks of its body. Reasons:
// webhook_method, webhook_body (with the pointer).
Status checkDelivery(const WebhookRules& rules, const Knock& knock);
// What templates see as `webhook`: method, query, and the body as JSON, or as a text when it is
// none. `query` without the secret.
json::Object webhookFacts(std::string_view method, json::Object query, std::string_view body);

}  // namespace busbar::triggers
