// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/service/http/request_reader.h"

#include <utility>

#include <busbar/driver.h>

#include "host/service/http/header_document.h"
#include "sdk/base/json.h"

namespace busbar {
namespace {

constexpr uint32_t kFlags = BUSBAR_HTTP_STREAM | BUSBAR_HTTP_NO_COOKIES;
constexpr uint32_t kDefaultTimeoutMs = 10'000;
constexpr uint32_t kMaxTimeoutMs = 600'000;
constexpr uint32_t kMaxWholeBytes = 1U << 20U;
constexpr uint32_t kMaxStreamBytes = 256U << 20U;
constexpr uint32_t kMaxRedirects = 10;
constexpr size_t kMaxBodyBytes = 1U << 20U;
constexpr size_t kMaxAuthBytes = 64U << 10U;

Error wrong(std::string field, std::string message) {
  return Error::at(ErrorCode::InvalidArgument, std::move(field), std::move(message));
}

// Exactly the two strings `first` and `second` beside "type"; an empty `second` is none.
bool readStrings(const json::Object& object, std::string_view first, std::string& firstValue,
                 std::string_view second, std::string& secondValue) {
  const auto read = [&object](std::string_view name, std::string& out) {
    const json::Value* value = object.find(name);
    if (value == nullptr || value->asString() == nullptr) {
      return false;
    }
    out = *value->asString();
    return true;
  };
  return object.size() == (second.empty() ? 2U : 3U) && read(first, firstValue) &&
         (second.empty() || read(second, secondValue));
}

Result<HttpAuth> readAuth(std::string_view document) {
  HttpAuth auth;
  if (document.empty()) {
    return auth;
  }
  const auto parsed = json::parse(document, {.maxBytes = kMaxAuthBytes, .maxDepth = 2});
  const json::Object* object = parsed.ok() ? parsed->asObject() : nullptr;
  const json::Value* type = object != nullptr ? object->find("type") : nullptr;
  if (type == nullptr || type->asString() == nullptr) {
    return wrong("auth", "the credentials are no object with a type");
  }
  const std::string& kind = *type->asString();
  std::string none;
  if (kind == "basic" || kind == "digest") {
    auth.kind = kind == "basic" ? HttpAuth::Kind::Basic : HttpAuth::Kind::Digest;
    if (!readStrings(*object, "username", auth.user, "password", auth.secret)) {
      return wrong("auth", "basic and digest take exactly the strings username and password");
    }
    return auth;
  }
  if (kind != "bearer") {
    return wrong("auth", "the type of the credentials is not basic, digest or bearer");
  }
  auth.kind = HttpAuth::Kind::Bearer;
  if (!readStrings(*object, "token", auth.secret, {}, none)) {
    return wrong("auth", "bearer takes exactly the string token");
  }
  return auth;
}

Status readLimits(const wire::HttpRequest& m, HttpRequest& out) {
  const bool isStream = (m.flags & BUSBAR_HTTP_STREAM) != 0;
  if ((m.flags & ~kFlags) != 0) {
    return wrong("flags", "there are unknown flags");
  }
  if (m.timeoutMs > kMaxTimeoutMs) {
    return wrong("timeout_ms", "the time-out is over 600,000 ms");
  }
  if (m.maxBytes > (isStream ? kMaxStreamBytes : kMaxWholeBytes)) {
    return wrong("max_bytes", "the limit of the answer is over 1 MiB, or over 256 MiB streamed");
  }
  if (m.maxRedirects > kMaxRedirects) {
    return wrong("max_redirects", "there may be at most 10 redirects");
  }
  if (m.body.size() > kMaxBodyBytes) {
    return wrong("body", "the body is over 1 MiB");
  }
  out.timeout = Milliseconds(m.timeoutMs == 0 ? kDefaultTimeoutMs : m.timeoutMs);
  out.maxAnswerBytes = m.maxBytes == 0 ? kMaxWholeBytes : m.maxBytes;
  out.maxRedirects = static_cast<int>(m.maxRedirects);
  return {};
}

}  // namespace

Result<HttpRequest> readHttpRequest(const wire::HttpRequest& m, const std::string& ownOrigin) {
  HttpRequest out;
  BUSBAR_TRY(readLimits(m, out));
  if (!m.url.empty() && m.url.front() == '/') {
    if (ownOrigin.empty()) {
      return Error::because(
          ErrorCode::InvalidArgument, "http_no_address",
          "the request is for the module's own address, and that is no http or https URL; set uri");
    }
    out.url = ownOrigin;
  }
  out.url += m.url;
  out.method = m.method;
  auto headers = readHeaders(m.headers);
  if (!headers) {
    return std::move(headers).error();
  }
  out.headers = std::move(*headers);
  auto auth = readAuth(m.auth);
  if (!auth) {
    return std::move(auth).error();
  }
  out.auth = std::move(*auth);
  out.body = m.body;
  return out;
}

}  // namespace busbar
