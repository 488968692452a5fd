// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "api/http/front/front_context.h"
#include "api/http/front/output_queue.h"
#include "api/http/front/request_reader.h"
#include "api/http/front/responder.h"
#include "api/http/front/transport.h"
#include "sdk/base/event_loop.h"

namespace busbar::http {

// One accepted socket, from handshake to close.
//
//   Handshake -> Reading <-> Busy -> Stream | Upgraded        any -> Linger -> Closed
//
// Reading: waits for or receives a request. Busy: a handler has it; what else arrives waits
// (bounded). Stream: a body without an end is being written; input is dropped. Upgraded: a listener
// takes and gives the bytes of another protocol. Linger: the last answer is on its way or sent,
// input is dropped, so that a reset does not overtake the answer (RFC 9112 s. 9.6). Closed: the
// socket is gone; the object lives while a Responder, EventStream or UpgradedConnection refers to
// it. Deadlines are checked by sweep(). Loop-only.
class Connection final : public ResponseSink {
 public:
  Connection(FrontContext& context, UniqueFd fd, Peer peer, std::unique_ptr<TlsSession> tls);

  // Begins to serve. False if the loop cannot watch the socket.
  bool start();
  // Begins with an answer for a connection over a limit, and ends.
  bool startRefused(const Response& answer);
  // Ends what has passed its deadline.
  void sweep(Instant now);
  // No further request; closes when nothing is in work.
  void drain();
  void closeNow();
  void flush();

  // ResponseSink
  void respond(Response response) override;
  bool isGone() const override { return phase_ == Phase::Closed || isStreamLost_; }
  void beginStream(Response head) override;
  StreamWrite streamWrite(std::string_view bytes) override;
  size_t streamQueuedBytes() const override { return queuedBytes(); }
  void onStreamDrained(Callback<void()> callback) override { onDrained_ = std::move(callback); }
  void onStreamClosed(Callback<void()> callback) override { onClosed_ = std::move(callback); }
  void endStream() override;
  void cutStream() override;
  void beginUpgrade(Response head, UpgradeListener& listener) override;
  void setUpgradeDeadline(Instant when) override;
  void closeUpgrade(bool cuts) override;
  void detachUpgrade() override;

  size_t listIndex = 0;         // where the front keeps it
  bool isFlushPending = false;  // the front will flush it in this turn

 private:
  enum class Phase { Handshake, Reading, Busy, Stream, Upgraded, Linger, Closed };

  ~Connection() override;
  bool watch();
  void onEvent(uint32_t events);
  void handshake();
  void receive();
  void consume(std::string_view bytes);
  void process(std::string_view& input);
  void afterProcessing();
  void pump();
  void continueLater();
  void onHead();
  void onRefusedHead(const Response& answer);
  void dispatch();
  void refuse(const Refusal& refusal);
  void writeResponse(const Response& response, bool keepAlive, bool isHead);
  void awaitRequest();
  void linger();
  void onPeerEnd();
  bool isWritable() const { return phase_ == Phase::Stream || phase_ == Phase::Upgraded; }
  void hand(std::string_view bytes);
  void resumeUpgraded();
  void tellDrained();
  void endUpgraded();
  void loseStream();
  void cut();
  void callLater(Callback<void()> Connection::* callback);
  void onFlushed();
  void updateEvents();
  bool wantsInput() const;
  size_t queuedBytes() const { return out_.size(); }
  Instant after(Milliseconds limit) const { return context_->loop.now() + limit; }

  FrontContext* context_;  // null once closed
  Transport transport_;
  FdWatch watch_;
  const Peer peer_;
  RequestReader reader_;
  Phase phase_ = Phase::Handshake;
  std::string in_;  // received but not used yet
  OutputQueue out_;
  Instant deadline_ = Instant::max();  // of the phase
  Callback<void()> onDrained_;
  Callback<void()> onClosed_;
  UpgradeListener* listener_ = nullptr;  // of an upgraded connection, until it was told of the end
  size_t droppedBytes_ = 0;              // input dropped in Linger
  std::string requestId_;                // of the request in work
  std::string traceparent_;              // the same; empty when it had none
  void* route_ = nullptr;                // of the request in work; the handler's own
  Instant headAt_{};                     // when its head was read
  bool isHead_ = false;                  // the request in work is HEAD
  bool isAnswered_ = false;              // refused by its head; its body is being dropped
  bool isProcessing_ = false;
  bool isHeadTimed_ = false;
  bool peerEnded_ = false;
  bool wasBehind_ = false;
  bool isStreamLost_ = false;
  bool wasCut_ = false;
  bool isStreamChunked_ = false;
  bool tlsWantsWrite_ = false;
  bool isShutDown_ = false;
};

}  // namespace busbar::http
