// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// The part of HttpClient::Core that calls callers.
#include <utility>

#include "sdk/base/net/http_core.h"

namespace busbar {

void HttpClient::Core::transferHasNews(HttpTransfer& transfer) {
  if (!std::exchange(transfer.hasNews, true)) {
    news_.push_back(transfer.id);
    queueDelivery();
  }
}

void HttpClient::Core::queueDelivery() {
  if (!std::exchange(deliveryQueued_, true)) {
    loop_.defer([weak = weak_from_this()] {
      if (const auto core = weak.lock()) {
        core->deliver();
      }
    });
  }
}

void HttpClient::Core::deliver() {
  deliveryQueued_ = false;
  std::vector<HttpRequestId> news;
  news.swap(news_);
  for (const HttpRequestId id : news) {
    // Gone: by cancel(), or all of them because the client was destroyed by a callback before.
    if (const auto found = transfers_.find(id); found != transfers_.end()) {
      deliverTo(TransferPtr(found->second));
    }
  }
}

void HttpClient::Core::deliverTo(const TransferPtr& transfer) {
  transfer->hasNews = false;
  if (auto* stream = std::get_if<HttpStream>(&transfer->sink)) {
    if (giveToStream(transfer, *stream) && transfer->result && !transfer->isHeld) {
      endStream(transfer, *stream);
    }
    return;
  }
  if (transfer->result) {
    forget(*transfer);
    std::get<HttpDone>(transfer->sink)(transfer->takeAnswer());
  }
}

// False once the request is gone.
bool HttpClient::Core::giveToStream(const TransferPtr& transfer, HttpStream& stream) {
  if (transfer->isHeld) {
    return true;
  }
  if (transfer->hasHeadToGive()) {
    stream.head(transfer->takeHead());
    if (isGone(transfer)) {
      return false;
    }
  }
  if (!transfer->isHeld && !transfer->body().empty()) {
    const std::string piece = std::exchange(transfer->body(), {});
    stream.body(piece);
    if (isGone(transfer)) {
      return false;
    }
  }
  if (transfer->needsUnpause() && transfer->state == HttpTransfer::State::Running) {
    transfer->unpause();
  }
  return true;
}

void HttpClient::Core::endStream(const TransferPtr& transfer, HttpStream& stream) {
  forget(*transfer);
  stream.end(std::move(*transfer->result));
}

bool HttpClient::Core::isGone(const TransferPtr& transfer) const {
  return transfers_.find(transfer->id) == transfers_.end();
}

void HttpClient::Core::forget(HttpTransfer& transfer) {
  loop_.cancel(std::exchange(transfer.deadlineTimer, 0));
  transfers_.erase(transfer.id);
}

}  // namespace busbar
