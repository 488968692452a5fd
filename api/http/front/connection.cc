// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/front/connection.h"

#include <errno.h>
#include <sys/socket.h>

#include <array>
#include <charconv>

#include "api/http/problem.h"

namespace busbar::http {
namespace {

constexpr size_t kPipelineHighBytes =
    256 * 1024;                                 // more unread answers: no further request is begun
constexpr size_t kBusyInputBytes = 16 * 1024;   // read ahead while a request is in work
constexpr size_t kDiscardBytes = 64 * 1024;     // bodies of refused requests up to this are read
constexpr size_t kLingerInputBytes = 4 << 20;   // more than this after an answer: close at once
constexpr size_t kKeptBufferBytes = 16 * 1024;  // larger buffers are given back when empty
constexpr Milliseconds kDrainLinger{250};
constexpr int kReadRounds = 8;  // before other connections get their turn

constexpr Refusal kTimeout{408, "request_timeout", "the request did not arrive in time"};

}  // namespace

Connection::Connection(FrontContext& context, UniqueFd fd, Peer peer,
                       std::unique_ptr<TlsSession> tls)
    : context_(&context),
      transport_(std::move(fd), std::move(tls)),
      peer_(std::move(peer)),
      reader_(context.reader),
      out_(context.options.writeStallTimeout) {}

Connection::~Connection() = default;

bool Connection::watch() {
  auto watch =
      context_->loop.watch(transport_.fd(), EPOLLIN, [this](uint32_t events) { onEvent(events); });
  if (!watch.ok()) {
    return false;
  }
  watch_ = std::move(watch).value();
  return true;
}

bool Connection::start() {
  phase_ = transport_.isTls() ? Phase::Handshake : Phase::Reading;
  deadline_ = after(transport_.isTls() ? context_->options.handshakeTimeout
                                       : context_->options.headTimeout);
  isHeadTimed_ = true;
  return watch();
}

bool Connection::startRefused(const Response& answer) {
  headAt_ = context_->loop.now();
  if (!watch()) {
    return false;
  }
  writeResponse(answer, false, false);
  linger();
  flush();
  return true;
}

void Connection::onEvent(uint32_t events) {
  const SinkRef self(this);
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
    closeNow();
    return;
  }
  if (phase_ == Phase::Handshake) {
    handshake();
    return;
  }
  if (queuedBytes() > 0 && (events & EPOLLOUT) != 0) {
    flush();
  }
  if (phase_ != Phase::Closed && ((events & EPOLLIN) != 0 || tlsWantsWrite_)) {
    receive();
  }
}

void Connection::handshake() {
  const IoResult result = transport_.handshake();
  if (result.state == IoState::Ok) {
    phase_ = Phase::Reading;
    deadline_ = after(context_->options.headTimeout);
    watch_.setEvents(EPOLLIN);
    receive();
  } else if (result.state == IoState::WantRead || result.state == IoState::WantWrite) {
    watch_.setEvents(result.state == IoState::WantRead ? EPOLLIN : EPOLLOUT);
  } else {
    ++context_->stats.tlsFailures;
    closeNow();
  }
}

void Connection::receive() {
  tlsWantsWrite_ = false;
  for (int round = 0; round < kReadRounds; ++round) {
    if (phase_ == Phase::Closed || !wantsInput()) {
      return;
    }
    const IoResult result =
        transport_.read(context_->readBuffer.data(), context_->readBuffer.size());
    switch (result.state) {
      case IoState::Ok:
        break;
      case IoState::WantRead:
        return;
      case IoState::WantWrite:
        tlsWantsWrite_ = true;
        updateEvents();
        return;
      case IoState::Closed:
        onPeerEnd();
        return;
      case IoState::Failed:
        closeNow();
        return;
    }
    consume({context_->readBuffer.data(), result.bytes});
    const bool more =
        transport_.isTls() ? transport_.hasPending() : result.bytes == FrontContext::kReadBytes;
    if (!more) {
      return;  // level-triggered: what came since is told again
    }
  }
  if (phase_ != Phase::Closed) {
    context_->loop.defer([this, self = SinkRef(this)] { receive(); });
  }
}

void Connection::consume(std::string_view bytes) {
  if (phase_ == Phase::Linger) {
    droppedBytes_ += bytes.size();
    if (droppedBytes_ > kLingerInputBytes) {
      closeNow();
    }
  } else if (phase_ == Phase::Busy) {
    in_.append(bytes);
    updateEvents();
  } else if (phase_ == Phase::Reading) {
    if (in_.empty()) {
      process(bytes);
      in_.assign(bytes);
      afterProcessing();
    } else {
      in_.append(bytes);
      pump();
    }
  } else if (phase_ == Phase::Upgraded) {
    hand(bytes);
    if (phase_ != Phase::Closed) {
      updateEvents();
    }
  }
}

