// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/net/http_client.h"

#include <utility>

#include "sdk/base/net/http_core.h"

namespace busbar {

HttpClient::HttpClient(EventLoop& loop, Resolver& resolver)
    : HttpClient(loop, resolver, Limits()) {}

HttpClient::HttpClient(EventLoop& loop, Resolver& resolver, const Limits& limits)
    : core_(std::make_shared<Core>(loop, resolver, limits)) {}

HttpClient::~HttpClient() {
  core_->close();
}

Result<HttpRequestId> HttpClient::request(std::shared_ptr<const HttpProfile> profile,
                                          HttpRequest request, HttpDone done) {
  return core_->add(std::move(profile), std::move(request), std::move(done));
}

Result<HttpRequestId> HttpClient::stream(std::shared_ptr<const HttpProfile> profile,
                                         HttpRequest request, HttpStream stream) {
  return core_->add(std::move(profile), std::move(request), std::move(stream));
}

void HttpClient::cancel(HttpRequestId id) {
  core_->cancel(id);
}
void HttpClient::pause(HttpRequestId id) {
  core_->hold(id, true);
}
void HttpClient::resume(HttpRequestId id) {
  core_->hold(id, false);
}

HttpClient::Figures HttpClient::figures() const {
  return core_->figures();
}

}  // namespace busbar
