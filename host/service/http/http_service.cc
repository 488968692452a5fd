// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/service/http/http_service.h"

#include <algorithm>
#include <utility>

#include <busbar/driver.h>

#include "host/service/http/header_document.h"
#include "host/service/http/request_reader.h"

namespace busbar {
namespace {

constexpr Milliseconds kLookAgain{5};

wire::HttpPart headPart(uint64_t token, const HttpHead& head, std::string_view headers) {
  wire::HttpPart part;
  part.token = token;
  part.flags = BUSBAR_HTTP_HEAD;
  part.httpStatus = static_cast<uint32_t>(head.status);
  part.url = head.url;
  part.headers = headers;
  return part;
}

}  // namespace

ServiceProvider HttpService::provider(Surroundings& surroundings) {
  ServiceProvider provider;
  provider.extension = "busbar.http/1";
  provider.frames = {wire::Type::HttpRequest, wire::Type::HttpTaken};
  provider.atStart = true;  // an admin reads at once what is wrong with the configuration
  provider.make = [&surroundings](ServiceClient& client) -> std::unique_ptr<Service> {
    return std::make_unique<HttpService>(surroundings, client);
  };
  return provider;
}

HttpService::HttpService(Surroundings& surroundings, ServiceClient& client)
    : around_(surroundings), client_(client) {
  setProfile();
}

HttpService::~HttpService() {
  around_.loop.cancel(waitTimer_);
  for (const auto& [token, open] : open_) {
    around_.client.cancel(open.id);
  }
  around_.figures.open -= open_.size();
}

void HttpService::setProfile() {
  known_ = client_.connection();
  reach_ = ModuleProfile::of(client_.uri(), client_.connection(), around_.siteCa);
  for (const std::string& warning : reach_.warnings) {
    client_.log(BUSBAR_LOG_WARN, warning);
  }
  if (reach_.profile == nullptr) {
    client_.log(BUSBAR_LOG_WARN, "no HTTP request can be made: " + reach_.problem.message);
  }
}

void HttpService::configured() {
  const Connection& now = client_.connection();
  if (now.tls != known_.tls || now.httpOrigins != known_.httpOrigins ||
      now.httpProxy != known_.httpProxy) {
    setProfile();
  }
}

bool HttpService::request(const wire::Frame& frame, std::string& why) {
  if (frame.type == wire::Type::HttpTaken) {
    wire::HttpTaken m;
    if (!wire::decode(frame.payload, m)) {
      why = "malformed http_taken frame";
      return false;
    }
    return taken(m, why);
  }
  wire::HttpRequest m;
  if (!wire::decode(frame.payload, m)) {
    why = "malformed http_request frame";
    return false;
  }
  if (m.head.token == 0 || open_.count(m.head.token) != 0) {
    why = "an http_request with token 0 or one that is in use";
    return false;
  }
  if (client_.originOf(m.head.parentCall) != nullptr) {
    ++around_.figures.requests;
    begin(m);
  }
  return true;
}

void HttpService::begin(const wire::HttpRequest& m) {
  const uint64_t token = m.head.token;
  if (open_.size() >= kMaxRequests) {
    fail(token, Error::because(ErrorCode::ResourceExhausted, "http_queue_full",
                               "256 requests of the module are open; ask less often"));
    return;
  }
  auto request = readHttpRequest(m, reach_.ownOrigin);
  Status fine = request.ok() ? limitTime(m, *request) : Status(request.error());
  if (fine.ok() && reach_.profile == nullptr) {
    fine = reach_.problem;
  }
  if (!fine.ok()) {
    fail(token, fine.error());
    return;
  }
  if ((m.flags & BUSBAR_HTTP_NO_COOKIES) == 0) {
    request->cookies = cookies_;
  }
  const auto id = (m.flags & BUSBAR_HTTP_STREAM) != 0
                      ? around_.client.stream(reach_.profile, std::move(*request), streamOf(token))
                      : around_.client.request(
                            reach_.profile, std::move(*request),
                            [this, token](Result<HttpAnswer> answer) { answered(token, answer); });
  if (!id) {
    fail(token, id.error());
    return;
  }
  open_[token].id = *id;
  ++around_.figures.open;
}

Status HttpService::limitTime(const wire::HttpRequest& m, HttpRequest& request) const {
  if (m.head.deadlineNs == INT64_MAX) {
    return {};
  }
  const int64_t now = around_.loop.now().time_since_epoch().count();
  if (m.head.deadlineNs <= now) {
    return Error::because(ErrorCode::DeadlineExceeded, "deadline_exceeded",
                          "the deadline of the call has passed");
  }
  const auto left = std::chrono::ceil<Milliseconds>(Nanoseconds(m.head.deadlineNs - now));
  request.timeout = std::min(request.timeout, left);
  return {};
}

void HttpService::release(uint64_t token) {
  if (const auto found = open_.find(token); found != open_.end()) {
    around_.client.cancel(found->second.id);
    forget(token);
  }
}

void HttpService::forget(uint64_t token) {
  around_.figures.open -= open_.erase(token);
}

void HttpService::fail(uint64_t token, const Error& error) {
  ++around_.figures.failures;
  if (!error.reason.empty()) {
    refuse(client_, BUSBAR_EV_HTTP, token, error);
    return;
  }
  const std::string field = error.field.empty() ? "" : error.field + ": ";
  refuse(client_, BUSBAR_EV_HTTP, token,
         Error::because(error.code, "http_bad_request", field + error.message));
}

void HttpService::answered(uint64_t token, const Result<HttpAnswer>& answer) {
  forget(token);
  if (!answer) {
    fail(token, answer.error());
    return;
  }
  if (client_.unsentBytes() > kMaxUnsent) {
    fail(token, Error::because(ErrorCode::ResourceExhausted, "http_not_taken",
                               "answers came faster than the driver takes them; ask for less at a "
                               "time, or stream"));
    return;
  }
  around_.figures.bytes += answer->body.size();
  const std::string headers = writeHeaders(answer->headers);
  wire::HttpPart part = headPart(token, *answer, headers);
  part.flags |= BUSBAR_HTTP_END;
  part.bytes = answer->body;
  client_.send(part);
}

// ---- streams

HttpStream HttpService::streamOf(uint64_t token) {
  HttpStream stream;
  stream.head = [this, token](const HttpHead& head) { streamHead(token, head); };
  stream.body = [this, token](std::string_view bytes) { streamBody(token, bytes); };
  stream.end = [this, token](const Status& status) { streamEnd(token, status); };
  return stream;
}

void HttpService::streamHead(uint64_t token, const HttpHead& head) {
  const std::string headers = writeHeaders(head.headers);
  client_.send(headPart(token, head, headers));
}

void HttpService::streamBody(uint64_t token, std::string_view bytes) {
  Open& open = open_.at(token);
  open.held.append(bytes);
  sendHeld(token, open);
}

void HttpService::streamEnd(uint64_t token, const Status& status) {
  forget(token);
  if (!status.ok()) {
    fail(token, status.error());
    return;
  }
  wire::HttpPart part;
  part.token = token;
  part.flags = BUSBAR_HTTP_END;
  client_.send(part);
}

// Sends what may go, and lets the client bring more only when all has gone.
void HttpService::sendHeld(uint64_t token, Open& open) {
  open.waits = false;
  while (open.heldFrom < open.held.size() && open.untaken < kWindowBytes) {
    if (client_.unsentBytes() > kMaxUnsentStream) {
      open.waits = true;
      waitForRunner();
      break;
    }
    wire::HttpPart part;
    part.token = token;
    part.bytes = std::string_view(open.held).substr(
        open.heldFrom, std::min(kPartBytes, kWindowBytes - open.untaken));
    client_.send(part);
    open.heldFrom += part.bytes.size();
    open.untaken += part.bytes.size();
    around_.figures.bytes += part.bytes.size();
  }
  if (open.heldFrom < open.held.size()) {
    if (!std::exchange(open.isPaused, true)) {
      around_.client.pause(open.id);
    }
    return;
  }
  open.held.clear();
  open.heldFrom = 0;
  if (std::exchange(open.isPaused, false)) {
    around_.client.resume(open.id);
  }
}

// Nothing tells when the runner has read what was sent to it, and it may all be of other modules.
void HttpService::waitForRunner() {
  if (waitTimer_ != 0) {
    return;
  }
  waitTimer_ = around_.loop.runAfter(kLookAgain, [this] {
    waitTimer_ = 0;
    for (auto& [token, open] : open_) {
      if (open.waits) {
        sendHeld(token, open);
      }
    }
  });
}

bool HttpService::taken(const wire::HttpTaken& m, std::string& why) {
  const auto found = open_.find(m.token);
  if (found == open_.end()) {
    return true;  // it crossed the end
  }
  Open& open = found->second;
  if (m.bytes > open.untaken) {
    why = "http_taken for more bytes than were sent";
    return false;
  }
  open.untaken -= m.bytes;
  sendHeld(m.token, open);
  return true;
}

}  // namespace busbar
