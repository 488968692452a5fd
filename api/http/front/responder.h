// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

#include "api/http/front/response.h"
#include "sdk/base/callback.h"
#include "sdk/base/clock.h"

namespace busbar::http {

enum class StreamWrite {
  Sent,    // taken, the reader keeps up
  Behind,  // taken, but the queue is over kStreamHighBytes: hold back until onDrained
  Gone,    // not taken: the reader is gone, or was cut because the queue would pass its limit
};

// Above this many queued bytes write() says Behind; onDrained comes once the queue is empty again.
inline constexpr size_t kStreamHighBytes = size_t{64} * 1024;

// Who speaks over a connection after it was upgraded (RFC 9110 s. 7.8). Told on the loop. Not to be
// destroyed from within but in onClosed().
class UpgradeListener {
 public:
  // Bytes came. Returns how many of them are used; the rest comes again, before any other, when the
  // queue has run empty after a write that said Behind.
  virtual size_t onInput(std::string_view bytes) = 0;
  // The queue has run empty after a write that said Behind.
  virtual void onDrained() = 0;
  // The instant of setDeadline() has passed, by at most FrontOptions::sweepEvery.
  virtual void onDeadline() = 0;
  // The server stops: say goodbye.
  virtual void onGoingAway() = 0;
  // Once, when the connection is no longer ours: closed by either side, lost, or cut. Never from
  // within a call of ours.
  virtual void onClosed(bool wasCut) = 0;

 protected:
  ~UpgradeListener() = default;
};

// Where an answer goes: a connection of the front, or a recorder in a test. Counted by its users
// (Responder, EventStream, the front); loop-only, so the count is plain.
class ResponseSink {
 public:
  virtual void respond(Response response) = 0;
  virtual bool isGone() const = 0;
  virtual void beginStream(Response head) = 0;
  virtual StreamWrite streamWrite(std::string_view bytes) = 0;
  virtual size_t streamQueuedBytes() const = 0;
  virtual void onStreamDrained(Callback<void()> callback) = 0;
  virtual void onStreamClosed(Callback<void()> callback) = 0;
  virtual void endStream() = 0;
  virtual void cutStream() = 0;
  // After an upgrade the three functions of a stream's queue above serve its connection too.
  virtual void beginUpgrade(Response head, UpgradeListener& listener) = 0;
  virtual void setUpgradeDeadline(Instant when) = 0;
  virtual void closeUpgrade(bool cuts) = 0;
  virtual void detachUpgrade() = 0;

  void retain() { ++references_; }
  void release() {
    if (--references_ == 0) {
      delete this;
    }
  }

 protected:
  virtual ~ResponseSink() = default;

 private:
  int references_ = 0;
};

// Counted pointer to a sink.
class SinkRef {
 public:
  SinkRef() = default;
  explicit SinkRef(ResponseSink* sink) : sink_(sink) { sink_->retain(); }
  SinkRef(SinkRef&& other) noexcept : sink_(std::exchange(other.sink_, nullptr)) {}
  SinkRef& operator=(SinkRef&& other) noexcept {
    std::swap(sink_, other.sink_);
    return *this;
  }
  SinkRef(const SinkRef&) = delete;
  SinkRef& operator=(const SinkRef&) = delete;
  ~SinkRef() {
    if (sink_ != nullptr) {
      sink_->release();
    }
  }
  ResponseSink* operator->() const { return sink_; }
  explicit operator bool() const { return sink_ != nullptr; }

 private:
  ResponseSink* sink_ = nullptr;
};

// A body without an end, such as server-sent events: write() queues bytes, all writes of one turn
// of the loop leave together. A reader that lets 1 MB queue up, or takes nothing for 10 s, is cut.
// The destructor ends the body in order. Move-only, loop-only.
class EventStream {
 public:
  EventStream() = default;
  explicit EventStream(SinkRef sink) : sink_(std::move(sink)) {}
  EventStream(EventStream&&) noexcept = default;
  EventStream& operator=(EventStream&& other) noexcept {
    close();
    sink_ = std::move(other.sink_);
    return *this;
  }
  ~EventStream() { close(); }

