// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <busbar/driver.hpp>
#include <busbar/service.hpp>

// HTTP by Busbar, for drivers with the permission "busbar.http/1" and TARGET_MINOR 1 or later.
#if BUSBAR_TARGET_MINOR >= 1
namespace busbar {

// The first lines of an answer.
struct HttpHead {
  int status = 0;
  std::string url;          // where it came from, after redirects
  std::string headersJson;  // object: lower-case name to string, or to an array of several

  bool isOk() const { return status >= 200 && status < 300; }
  // The first value of a header, by its lower-case name; empty when there is none.
  std::string header(std::string_view name) const {
    const JsonDocument headers = JsonDocument::parse(headersJson);
    const Json value = headers.root()[name];
    const Json first = value.isArray() ? value[size_t{0}] : value;
    return first.isString() ? first.as<std::string>() : std::string();
  }
};

struct HttpAnswer : HttpHead {
  std::string body;

  // Throws Failure E_DEVICE when the body is no JSON.
  JsonDocument json() const {
    try {
      return JsonDocument::parse(body);
    } catch (const Failure&) {
      throw Failure::device("the answer is no JSON");
    }
  }
};

class Http;

// One request, to be filled in and sent by then() or stream(). Every status of the server is an
// answer; a failure is when there is none.
class HttpRequest {
 public:
  HttpRequest& header(const std::string& name, std::string value) {
    headers_[name].push_back(std::move(value));
    return *this;
  }
  HttpRequest& basic(std::string_view username, std::string_view password) {
    return login("basic", username, password);
  }
  HttpRequest& digest(std::string_view username, std::string_view password) {
    return login("digest", username, password);
  }
  HttpRequest& bearer(std::string_view token) {
    auth_ = JsonObject().set("type", "bearer").set("token", token).text();
    return *this;
  }
  HttpRequest& body(std::string bytes, std::string contentType) {
    body_ = std::move(bytes);
    return header("Content-Type", std::move(contentType));
  }
  // Anything that toJson() takes.
  template <class T>
  HttpRequest& json(const T& value) {
    return body(toJson(value), "application/json");
  }
  // Of the whole request, redirects included.
  HttpRequest& timeout(std::chrono::milliseconds limit) {
    raw_.timeout_ms = static_cast<uint32_t>(limit.count());
    return *this;
  }
  // Of the answer's body; more of it is a failure.
  HttpRequest& maxBytes(uint32_t bytes) {
    raw_.max_bytes = bytes;
    return *this;
  }
  HttpRequest& redirects(uint32_t count) {
    raw_.max_redirects = count;
    return *this;
  }
  HttpRequest& withoutCookies() {
    raw_.flags |= BUSBAR_HTTP_NO_COOKIES;
    return *this;
  }
  // Ends with the call and its deadline. Without it: the function that runs right now, if any.
  HttpRequest& onBehalfOf(const Call& call) {
    raw_.parent_call = call.id();
    return *this;
  }
  // Not on behalf of the function that runs right now.
  HttpRequest& ownInitiative() {
    isOwn_ = true;
    return *this;
  }

  using OnAnswer = std::function<void(const HttpAnswer&)>;
  using OnFailure = std::function<void(const Failure&)>;
  // Exactly one of the two is called, later, unless the request is cancelled or its call ends. The
  // number is for Http::cancel. Throws Failure when too many requests are open.
  busbar_id then(OnAnswer onAnswer, OnFailure onFailure);

  using OnHead = std::function<void(const HttpHead&)>;
  using OnBytes = std::function<void(std::string_view)>;
  using OnEnd = std::function<void(const Failure*)>;
  // The same in pieces, as fast as `onBytes` returns; `onEnd` gets nullptr when all has come.
  busbar_id stream(OnHead onHead, OnBytes onBytes, OnEnd onEnd);

 private:
  friend class Http;
  HttpRequest(Http& http, std::string_view method, std::string_view url)
      : http_(http), method_(method), url_(url) {}
  HttpRequest& login(const char* type, std::string_view username, std::string_view password) {
    auth_ =
        JsonObject().set("type", type).set("username", username).set("password", password).text();
    return *this;
  }

