// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/net/http_transfer.h"

#include <utility>

#include <openssl/evp.h>

#include "sdk/base/net/http_error.h"
#include "sdk/base/net/profile_options.h"
#include "sdk/base/net/redirect.h"

namespace busbar {
namespace {

std::string base64(const std::string& text) {
  std::string out((text.size() + 2) / 3 * 4 + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
  out.resize(static_cast<size_t>(length));
  return out;
}

void append(curl_slist*& list, const std::string& line) {
  list = curl_slist_append(list, line.c_str());
  BUSBAR_CHECK(list != nullptr);
}

}  // namespace

HttpTransfer::HttpTransfer(Owner& owner, uint64_t requestId,
                           std::shared_ptr<const HttpProfile> requestProfile, HttpRequest request,
                           Url url, Sink requestSink)
    : id(requestId),
      profile(std::move(requestProfile)),
      sink(std::move(requestSink)),
      owner_(owner),
      request_(std::move(request)),
      url_(std::move(url)) {
  resetReader();
}

HttpTransfer::~HttpTransfer() {
  BUSBAR_CHECK(easy_ == nullptr);
}

void HttpTransfer::resetReader() {
  AnswerReader::Options options;
  options.maxBytes = request_.maxAnswerBytes;
  options.maxRatio = request_.maxRatio;
  options.acceptGzip = request_.acceptGzip;
  options.followsRedirects = request_.maxRedirects > 0;
  options.answersChallenges = request_.auth.kind == HttpAuth::Kind::Digest;
  reader_.emplace(options);
}

std::string HttpTransfer::nameToResolve() const {
  const auto& proxy = profile->options().proxy;
  const std::string& host = proxy ? proxy->host : url_.host();
  return IpAddress::parse(host) ? std::string() : host;
}

void HttpTransfer::start(CURL* easy, CurlMulti& multi, const std::vector<IpAddress>& addresses) {
  easy_ = easy;
  multi_ = &multi;
  state = State::Running;
  wasPlain_ = isPlain();
  isSent_ = false;
  isPaused_ = false;
  blocked_.reset();
  resetReader();
  setRequest();
  setMethod();
  setHeaders();
  setAuth();
  setAddresses(addresses);
  multi.add(easy);
}

void HttpTransfer::setRequest() {
  setOption(easy_, CURLOPT_PRIVATE, this);
  setOption(easy_, CURLOPT_URL, url_.text().c_str());
  setOption(easy_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request_.connectTimeout.count()));
  setOption(easy_, CURLOPT_PREREQFUNCTION, &HttpTransfer::onPrereq);
  setOption(easy_, CURLOPT_PREREQDATA, this);
  setOption(easy_, CURLOPT_OPENSOCKETFUNCTION, &HttpTransfer::onOpen);
  setOption(easy_, CURLOPT_OPENSOCKETDATA, this);
  setOption(easy_, CURLOPT_CLOSESOCKETFUNCTION, &CurlMulti::onClose);
  setOption(easy_, CURLOPT_CLOSESOCKETDATA, multi_);
  setOption(easy_, CURLOPT_HEADERFUNCTION, &HttpTransfer::onHeader);
  setOption(easy_, CURLOPT_HEADERDATA, this);
  setOption(easy_, CURLOPT_WRITEFUNCTION, &HttpTransfer::onBody);
  setOption(easy_, CURLOPT_WRITEDATA, this);
  setOption(easy_, CURLOPT_ACCEPT_ENCODING,
            request_.acceptGzip ? "gzip" : static_cast<const char*>(nullptr));
  if (request_.cookies) {
    setOption(easy_, CURLOPT_SHARE, static_cast<CURLSH*>(request_.cookies->share()));
    setOption(easy_, CURLOPT_COOKIEFILE, "");  // turns the engine on, reads no file
  }
}

void HttpTransfer::setMethod() {
  if (request_.method == "GET") {
    setOption(easy_, CURLOPT_HTTPGET, 1L);
    return;
  }
  if (request_.method == "HEAD") {
    setOption(easy_, CURLOPT_NOBODY, 1L);
    return;
  }
  // A POST as libcurl sees it sends Content-Length also for an empty body, as POST and PUT should.
  if (!request_.body.empty() || request_.method == "POST" || request_.method == "PUT") {
    setOption(easy_, CURLOPT_POST, 1L);
    setOption(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    setOption(easy_, CURLOPT_POSTFIELDS, request_.body.data());
  }
  if (request_.method != "POST") {
    setOption(easy_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  }
}

void HttpTransfer::addHeader(const std::string& name, const std::string& value) {
  // With a colon and nothing behind it libcurl takes a header away; a semicolon sends it empty.
  append(headers_, value.empty() ? name + ";" : name + ": " + value);
}

void HttpTransfer::setHeaders() {
  for (const HttpHeader& header : request_.headers) {
    addHeader(header.name, header.value);
  }
  if (!request_.body.empty() || request_.method == "POST" || request_.method == "PUT") {
    append(headers_, "Expect:");  // no wait for 100 Continue
    if (findHeader(request_.headers, "Content-Type") == nullptr) {
      append(headers_, "Content-Type:");  // libcurl would make it a form
    }
  }
  if (request_.auth.kind == HttpAuth::Kind::Basic) {
    addHeader("Authorization", "Basic " + base64(request_.auth.user + ":" + request_.auth.secret));
  } else if (request_.auth.kind == HttpAuth::Kind::Bearer) {
    addHeader("Authorization", "Bearer " + request_.auth.secret);
  }
  setOption(easy_, CURLOPT_HTTPHEADER, headers_);
}

void HttpTransfer::setAuth() {
  if (request_.auth.kind == HttpAuth::Kind::Digest) {
    setOption(easy_, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_DIGEST));
    setOption(easy_, CURLOPT_USERNAME, request_.auth.user.c_str());
    setOption(easy_, CURLOPT_PASSWORD, request_.auth.secret.c_str());
  }
}

void HttpTransfer::setAddresses(const std::vector<IpAddress>& addresses) {
  if (addresses.empty()) {
    return;
  }
  const auto& proxy = profile->options().proxy;
  const uint16_t port = proxy ? proxy->port : url_.port();
  // The plus makes libcurl forget it again, so that the names of a long life do not pile up.
  std::string entry = "+" + (proxy ? proxy->host : url_.host()) + ":" + std::to_string(port);
  // After a socket that onOpen() refuses, libcurl 7.88 waits half of the connect time-out before it
  // tries the next address. So refused ones stand here only when there are no others.
  std::vector<IpAddress> good = addresses;
  std::erase_if(good, [&](const IpAddress& address) {
    return !profile->allowsConnect(url_, address, port).ok();
  });
  char separator = ':';
  for (const IpAddress& address : good.empty() ? addresses : good) {
    entry += std::exchange(separator, ',') +
             (address.isIpv6() ? "[" + address.text() + "]" : address.text());
  }
  append(resolve_, entry);
  setOption(easy_, CURLOPT_RESOLVE, resolve_);
}

// True when nothing but what every start() sets again was set, so that no reset is needed: a reset
// and the profile anew cost a third of a small request.
bool HttpTransfer::isPlain() const {
  return request_.method == "GET" && !request_.cookies &&
         request_.auth.kind != HttpAuth::Kind::Digest;
}

CURL* HttpTransfer::detach() {
  CURL* const easy = std::exchange(easy_, nullptr);
  if (easy != nullptr && wasPlain_) {
    setOption(easy, CURLOPT_HTTPHEADER, static_cast<curl_slist*>(nullptr));
    setOption(easy, CURLOPT_RESOLVE, static_cast<curl_slist*>(nullptr));
  } else if (easy != nullptr) {
    // A reset keeps the share, and with it the cookies of somebody; and it loses the list of files.
    setOption(easy, CURLOPT_SHARE, static_cast<CURLSH*>(nullptr));
    setOption(easy, CURLOPT_COOKIEFILE, static_cast<char*>(nullptr));
    curl_easy_reset(easy);
    applyProfile(easy, profile->options());
  }
  curl_slist_free_all(std::exchange(headers_, nullptr));
  curl_slist_free_all(std::exchange(resolve_, nullptr));
  return easy;
}

// libcurl sends a request again by itself when a kept connection turns out to be dead, whatever its
// method. Here it goes out once more at most, and only if that cannot do anything twice.
int HttpTransfer::onPrereq(void* self, char*, char*, int, int) {
  auto* transfer = static_cast<HttpTransfer*>(self);
  if (transfer->isSent_) {
    if (transfer->repeated_ || !isIdempotent(transfer->request_.method)) {
      transfer->refusal_ = errorOf(transfer->easy_, CURLE_GOT_NOTHING, transfer->url_.origin());
      return CURL_PREREQFUNC_ABORT;
    }
    transfer->repeated_ = true;
  }
  transfer->isSent_ = true;
  return CURL_PREREQFUNC_OK;
}

curl_socket_t HttpTransfer::onOpen(void* self, curlsocktype, curl_sockaddr* address) {
  auto* transfer = static_cast<HttpTransfer*>(self);
  const auto ip = IpAddress::fromSockaddr(&address->addr, address->addrlen);
  if (!ip) {
    return CURL_SOCKET_BAD;
  }
  const Status allowed =
      transfer->profile->allowsConnect(transfer->url_, *ip, portOf(&address->addr));
  if (!allowed.ok()) {
    transfer->blocked_ = allowed.error();
    return CURL_SOCKET_BAD;
  }
  if (!transfer->owner_.maySocketOpen()) {
    transfer->blocked_ = Error::because(
        ErrorCode::ResourceExhausted, "too_many_connections",
        "connect to " + transfer->url_.origin() + ": the limit of connections is reached");
    return CURL_SOCKET_BAD;
  }
  return transfer->multi_->open(*address);
}

bool HttpTransfer::refuse(Status status) {
  if (status.ok()) {
    return false;
  }
  refusal_ = std::move(status).error();
  refusal_->message = url_.origin() + ": " + refusal_->message;
  return true;
}

size_t HttpTransfer::onHeader(char* data, size_t size, size_t count, void* self) {
  auto* transfer = static_cast<HttpTransfer*>(self);
  transfer->isSent_ = false;
  if (transfer->refuse(transfer->reader_->line({data, size * count}))) {
    return 0;
  }
  if (transfer->hasHeadToGive()) {
    transfer->owner_.transferHasNews(*transfer);
  }
  return size * count;
}

size_t HttpTransfer::onBody(char* data, size_t size, size_t count, void* self) {
  auto* transfer = static_cast<HttpTransfer*>(self);
  if (transfer->isStream() && !transfer->hasRoom()) {
    transfer->isPaused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  if (transfer->refuse(transfer->reader_->bytes({data, size * count})) ||
      transfer->reader_->isRedirectLong()) {
    return CURL_WRITEFUNC_ERROR;
  }
  if (transfer->isStream() && transfer->reader_->isHeadFinal()) {
    transfer->owner_.transferHasNews(*transfer);
  }
  return size * count;
}

bool HttpTransfer::hasHeadToGive() const {
  return isStream() && !isHeadGiven_ && reader_->isHeadFinal();
}

HttpHead HttpTransfer::takeHead() {
  isHeadGiven_ = true;
  HttpHead head = reader_->head();  // the reader goes on asking it
  head.url = url_.text();
  return head;
}

void HttpTransfer::unpause() {
  isPaused_ = false;
  multi_->unpause(easy_);
}

HttpTransfer::Outcome HttpTransfer::end(Status status) {
  state = State::Ended;
  result = std::move(status);
  return Outcome::Ended;
}

void HttpTransfer::fail(Error error) {
  end(std::move(error));
}

bool HttpTransfer::mayRepeat(CURLcode code) const {
  return (code == CURLE_GOT_NOTHING || code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR) &&
         !reader_->hasBegun() && !repeated_ && isIdempotent(request_.method);
}

HttpTransfer::Outcome HttpTransfer::hopEnded(CURLcode code) {
  if (refusal_) {
    return end(*refusal_);
  }
  if (code == CURLE_OK || reader_->isRedirectLong()) {
    return hopDone();
  }
  if (mayRepeat(code)) {
    repeated_ = true;
    state = State::Queued;
    return Outcome::Again;
  }
  if (code == CURLE_COULDNT_CONNECT && blocked_) {
    return end(*blocked_);
  }
  return end(errorOf(easy_, code, url_.origin()));
}

HttpTransfer::Outcome HttpTransfer::hopDone() {
  if (refuse(reader_->finish()) || refuse(checkCookies())) {
    return end(*refusal_);
  }
  if (!reader_->isRedirect()) {
    return end({});
  }
  if (++hops_ > request_.maxRedirects) {
    return end(Error::because(ErrorCode::PermissionDenied, "http_redirect_refused",
                              url_.origin() + " redirects, and that is refused: there were " +
                                  std::to_string(request_.maxRedirects) + " redirects before"));
  }
  if (Status next = applyRedirect(*profile, reader_->head(), request_, url_); !next.ok()) {
    return end(std::move(next));
  }
  state = State::Queued;
  return Outcome::Again;
}

Status HttpTransfer::checkCookies() {
  if (!request_.cookies || findHeader(reader_->head().headers, "Set-Cookie") == nullptr) {
    return {};
  }
  curl_slist* cookies = nullptr;
  curl_easy_getinfo(easy_, CURLINFO_COOKIELIST, &cookies);
  size_t count = 0;
  for (const curl_slist* at = cookies; at != nullptr; at = at->next) {
    ++count;
  }
  curl_slist_free_all(cookies);
  if (count <= CookieJar::kMaxCookies) {
    return {};
  }
  setOption(easy_, CURLOPT_COOKIELIST, "ALL");
  return Error::because(ErrorCode::ResourceExhausted, "http_too_many_cookies",
                        "the answer fills the cookie jar over 100 cookies; it was emptied");
}

Result<HttpAnswer> HttpTransfer::takeAnswer() {
  if (!result->ok()) {
    return result->error();
  }
  HttpAnswer answer;
  static_cast<HttpHead&>(answer) = reader_->takeHead();
  answer.url = url_.text();
  answer.body = std::move(reader_->body());
  return answer;
}

}  // namespace busbar