// Uses what in_ holds.
void Connection::pump() {
  std::string_view input = in_;
  process(input);
  in_.erase(0, in_.size() - input.size());
  if (in_.empty() && in_.capacity() > kKeptBufferBytes) {
    in_ = std::string();
  }
  afterProcessing();
}

void Connection::process(std::string_view& input) {
  isProcessing_ = true;
  while (phase_ == Phase::Reading && queuedBytes() < kPipelineHighBytes) {
    const RequestReader::Event event = reader_.next(input);
    if (event == RequestReader::Event::Head) {
      onHead();
    } else if (event == RequestReader::Event::Complete) {
      dispatch();
    } else if (event == RequestReader::Event::Refused) {
      ++context_->stats.malformed;
      refuse(reader_.refusal());
    } else {
      break;
    }
  }
  if (phase_ != Phase::Reading && phase_ != Phase::Busy && phase_ != Phase::Upgraded) {
    input = {};
  }
  isProcessing_ = false;
}

void Connection::afterProcessing() {
  if (phase_ == Phase::Closed || phase_ == Phase::Linger) {
    reader_.finish();
  }
  if (phase_ == Phase::Closed) {
    return;
  }
  if (phase_ == Phase::Reading) {
    if (peerEnded_) {
      linger();
    } else if (!in_.empty() && !reader_.isInsideRequest() && !isHeadTimed_) {
      isHeadTimed_ = true;
      deadline_ = after(context_->options.headTimeout);
    }
  }
  if (queuedBytes() > 0 || phase_ == Phase::Linger) {
    flush();
  } else {
    updateEvents();
  }
  if (phase_ == Phase::Upgraded) {
    resumeUpgraded();
  }
}

void Connection::onHead() {
  Request& request = reader_.request();
  request.setPeer(peer_);
  requestId_ = request.requestId();
  traceparent_ = request.traceWasGiven() ? request.trace().toHeader() : std::string();
  isHead_ = request.method() == Method::Head;
  ++context_->stats.requests;
  headAt_ = context_->loop.now();
  const Admission admission = context_->handler.admit(request);
  route_ = admission.refusal ? nullptr : request.route();
  deadline_ = after(context_->options.bodyTimeout);
  if (admission.refusal) {
    onRefusedHead(*admission.refusal);
    return;
  }
  reader_.setBodyLimit(admission.bodyLimitBytes);
  const bool fits = reader_.contentLength() <= admission.bodyLimitBytes;  // else next() refuses
  if (reader_.expectsContinue() && fits) {
    out_.bytes().append("HTTP/1.1 100 Continue\r\n\r\n");
  }
}

void Connection::onRefusedHead(const Response& answer) {
  const bool isShort = reader_.framing() != BodyFraming::Chunked &&
                       reader_.contentLength() <= kDiscardBytes && !reader_.expectsContinue();
  const bool keepAlive = reader_.keepAlive() && isShort && !answer.closes() && !context_->draining;
  writeResponse(answer, keepAlive, isHead_);
  if (!keepAlive) {
    linger();
  } else {
    isAnswered_ = true;
    reader_.discardBody();
  }
}

void Connection::dispatch() {
  if (std::exchange(isAnswered_, false)) {
    reader_.finish();
    awaitRequest();
    return;
  }
  phase_ = Phase::Busy;
  deadline_ = Instant::max();
  context_->handler.handle(reader_.request(), Responder(this));
  reader_.finish();
}

void Connection::refuse(const Refusal& refusal) {
  const bool answers = !std::exchange(isAnswered_, false);
  if (answers) {
    writeResponse(problem(refusal.status, refusal.reason, refusal.detail), false, isHead_);
  }
  linger();
}

void Connection::writeResponse(const Response& response, bool keepAlive, bool isHead) {
  context_->handler.served(route_, response.status(), context_->loop.clock().now() - headAt_);
  if (requestId_.empty()) {  // refused before there was a request
    requestId_ = context_->reader.traceIds.begin().traceIdText();
  }
  ResponseFrame frame;
  frame.isHttp11 = reader_.isHttp11();
  frame.keepAlive = keepAlive;
  frame.isHead = isHead;
  frame.isTls = transport_.isTls();
  frame.requestId = requestId_;
  frame.traceparent = traceparent_;
  if (!context_->writer.write(response, frame, out_.bytes())) {
    context_->writer.write(problem(500, "bad_response", "the server made a malformed answer"),
                           frame, out_.bytes());
  }
}

