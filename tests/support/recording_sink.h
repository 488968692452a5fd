// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "api/http/front/handler.h"
#include "api/http/front/responder.h"

namespace busbar {

// Keeps what a handler answers, for tests of handlers without a socket. Loop-only.
class RecordingSink final : public http::ResponseSink {
 public:
  void respond(http::Response response) override {
    ++answers;
    answer = std::move(response);
  }
  bool isGone() const override { return gone; }
  void beginStream(http::Response head) override {
    ++answers;
    answer = std::move(head);
    isStreaming = true;
  }
  http::StreamWrite streamWrite(std::string_view bytes) override {
    if (gone) {
      return http::StreamWrite::Gone;
    }
    streamed.append(bytes);
    return isBehind ? http::StreamWrite::Behind : http::StreamWrite::Sent;
  }
  size_t streamQueuedBytes() const override { return isBehind ? streamed.size() : 0; }
  void onStreamDrained(Callback<void()> callback) override { drained = std::move(callback); }
  void onStreamClosed(Callback<void()> callback) override { closed = std::move(callback); }
  void endStream() override {
    isStreaming = false;
    drained = nullptr;
    closed = nullptr;
  }
  void cutStream() override {
    wasCut = true;
    endStream();
  }
  void beginUpgrade(http::Response head, http::UpgradeListener& listener) override {
    ++answers;
    answer = std::move(head);
    if (!gone) {
      upgraded = &listener;
      isStreaming = true;
    }
  }
  void setUpgradeDeadline(Instant when) override { deadline = when; }
  void closeUpgrade(bool cuts) override {
    wasCut = wasCut || cuts;
    isStreaming = false;
  }
  void detachUpgrade() override {
    upgraded = nullptr;
    isStreaming = false;
  }
  // What a connection does at the end of the turn after it was closed by either side.
  void tellClosed() {
    gone = true;
    isStreaming = false;
    if (http::UpgradeListener* listener = std::exchange(upgraded, nullptr)) {
      listener->onClosed(wasCut);
    }
  }
  // The reader has taken everything.
  void catchUp() {
    isBehind = false;
    if (upgraded != nullptr) {
      upgraded->onDrained();
    }
  }

  int answers = 0;
  std::optional<http::Response> answer;
  bool isStreaming = false;  // or upgraded, and not closed
  bool wasCut = false;
  bool gone = false;      // the client left
  bool isBehind = false;  // the reader is slow
  std::string streamed;
  http::UpgradeListener* upgraded = nullptr;
  Instant deadline = Instant::max();
  Callback<void()> drained;
  Callback<void()> closed;
};

// A sink that outlives its users, and the way to send one request through a handler.
class RecordedExchange {
 public:
  RecordedExchange() : sink_(new RecordingSink), reference_(sink_) {}
  RecordingSink& sink() { return *sink_; }
  http::Responder responder() { return http::Responder(sink_); }

  // As the front does: head, then body. True if the handler was reached.
  bool send(http::Handler& handler, http::Request& request, std::string body = {}) {
    http::Admission admission = handler.admit(request);
    if (admission.refusal) {
      sink_->respond(std::move(*admission.refusal));
      return false;
    }
    request.setBody(std::move(body));
    handler.handle(request, responder());
    return true;
  }

 private:
  RecordingSink* sink_;
  http::SinkRef reference_;
};

}  // namespace busbar
