// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/net/http_message.h"

#include <algorithm>

#include "sdk/base/ascii.h"

namespace busbar {
namespace {

constexpr size_t kMaxMethodBytes = 32;
constexpr size_t kMaxCredentialBytes = 8192;
constexpr size_t kMaxAnswerBytes = 1U << 30;
constexpr int kMaxRedirects = 20;

constexpr std::string_view kOurs[] = {"host",
                                      "content-length",
                                      "transfer-encoding",
                                      "connection",
                                      "keep-alive",
                                      "te",
                                      "trailer",
                                      "upgrade",
                                      "expect",
                                      "accept-encoding",
                                      "proxy-connection",
                                      "proxy-authorization"};

// RFC 9110 s. 5.6.2.
bool isTokenCharacter(char c) {
  const char low = asciiLower(c);
  return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool isToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), isTokenCharacter);
}

bool isPrintable(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
}

Error wrong(std::string field, std::string message) {
  return Error::at(ErrorCode::InvalidArgument, std::move(field), std::move(message));
}

Status checkHeader(const HttpRequest& request, const HttpHeader& header) {
  if (!isToken(header.name)) {
    return wrong("headers", "a header name is no token (RFC 9110 s. 5.6.2)");
  }
  if (!isPrintable(header.value)) {
    return wrong("headers",
                 "the value of header " + header.name + " holds a line end or control character");
  }
  const auto is = [&header](std::string_view name) { return sameHeaderName(header.name, name); };
  if (std::any_of(std::begin(kOurs), std::end(kOurs), is)) {
    return wrong("headers", "header " + header.name + " is written by the client itself");
  }
  if (is("authorization") && request.auth.kind != HttpAuth::Kind::None) {
    return wrong("headers", "header Authorization stands beside other credentials; keep one");
  }
  if (is("cookie") && request.cookies) {
    return wrong("headers", "header Cookie stands beside a cookie jar; keep one");
  }
  return {};
}

Status checkHeaders(const HttpRequest& request) {
  if (request.headers.size() > HttpRequest::kMaxHeaders) {
    return wrong("headers", "there are more than 64 headers");
  }
  size_t bytes = 0;
  for (const HttpHeader& header : request.headers) {
    BUSBAR_TRY(checkHeader(request, header));
    bytes += header.name.size() + header.value.size();
  }
  return bytes > HttpRequest::kMaxHeaderBytes ? wrong("headers", "the headers are over 32 KiB")
                                              : Status();
}

Status checkAuth(const HttpAuth& auth) {
  if (auth.user.size() > kMaxCredentialBytes || auth.secret.size() > kMaxCredentialBytes) {
    return wrong("auth", "a credential is over 8 KiB");
  }
  if (!isPrintable(auth.user) || !isPrintable(auth.secret)) {
    return wrong("auth", "a credential holds a line end or control character");
  }
  if (auth.kind == HttpAuth::Kind::Basic && auth.user.find(':') != std::string::npos) {
    return wrong("auth", "the user name of basic authentication holds a colon");
  }
  if (auth.kind == HttpAuth::Kind::Bearer && auth.secret.empty()) {
    return wrong("auth", "the bearer token is empty");
  }
  return {};
}

}  // namespace

bool sameHeaderName(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return asciiLower(x) == asciiLower(y);
         });
}

const std::string* findHeader(const HttpHeaders& headers, std::string_view name) {
  const auto found = std::find_if(headers.begin(), headers.end(), [name](const HttpHeader& header) {
    return sameHeaderName(header.name, name);
  });
  return found == headers.end() ? nullptr : &found->value;
}

Status checkRequest(const HttpRequest& request) {
  if (!isToken(request.method) || request.method.size() > kMaxMethodBytes ||
      std::any_of(request.method.begin(), request.method.end(),
                  [](char c) { return c >= 'a' && c <= 'z'; }) ||
      request.method == "CONNECT" || request.method == "TRACE") {
    return wrong("method", "the method is no upper-case token, or one that is not for clients");
  }
  BUSBAR_TRY(checkHeaders(request));
  BUSBAR_TRY(checkAuth(request.auth));
  if (request.body.size() > HttpRequest::kMaxBodyBytes) {
    return wrong("body", "the body is over 16 MiB");
  }
  if (!request.body.empty() && (request.method == "GET" || request.method == "HEAD")) {
    return wrong("body", "GET and HEAD take no body");
  }
  if (request.timeout <= Milliseconds(0) || request.timeout > std::chrono::hours(24) ||
      request.connectTimeout <= Milliseconds(0)) {
    return wrong("timeout", "a time-out is not from 1 ms to 24 hours");
  }
  if (request.maxAnswerBytes > kMaxAnswerBytes || request.maxRatio == 0) {
    return wrong("maxAnswerBytes", "the limit of the answer is over 1 GiB, or its ratio is 0");
  }
  if (request.maxRedirects < 0 || request.maxRedirects > kMaxRedirects) {
    return wrong("maxRedirects", "the number of redirects is not from 0 to 20");
  }
  return {};
}

bool isIdempotent(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" ||
         method == "OPTIONS";
}

}  // namespace busbar