void Connection::awaitRequest() {
  phase_ = Phase::Reading;
  deadline_ = after(context_->options.idleTimeout);
  isHeadTimed_ = false;
  isHead_ = false;
  requestId_.clear();
  traceparent_.clear();
  route_ = nullptr;
}

void Connection::respond(Response response) {
  if (phase_ != Phase::Busy) {
    return;  // the client left
  }
  const bool keepAlive = reader_.keepAlive() && !response.closes() && !context_->draining &&
                         (!peerEnded_ || !in_.empty());
  writeResponse(response, keepAlive, isHead_);
  if (keepAlive) {
    awaitRequest();
  } else {
    linger();
  }
  if (isProcessing_) {
    return;
  }
  context_->flushLater(*this);
  continueLater();
}

// Looks at input that has arrived already and that no fd event will tell of again.
void Connection::continueLater() {
  if (in_.empty() && !transport_.hasPending()) {
    return;
  }
  context_->loop.defer([this, self = SinkRef(this)] {
    if (phase_ == Phase::Reading && !in_.empty()) {
      pump();
    } else if (phase_ == Phase::Upgraded) {
      resumeUpgraded();
    }
    if (phase_ == Phase::Reading && transport_.hasPending()) {
      receive();
    }
  });
}

void Connection::beginStream(Response head) {
  if (phase_ != Phase::Busy) {
    isStreamLost_ = true;
    return;
  }
  isStreamChunked_ = reader_.isHttp11();
  ResponseFrame frame;
  frame.isHttp11 = isStreamChunked_;
  frame.keepAlive = false;
  frame.isHead = isHead_;
  frame.isStream = true;
  frame.isTls = transport_.isTls();
  frame.requestId = requestId_;
  frame.traceparent = traceparent_;
  if (!context_->writer.write(head, frame, out_.bytes())) {
    respond(Response(500).setClose());
    isStreamLost_ = true;
  } else if (isHead_) {
    isStreamLost_ = true;
    linger();
  } else {
    context_->handler.served(route_, head.status(), context_->loop.clock().now() - headAt_);
    phase_ = Phase::Stream;
    ++context_->stats.streams;
  }
  if (isStreamLost_) {
    callLater(&Connection::onClosed_);
  }
  context_->flushLater(*this);
}

StreamWrite Connection::streamWrite(std::string_view bytes) {
  if (!isWritable()) {
    return StreamWrite::Gone;
  }
  if (bytes.empty()) {
    return StreamWrite::Sent;
  }
  const size_t limit = context_->options.maxQueuedBytes;
  if (queuedBytes() + bytes.size() > limit) {
    flush();  // what piles up within one turn is not the reader's fault
  }
  if (!isWritable()) {
    return StreamWrite::Gone;
  }
  if (queuedBytes() + bytes.size() > limit) {
    cut();
    return StreamWrite::Gone;
  }
  if (isStreamChunked_) {
    std::array<char, 18> size;
    const auto end = std::to_chars(size.data(), size.data() + size.size(), bytes.size(), 16);
    out_.bytes().append(size.data(), end.ptr).append("\r\n").append(bytes).append("\r\n");
  } else {
    out_.bytes().append(bytes);
  }
  context_->flushLater(*this);
  wasBehind_ = wasBehind_ || queuedBytes() > kStreamHighBytes;
  return queuedBytes() > kStreamHighBytes ? StreamWrite::Behind : StreamWrite::Sent;
}

void Connection::endStream() {
  onDrained_ = nullptr;
  onClosed_ = nullptr;
  if (phase_ != Phase::Stream) {
    return;
  }
  if (isStreamChunked_) {
    out_.bytes().append("0\r\n\r\n");
  }
  --context_->stats.streams;
  linger();
  context_->flushLater(*this);
}

void Connection::cutStream() {
  onDrained_ = nullptr;
  onClosed_ = nullptr;
  if (phase_ == Phase::Stream) {
    cut();
  }
}

void Connection::cut() {
  ++context_->stats.cutReaders;
  wasCut_ = true;
  transport_.discardUnsent();
  closeNow();
}

void Connection::loseStream() {
  isStreamLost_ = true;
  --context_->stats.streams;
  callLater(&Connection::onClosed_);
}