  bool isOpen() const { return sink_ && !sink_->isGone(); }
  StreamWrite write(std::string_view bytes) {
    return sink_ ? sink_->streamWrite(bytes) : StreamWrite::Gone;
  }
  size_t queuedBytes() const { return sink_ ? sink_->streamQueuedBytes() : 0; }
  // Called on the loop each time the queue runs empty after a write that said Behind.
  void onDrained(Callback<void()> callback) { sink_->onStreamDrained(std::move(callback)); }
  // Called on the loop, once, when the reader is gone or was cut; not after close(). The callback
  // may destroy this object.
  void onClosed(Callback<void()> callback) { sink_->onStreamClosed(std::move(callback)); }
  // Drops what the reader has not taken, and the connection with it. onClosed does not come.
  void cut() {
    if (sink_) {
      std::exchange(sink_, SinkRef())->cutStream();
    }
  }
  void close() {
    if (sink_) {
      std::exchange(sink_, SinkRef())->endStream();
    }
  }

 private:
  SinkRef sink_;
};

// A connection that speaks another protocol from now on. write() queues bytes, all writes of one
// turn of the loop leave together; limits are those of EventStream. The destructor ends it in
// order, without onClosed. Move-only, loop-only.
class UpgradedConnection {
 public:
  UpgradedConnection() = default;
  explicit UpgradedConnection(SinkRef sink) : sink_(std::move(sink)) {}
  UpgradedConnection(UpgradedConnection&&) noexcept = default;
  UpgradedConnection& operator=(UpgradedConnection&& other) noexcept {
    detach();
    sink_ = std::move(other.sink_);
    return *this;
  }
  ~UpgradedConnection() { detach(); }

  bool isOpen() const { return sink_ && !sink_->isGone(); }
  StreamWrite write(std::string_view bytes) {
    return sink_ ? sink_->streamWrite(bytes) : StreamWrite::Gone;
  }
  size_t queuedBytes() const { return sink_ ? sink_->streamQueuedBytes() : 0; }
  // Instant::max(): none. One at a time; it costs no timer.
  void setDeadline(Instant when) { sink_->setUpgradeDeadline(when); }
  // Sends what is queued, then ends. onClosed follows.
  void close() { sink_->closeUpgrade(false); }
  // Drops what the peer has not taken, and the connection with it. onClosed follows.
  void cut() { sink_->closeUpgrade(true); }

 private:
  void detach() {
    if (sink_) {
      std::exchange(sink_, SinkRef())->detachUpgrade();
    }
  }
  SinkRef sink_;
};

// The right and the duty to answer one request, exactly once: send(), stream() or upgrade().
// Destroyed without any, the client gets a 500. It may be kept for as long as the work takes;
// answering after the client left is harmless. Move-only, loop-only: work on another thread posts
// back to the front's loop.
class Responder {
 public:
  Responder() = default;
  explicit Responder(ResponseSink* sink) : sink_(sink) {}
  Responder(Responder&&) noexcept = default;
  Responder& operator=(Responder&& other) noexcept {
    abandon();
    sink_ = std::move(other.sink_);
    return *this;
  }
  ~Responder() { abandon(); }

  // False after send(), stream() or a move.
  explicit operator bool() const { return static_cast<bool>(sink_); }
  // True once the client has left: work for it may be dropped.
  bool isGone() const { return !sink_ || sink_->isGone(); }

  void send(Response response);
  // Answers with `head` (its body must be empty) and leaves the body open. `text/event-stream` with
  // `Cache-Control: no-store` is the caller's to set; see EventStream.
  EventStream stream(Response head);
  // Answers with `head` (status 101, no body, header Upgrade) and hands the connection over;
  // `listener` must outlive what is returned. When the client has left, what is returned is not
  // open, and the listener is told nothing.
  UpgradedConnection upgrade(Response head, UpgradeListener& listener);

 private:
  void abandon();
  SinkRef sink_;
};

}  // namespace busbar::http
