// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/front/connection.h"

// A connection after its upgrade: bytes go to and come from a listener.
namespace busbar::http {

void Connection::beginUpgrade(Response head, UpgradeListener& listener) {
  if (phase_ != Phase::Busy) {
    isStreamLost_ = true;
    return;
  }
  ResponseFrame frame;
  frame.isUpgrade = true;
  frame.requestId = requestId_;
  frame.traceparent = traceparent_;
  if (!context_->writer.write(head, frame, out_.bytes())) {
    isStreamLost_ = true;
    respond(Response(500).setClose());
    return;
  }
  listener_ = &listener;
  ++context_->stats.streams;
  context_->handler.served(route_, head.status(), context_->loop.clock().now() - headAt_);
  phase_ = Phase::Upgraded;
  deadline_ = Instant::max();
  requestId_ = std::string();  // it may live for days, and there may be thousands
  traceparent_ = std::string();
  context_->flushLater(*this);
  if (!isProcessing_) {
    continueLater();
  }
}

// What the listener does not use waits in in_, and no more is read.
void Connection::hand(std::string_view bytes) {
  const size_t used = listener_->onInput(bytes);
  if (phase_ == Phase::Upgraded && used < bytes.size()) {
    in_.assign(bytes.substr(used));
  }
}

void Connection::resumeUpgraded() {
  const std::string held = std::exchange(in_, std::string());  // closing drops in_
  if (!held.empty()) {
    hand(held);
  }
  if (phase_ == Phase::Upgraded && in_.empty() && transport_.hasPending()) {
    receive();
  }
  if (phase_ == Phase::Upgraded) {
    updateEvents();
  }
}

void Connection::tellDrained() {
  context_->loop.defer([this, self = SinkRef(this)] {
    if (phase_ == Phase::Upgraded) {
      listener_->onDrained();
    }
    if (phase_ == Phase::Upgraded) {
      resumeUpgraded();
    }
  });
}

void Connection::setUpgradeDeadline(Instant when) {
  if (phase_ == Phase::Upgraded) {
    deadline_ = when;
  }
}

void Connection::closeUpgrade(bool cuts) {
  if (phase_ != Phase::Upgraded) {
    return;
  }
  if (cuts) {
    cut();
    return;
  }
  endUpgraded();
  linger();
  context_->flushLater(*this);
}

void Connection::detachUpgrade() {
  listener_ = nullptr;
  closeUpgrade(false);
}

// Not at once: the listener may be the caller, and it may be destroyed when it is told.
void Connection::endUpgraded() {
  isStreamLost_ = true;
  --context_->stats.streams;
  context_->loop.defer([this, self = SinkRef(this)] {
    if (UpgradeListener* listener = std::exchange(listener_, nullptr)) {
      listener->onClosed(wasCut_);
    }
  });
}

}  // namespace busbar::http