  Http& http_;
  std::string method_;
  std::string url_;
  std::string auth_;
  std::string body_;
  std::map<std::string, std::vector<std::string>> headers_;
  busbar_http_request raw_{};
  bool isOwn_ = false;
};

// A member of the driver; ends its requests with itself. URLs are absolute, or "/path?query" on the
// origin of the module's address.
class Http : public Service {
 public:
  explicit Http(Driver& driver) : Service(driver, "busbar.http/1") {}

  HttpRequest get(std::string_view url) { return request("GET", url); }
  HttpRequest post(std::string_view url) { return request("POST", url); }
  HttpRequest put(std::string_view url) { return request("PUT", url); }
  HttpRequest request(std::string_view method, std::string_view url) {
    return HttpRequest(*this, method, url);
  }
  // Nothing of the request is heard any more. An unknown number is fine.
  void cancel(busbar_id request) { end(request); }

 private:
  friend class HttpRequest;
  struct Handlers {
    HttpRequest::OnAnswer onAnswer;
    HttpRequest::OnFailure onFailure;
    HttpRequest::OnHead onHead;
    HttpRequest::OnBytes onBytes;
    HttpRequest::OnEnd onEnd;
  };

  busbar_id send(HttpRequest& request, Handlers handlers) {
    // Shared because std::function must be copyable.
    const auto kept = std::make_shared<const Handlers>(std::move(handlers));
    busbar_http_request& raw = request.raw_;
    if (raw.parent_call == 0 && !request.isOwn_) {
      raw.parent_call = parentCall();
    }
    const busbar_id token =
        open([this, kept](const busbar_event& event) { take(event, *kept); }, raw.parent_call);
    const std::string headers = request.headers_.empty() ? std::string() : toJson(request.headers_);
    raw.struct_size = sizeof(raw);
    raw.token = token;
    raw.method = glue::toStr(request.method_);
    raw.url = glue::toStr(request.url_);
    raw.headers = toDoc(headers);
    raw.auth = toDoc(request.auth_);
    raw.body = {reinterpret_cast<const uint8_t*>(request.body_.data()), request.body_.size()};
    check(table<busbar_http>().request(instance(), &raw), token, "send an HTTP request");
    return token;
  }

  void take(const busbar_event& event, const Handlers& handlers) {
    if (event.status < 0 || event.http == nullptr) {
      forget(event.token);
      const Failure failure = toFailure(event);
      if (handlers.onFailure) {
        handlers.onFailure(failure);
      } else if (handlers.onEnd) {
        handlers.onEnd(&failure);
      }
      return;
    }
    const busbar_http_part& part = *event.http;
    const bool isLast = (part.flags & BUSBAR_HTTP_END) != 0;
    if (isLast) {
      forget(event.token);
    }
    const std::string_view bytes(reinterpret_cast<const char*>(part.bytes.ptr), part.bytes.len);
    if (handlers.onAnswer) {
      HttpAnswer answer;
      static_cast<HttpHead&>(answer) = toHead(part);
      answer.body = bytes;
      handlers.onAnswer(answer);
      return;
    }
    takePart(part, bytes, handlers);
  }
  static void takePart(const busbar_http_part& part, std::string_view bytes,
                       const Handlers& handlers) {
    if ((part.flags & BUSBAR_HTTP_HEAD) != 0 && handlers.onHead) {
      handlers.onHead(toHead(part));
    }
    if (!bytes.empty() && handlers.onBytes) {
      handlers.onBytes(bytes);
    }
    if ((part.flags & BUSBAR_HTTP_END) != 0 && handlers.onEnd) {
      handlers.onEnd(nullptr);
    }
  }

  static HttpHead toHead(const busbar_http_part& part) {
    return {static_cast<int>(part.http_status), std::string(part.url.ptr, part.url.len),
            std::string(reinterpret_cast<const char*>(part.headers.ptr), part.headers.len)};
  }
  static busbar_doc toDoc(const std::string& text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size(), BUSBAR_ENC_JSON, 0};
  }
};

inline busbar_id HttpRequest::then(OnAnswer onAnswer, OnFailure onFailure) {
  return http_.send(*this, {std::move(onAnswer), std::move(onFailure), {}, {}, {}});
}

inline busbar_id HttpRequest::stream(OnHead onHead, OnBytes onBytes, OnEnd onEnd) {
  raw_.flags |= BUSBAR_HTTP_STREAM;
  return http_.send(*this, {{}, {}, std::move(onHead), std::move(onBytes), std::move(onEnd)});
}

}  // namespace busbar
#endif
