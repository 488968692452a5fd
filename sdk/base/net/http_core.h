// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "sdk/base/net/http_client.h"
#include "sdk/base/net/http_transfer.h"

namespace busbar {

// What stands behind HttpClient: which request may go when (slots, queues, idle connections), and
// what its caller is told. All that callers see happens in deliver(), at the end of a turn, with
// neither libcurl nor this class in the middle of anything. Loop-only.
class HttpClient::Core : public std::enable_shared_from_this<HttpClient::Core>,
                         private HttpTransfer::Owner {
 public:
  Core(EventLoop& loop, Resolver& resolver, const Limits& limits);
  ~Core() override;

  Result<HttpRequestId> add(std::shared_ptr<const HttpProfile> profile, HttpRequest request,
                            HttpTransfer::Sink sink);
  void cancel(HttpRequestId id);
  void hold(HttpRequestId id, bool isHeld);
  void close();
  Figures figures() const;

 private:
  // Shared, since a callback that ends its own request still runs in it.
  using TransferPtr = std::shared_ptr<HttpTransfer>;

  // The requests and connections of one profile.
  struct Pool : CurlMulti::Owner {
    Pool(Core& owner, std::shared_ptr<const HttpProfile> itsProfile);
    ~Pool() override;
    void curlEnded(CURL* easy, CURLcode code) override { core.hopEnded(*this, easy, code); }
    bool mayStart(const HttpTransfer& transfer) const;
    bool isIdle() const { return active == 0 && queue.empty(); }
    CURL* takeEasy();
    void giveBack(CURL* easy);

    Core& core;
    const std::shared_ptr<const HttpProfile> profile;
    CurlMulti multi;
    size_t active = 0;
    std::unordered_map<std::string, size_t> activeOf;  // by origin
    std::deque<HttpRequestId> queue;
    std::vector<CURL*> easies;  // for the next requests
    Instant lastUse{};
  };

  void transferHasNews(HttpTransfer& transfer) override;
  bool maySocketOpen() const override { return sockets_ < limits_.maxSockets; }

  Result<Pool*> poolOf(const std::shared_ptr<const HttpProfile>& profile);
  Pool& poolOf(const HttpTransfer& transfer) { return *pools_.at(transfer.profile.get()); }
  void pump();
  void pump(Pool& pool);
  bool hasSocketFor(Pool& pool);
  void begin(Pool& pool, HttpTransfer& transfer);
  void resolved(HttpRequestId id, Result<std::vector<IpAddress>> addresses);
  void hopEnded(Pool& pool, CURL* easy, CURLcode code);
  void leaveSlot(Pool& pool, HttpTransfer& transfer);
  void withdraw(HttpTransfer& transfer);
  void timedOut(HttpRequestId id);
  void queueDelivery();
  void deliver();
  void deliverTo(const TransferPtr& transfer);
  bool giveToStream(const TransferPtr& transfer, HttpStream& stream);
  void endStream(const TransferPtr& transfer, HttpStream& stream);
  bool isGone(const TransferPtr& transfer) const;
  void forget(HttpTransfer& transfer);
  void sweep();
  void armSweep();

  EventLoop& loop_;
  Resolver& resolver_;
  const Limits limits_;
  HttpRequestId nextId_ = 1;
  size_t sockets_ = 0;
  size_t active_ = 0;
  size_t queued_ = 0;
  std::unordered_map<HttpRequestId, TransferPtr> transfers_;
  std::unordered_map<const HttpProfile*, std::unique_ptr<Pool>> pools_;
  std::vector<HttpRequestId> news_;
  bool deliveryQueued_ = false;
  bool pumpQueued_ = false;
  TimerId sweepTimer_ = 0;
};

}  // namespace busbar
