// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <curl/curl.h>

#include "sdk/base/net/answer_reader.h"
#include "sdk/base/net/curl_multi.h"
#include "sdk/base/net/http_message.h"
#include "sdk/base/net/http_profile.h"
#include "sdk/base/net/url.h"

namespace busbar {

// One request on its way: what it asks, how libcurl is set for its present hop, and what has come.
// It never calls its caller; it tells the Owner that there is news. Loop-only.
//
//   Queued -> Resolving -> Running -> Ended
//      ^__________|___________|   (redirect, one retry)
class HttpTransfer {
 public:
  static constexpr size_t kWindowBytes = 256U << 10;  // not taken yet; more makes the server wait

  enum class State { Queued, Resolving, Running, Ended };
  enum class Outcome { Ended, Again };  // Again: queue it for the next hop or the retry
  class Owner {
   public:
    virtual ~Owner() = default;
    // Possibly from within libcurl.
    virtual void transferHasNews(HttpTransfer& transfer) = 0;
    virtual bool maySocketOpen() const = 0;
  };
  using Sink = std::variant<HttpDone, HttpStream>;

  HttpTransfer(Owner& owner, uint64_t id, std::shared_ptr<const HttpProfile> profile,
               HttpRequest request, Url url, Sink sink);
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;
  ~HttpTransfer();  // detached from libcurl before

  // The name to resolve before start(); empty when the address is in the URL.
  std::string nameToResolve() const;
  // `easy` is as applyProfile() left it, or came from detach() of the same profile.
  void start(CURL* easy, CurlMulti& multi, const std::vector<IpAddress>& addresses);
  // Gives the handle back, as applyProfile() left it.
  CURL* detach();
  // libcurl has ended the hop; still attached.
  Outcome hopEnded(CURLcode code);
  void fail(Error error);

  // Streams: what may be given to the caller now.
  bool hasHeadToGive() const;
  HttpHead takeHead();
  bool hasRoom() const { return reader_->bodyBytes() < kWindowBytes && !isHeld; }
  bool needsUnpause() const { return isPaused_ && hasRoom(); }
  void unpause();
  std::string& body() { return reader_->body(); }
  bool isStream() const { return std::holds_alternative<HttpStream>(sink); }
  Result<HttpAnswer> takeAnswer();

  const Url& url() const { return url_; }
  const HttpRequest& request() const { return request_; }
  CURL* easy() const { return easy_; }

  const uint64_t id;
  const std::shared_ptr<const HttpProfile> profile;
  Sink sink;
  State state = State::Queued;
  TimerId deadlineTimer = 0;
  bool isHeld = false;  // the caller of a stream has asked for a pause
  bool hasNews = false;
  std::optional<Status> result;  // once Ended

 private:
  static int onPrereq(void* self, char*, char*, int, int);
  static curl_socket_t onOpen(void* self, curlsocktype, curl_sockaddr* address);
  static size_t onHeader(char* data, size_t size, size_t count, void* self);
  static size_t onBody(char* data, size_t size, size_t count, void* self);
  bool refuse(Status status);
  void resetReader();
  void setRequest();
  void setMethod();
  void setHeaders();
  void addHeader(const std::string& name, const std::string& value);
  void setAuth();
  void setAddresses(const std::vector<IpAddress>& addresses);
  bool isPlain() const;
  Outcome end(Status status);
  Outcome hopDone();
  bool mayRepeat(CURLcode code) const;
  Status checkCookies();

  Owner& owner_;
  HttpRequest request_;
  Url url_;
  int hops_ = 0;
  bool repeated_ = false;  // the one retry is used up
  bool isSent_ = false;    // this hop has gone out, and nothing has come since
  bool wasPlain_ = false;  // when it started; a redirect changes the request
  bool isPaused_ = false;
  bool isHeadGiven_ = false;
  std::optional<AnswerReader> reader_;
  std::optional<Error> refusal_;  // why a callback made libcurl stop
  std::optional<Error> blocked_;  // by the guard, if nothing else worked either
  CURL* easy_ = nullptr;
  CurlMulti* multi_ = nullptr;
  curl_slist* headers_ = nullptr;
  curl_slist* resolve_ = nullptr;
};

}  // namespace busbar
