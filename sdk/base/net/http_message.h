// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/base/callback.h"
#include "sdk/base/clock.h"
#include "sdk/base/net/cookie_jar.h"
#include "sdk/base/result.h"

namespace busbar {

struct HttpHeader {
  std::string name;
  std::string value;
  bool operator==(const HttpHeader&) const = default;
};
using HttpHeaders = std::vector<HttpHeader>;

// The first header of that name, whatever its case; nullptr when there is none.
const std::string* findHeader(const HttpHeaders& headers, std::string_view name);
bool sameHeaderName(std::string_view a, std::string_view b);

struct HttpAuth {
  enum class Kind { None, Basic, Bearer, Digest };  // RFC 7617, RFC 6750, RFC 7616
  Kind kind = Kind::None;
  std::string user;    // Basic and Digest; no colon in it for Basic
  std::string secret;  // the password or the token
};

// One outbound request. A value.
struct HttpRequest {
  static constexpr size_t kMaxBodyBytes = 16U << 20;
  static constexpr size_t kMaxHeaderBytes = 32U << 10;
  static constexpr size_t kMaxHeaders = 64;

  std::string method = "GET";  // a token in upper case; not CONNECT, not TRACE
  std::string url;             // Url::parse
  // Not those that the client itself writes: Host, Content-Length, Transfer-Encoding, Connection,
  // Accept-Encoding, Expect and the other hop-by-hop ones; nor Authorization beside `auth`, nor
  // Cookie beside `cookies`.
  HttpHeaders headers;
  std::string body;
  HttpAuth auth;
  std::shared_ptr<CookieJar> cookies;  // shared: requests of one caller fill and send it together

  Milliseconds timeout{30'000};         // for everything, redirects included; up to 24 hours
  Milliseconds connectTimeout{10'000};  // name, connection and TLS handshake of each hop
  size_t maxAnswerBytes = 1U << 20;     // of the body, as received and as unpacked; up to 1 GiB
  size_t maxRatio = 100;                // unpacked to packed, looked at from 1 MiB on
  bool acceptGzip = true;
  int maxRedirects = 5;  // 0: a 3xx is the answer; up to 20
};

// The first lines of an answer. A body that came packed is unpacked; then Content-Encoding and
// Content-Length are taken out.
struct HttpHead {
  int status = 0;
  HttpHeaders headers;
  std::string url;  // of the last hop, which may hold what the caller's query held
};

struct HttpAnswer : HttpHead {
  std::string body;
};
using HttpDone = Callback<void(Result<HttpAnswer>)>;

// An answer in pieces: `head` once, `body` any number of times, `end` once. Before an error there
// may be no head. A caller that cannot keep up calls HttpClient::pause().
struct HttpStream {
  Callback<void(HttpHead)> head;
  Callback<void(std::string_view)> body;
  Callback<void(Status)> end;
};

// InvalidArgument with the field, when the request itself is wrong; the URL apart.
Status checkRequest(const HttpRequest& request);
// RFC 9110 s. 9.2.2, without TRACE.
bool isIdempotent(std::string_view method);

}  // namespace busbar
