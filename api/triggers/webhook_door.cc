// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/webhook_door.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "api/auth/secret_token.h"
#include "api/triggers/operators.h"

namespace busbar::triggers {
namespace {

constexpr json::Limits kBodyLimits{1 << 20, 64};

std::string hmacHex(std::string_view secret, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &length);
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (unsigned i = 0; i < length; ++i) {
    out.push_back(kHex[digest[i] >> 4U]);
    out.push_back(kHex[digest[i] & 15U]);
  }
  return out;
}

// The value of `name` in "a=1,b=2".
std::string_view partOf(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const std::string_view part = list.substr(0, list.find(','));
    if (part.size() > name.size() && part.substr(0, name.size()) == name &&
        part[name.size()] == '=') {
      return part.substr(name.size() + 1);
    }
    list.remove_prefix(std::min(list.size(), part.size() + 1));
  }
  return {};
}

bool isSigned(std::string_view secret, const Knock& knock, int64_t nowSeconds) {
  if (!knock.signature.empty()) {
    const std::string_view stamp = partOf(knock.signature, "t");
    int64_t seconds = 0;
    const auto [end, error] = std::from_chars(stamp.data(), stamp.data() + stamp.size(), seconds);
    if (error != std::errc() || end != stamp.data() + stamp.size() ||
        seconds < nowSeconds - kSignatureAge.count() ||
        seconds > nowSeconds + kSignatureAge.count()) {
      return false;
    }
    std::string text(stamp);
    text.append(".").append(knock.body);
    return auth::equalsSecretly(hmacHex(secret, text), partOf(knock.signature, "v1"));
  }
  return auth::equalsSecretly(hmacHex(secret, knock.body), partOf(knock.hubSignature, "sha256"));
}

// RFC 6901 s. 4.
std::vector<std::string> keysOf(std::string_view pointer) {
  std::vector<std::string> keys;
  for (size_t i = 0; i < pointer.size(); ++i) {
    if (pointer[i] == '/') {
      keys.emplace_back();
    } else if (pointer[i] == '~' && i + 1 < pointer.size()) {
      keys.back().push_back(pointer[++i] == '1' ? '/' : '~');
    } else if (!keys.empty()) {
      keys.back().push_back(pointer[i]);
    }
  }
  return keys;
}

}  // namespace

bool isProven(const WebhookRules& rules, std::string_view secret, const Knock& knock,
              int64_t nowSeconds) {
  if (secret.empty()) {
    return false;
  }
  if (!knock.signature.empty() || !knock.hubSignature.empty()) {
    return isSigned(secret, knock, nowSeconds);
  }
  return rules.proof == WebhookRules::Proof::Secret && knock.secret &&
         auth::equalsSecretly(*knock.secret, secret);
}

Status checkDelivery(const WebhookRules& rules, const Knock& knock) {
  if (std::find(rules.methods.begin(), rules.methods.end(), knock.method) == rules.methods.end()) {
    return Error::because(ErrorCode::NotFound, "webhook_method",
                          "the webhook does not take " + std::string(knock.method));
  }
  if (rules.checks.empty()) {
    return {};
  }
  const auto body = json::parse(knock.body, kBodyLimits);
  for (const BodyCheck& check : rules.checks) {
    const json::Value* found = body.ok() ? dig(&*body, keysOf(check.pointer)) : nullptr;
    if (apply(check.op, termOf(found), termOf(&check.value)) != Verdict::True) {
      Error error = Error::because(ErrorCode::InvalidArgument, "webhook_body",
                                   "the body does not hold what the trigger asks for");
      error.field = check.pointer;
      error.httpStatus = 422;
      return error;
    }
  }
  return {};
}

json::Object webhookFacts(std::string_view method, json::Object query, std::string_view body) {
  json::Object facts;
  facts.set("method", method);
  facts.set("query", std::move(query));
  auto parsed = json::parse(body, kBodyLimits);
  if (parsed.ok()) {
    facts.set("body", std::move(*parsed));
  } else {
    facts.set("body", json::isUtf8(body) ? json::Value(body) : json::Value());
  }
  return facts;
}

}  // namespace busbar::triggers