// Not at once: the caller may be inside write(), and the callback may destroy the stream.
void Connection::callLater(Callback<void()> Connection::* callback) {
  context_->loop.defer([this, callback, self = SinkRef(this)] {
    Callback<void()> call = std::move(this->*callback);
    if (call) {
      call();
      if (phase_ == Phase::Stream && !(this->*callback)) {
        this->*callback = std::move(call);
      }
    }
  });
}

void Connection::linger() {
  phase_ = Phase::Linger;
  deadline_ = after(context_->draining ? kDrainLinger : context_->options.lingerTimeout);
  if (!isProcessing_) {
    reader_.finish();
    in_ = std::string();
  }
}

void Connection::onPeerEnd() {
  peerEnded_ = true;
  if (phase_ == Phase::Busy) {
    updateEvents();
  } else if (isWritable() || queuedBytes() == 0) {
    closeNow();
  } else {
    linger();
    updateEvents();
  }
}

void Connection::flush() {
  const SinkRef self(this);
  while (phase_ != Phase::Closed && queuedBytes() > 0) {
    const IoResult result = transport_.write(out_.front());
    if (result.state == IoState::Ok) {
      out_.onTaken(result.bytes, context_->loop.now());
    } else if (result.state == IoState::WantWrite || result.state == IoState::WantRead) {
      out_.onBlocked(context_->loop.now());
      updateEvents();
      return;
    } else {
      closeNow();
      return;
    }
  }
  if (phase_ != Phase::Closed) {
    onFlushed();
  }
}

void Connection::onFlushed() {
  out_.onEmpty();
  if (phase_ == Phase::Linger && !isShutDown_) {
    isShutDown_ = true;
    transport_.endWriting();
    if (peerEnded_) {
      closeNow();
      return;
    }
  } else if (phase_ == Phase::Stream && std::exchange(wasBehind_, false)) {
    callLater(&Connection::onDrained_);
  } else if (phase_ == Phase::Upgraded && std::exchange(wasBehind_, false)) {
    tellDrained();
  } else if (phase_ == Phase::Reading) {
    continueLater();  // it may have been stopped by unread answers
  }
  updateEvents();
}

bool Connection::wantsInput() const {
  if (peerEnded_) {
    return false;
  }
  if (phase_ == Phase::Busy) {
    return in_.size() < kBusyInputBytes;
  }
  if (phase_ == Phase::Upgraded) {
    return in_.empty();
  }
  return phase_ != Phase::Reading || queuedBytes() < kPipelineHighBytes;
}

void Connection::updateEvents() {
  uint32_t events = wantsInput() ? static_cast<uint32_t>(EPOLLIN) : 0;
  if (out_.isBlocked() || tlsWantsWrite_) {
    events |= EPOLLOUT;
  }
  watch_.setEvents(events);
}

void Connection::sweep(Instant now) {
  if (out_.stallDeadline() <= now) {
    cut();
    return;
  }
  if (phase_ == Phase::Upgraded) {
    out_.giveBack();
  }
  if (deadline_ > now) {
    return;
  }
  if (phase_ == Phase::Upgraded) {
    deadline_ = Instant::max();
    listener_->onDeadline();
    return;
  }
  const bool isInRequest = phase_ == Phase::Reading && (reader_.isInsideRequest() || !in_.empty());
  if (phase_ == Phase::Handshake || isInRequest) {
    ++context_->stats.timeouts;
  }
  if (isInRequest && !isAnswered_) {
    refuse(kTimeout);
    flush();
  } else {
    closeNow();
  }
}

void Connection::drain() {
  if (phase_ == Phase::Reading && !reader_.isInsideRequest() && in_.empty()) {
    receive();  // a request that is here already is still served
  }
  if (phase_ == Phase::Upgraded) {
    listener_->onGoingAway();
  } else if (phase_ == Phase::Stream) {
    loseStream();
    if (isStreamChunked_) {
      out_.bytes().append("0\r\n\r\n");
    }
    linger();
    flush();
  } else if (phase_ == Phase::Reading && !reader_.isInsideRequest() && in_.empty()) {
    linger();
    flush();
  } else if (phase_ == Phase::Handshake) {
    closeNow();
  }
}

void Connection::closeNow() {
  if (phase_ == Phase::Closed) {
    return;
  }
  if (phase_ == Phase::Stream) {
    loseStream();
  } else if (phase_ == Phase::Upgraded) {
    endUpgraded();
  }
  phase_ = Phase::Closed;
  watch_.end();
  transport_.close();
  if (!isProcessing_) {
    reader_.finish();
    in_ = std::string();
  }
  out_.discard();
  std::exchange(context_, nullptr)->onConnectionClosed(*this);
}

}  // namespace busbar::http
