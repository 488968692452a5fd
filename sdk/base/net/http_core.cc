// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/net/http_core.h"

#include <algorithm>
#include <utility>

#include "sdk/base/net/profile_options.h"

namespace busbar {

HttpClient::Core::Pool::Pool(Core& owner, std::shared_ptr<const HttpProfile> itsProfile)
    : core(owner),
      profile(std::move(itsProfile)),
      multi(owner.loop_, *this, profile->options().maxConnections, owner.sockets_) {}

HttpClient::Core::Pool::~Pool() {
  for (CURL* easy : easies) {
    curl_easy_cleanup(easy);
  }
}

bool HttpClient::Core::Pool::mayStart(const HttpTransfer& transfer) const {
  const auto of = activeOf.find(transfer.url().origin());
  return active < profile->options().maxConnections &&
         (of == activeOf.end() || of->second < profile->options().maxConnectionsPerOrigin);
}

CURL* HttpClient::Core::Pool::takeEasy() {
  if (easies.empty()) {
    CURL* const easy = curl_easy_init();
    BUSBAR_CHECK(easy != nullptr);
    applyProfile(easy, profile->options());
    return easy;
  }
  CURL* const easy = easies.back();
  easies.pop_back();
  return easy;
}

void HttpClient::Core::Pool::giveBack(CURL* easy) {
  if (easies.size() < profile->options().maxConnections) {
    easies.push_back(easy);
  } else {
    curl_easy_cleanup(easy);
  }
}

HttpClient::Core::Core(EventLoop& loop, Resolver& resolver, const Limits& limits)
    : loop_(loop), resolver_(resolver), limits_(limits) {}

HttpClient::Core::~Core() = default;

void HttpClient::Core::close() {
  loop_.cancel(std::exchange(sweepTimer_, 0));
  for (auto& [id, transfer] : transfers_) {
    withdraw(*transfer);
  }
  transfers_.clear();
  pools_.clear();
}

HttpClient::Figures HttpClient::Core::figures() const {
  return {active_, queued_, sockets_, pools_.size()};
}

Result<HttpClient::Core::Pool*> HttpClient::Core::poolOf(
    const std::shared_ptr<const HttpProfile>& profile) {
  auto& pool = pools_[profile.get()];
  if (!pool) {
    if (pools_.size() > limits_.maxProfiles) {
      pools_.erase(profile.get());
      return Error::because(ErrorCode::ResourceExhausted, "http_queue_full",
                            "too many parties have HTTP connections; try again later");
    }
    pool = std::make_unique<Pool>(*this, profile);
    armSweep();
  }
  return pool.get();
}

Result<HttpRequestId> HttpClient::Core::add(std::shared_ptr<const HttpProfile> profile,
                                            HttpRequest request, HttpTransfer::Sink sink) {
  BUSBAR_TRY(checkRequest(request));
  auto url = Url::parse(request.url);
  if (!url) {
    Error error = url.error();
    error.field = "url";
    return error;
  }
  BUSBAR_TRY(profile->allows(*url));
  auto pool = poolOf(profile);
  if (!pool) {
    return pool.error();
  }
  if (queued_ >= limits_.maxQueued || (*pool)->queue.size() >= profile->options().maxQueued) {
    return Error::because(ErrorCode::ResourceExhausted, "http_queue_full",
                          "too many requests to " + url->origin() +
                              " and others are waiting; ask less often, or allow more connections");
  }
  const HttpRequestId id = nextId_++;
  const auto transfer = std::make_shared<HttpTransfer>(static_cast<HttpTransfer::Owner&>(*this), id,
                                                       std::move(profile), std::move(request),
                                                       std::move(*url), std::move(sink));
  transfer->deadlineTimer =
      loop_.runAt(loop_.refreshNow() + transfer->request().timeout, [this, id] { timedOut(id); });
  transfers_.emplace(id, transfer);
  (*pool)->queue.push_back(id);
  ++queued_;
  pump(**pool);
  return id;
}

void HttpClient::Core::pump() {
  if (queued_ == 0) {
    return;
  }
  for (auto& [profile, pool] : pools_) {
    pump(*pool);
  }
}

void HttpClient::Core::pump(Pool& pool) {
  for (size_t at = 0; at < pool.queue.size() && active_ < limits_.maxActive;) {
    HttpTransfer& transfer = *transfers_.at(pool.queue[at]);
    if (!pool.mayStart(transfer)) {
      ++at;
      continue;
    }
    if (!hasSocketFor(pool)) {
      return;
    }
    pool.queue.erase(pool.queue.begin() + static_cast<ptrdiff_t>(at));
    --queued_;
    begin(pool, transfer);
  }
}

// Kept connections of profiles that have nothing to do give way to one that has.
bool HttpClient::Core::hasSocketFor(Pool& pool) {
  if (sockets_ < limits_.maxSockets || pool.multi.socketCount() > pool.active) {
    return true;
  }
  std::erase_if(pools_, [&pool](const auto& other) {
    return other.second.get() != &pool && other.second->isIdle() &&
           other.second->multi.socketCount() > 0;
  });
  return sockets_ < limits_.maxSockets;
}

void HttpClient::Core::begin(Pool& pool, HttpTransfer& transfer) {
  ++active_;
  ++pool.active;
  ++pool.activeOf[transfer.url().origin()];
  const std::string name = transfer.nameToResolve();
  if (name.empty()) {
    transfer.start(pool.takeEasy(), pool.multi, {});
    return;
  }
  transfer.state = HttpTransfer::State::Resolving;
  resolver_.resolve(
      name, [weak = weak_from_this(), id = transfer.id](Result<std::vector<IpAddress>> addresses) {
        if (const auto core = weak.lock()) {
          core->resolved(id, std::move(addresses));
        }
      });
}

void HttpClient::Core::resolved(HttpRequestId id, Result<std::vector<IpAddress>> addresses) {
  const auto found = transfers_.find(id);
  if (found == transfers_.end() || found->second->state != HttpTransfer::State::Resolving) {
    return;
  }
  HttpTransfer& transfer = *found->second;
  Pool& pool = poolOf(transfer);
  if (addresses.ok()) {
    transfer.start(pool.takeEasy(), pool.multi, *addresses);
    return;
  }
  leaveSlot(pool, transfer);
  transfer.fail(std::move(addresses).error());
  transferHasNews(transfer);
  pump();
}

void HttpClient::Core::hopEnded(Pool& pool, CURL* easy, CURLcode code) {
  HttpTransfer* transfer = nullptr;
  BUSBAR_CHECK(curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer) == CURLE_OK);
  leaveSlot(pool, *transfer);  // by the origin of this hop
  const auto outcome = transfer->hopEnded(code);
  pool.giveBack(transfer->detach());
  if (outcome == HttpTransfer::Outcome::Again) {
    pool.queue.push_front(transfer->id);
    ++queued_;
  } else {
    transferHasNews(*transfer);
  }
  // Later: pump() may end idle pools, and the CurlMulti of this one is at work.
  if (queued_ > 0 && !std::exchange(pumpQueued_, true)) {
    loop_.defer([weak = weak_from_this()] {
      if (const auto core = weak.lock()) {
        core->pumpQueued_ = false;
        core->pump();
      }
    });
  }
}

void HttpClient::Core::leaveSlot(Pool& pool, HttpTransfer& transfer) {
  --active_;
  --pool.active;
  pool.lastUse = loop_.now();
  const auto of = pool.activeOf.find(transfer.url().origin());
  if (--of->second == 0) {
    pool.activeOf.erase(of);
  }
}

// Takes a request out of wherever it is; then it is Ended, and nobody has been told.
void HttpClient::Core::withdraw(HttpTransfer& transfer) {
  loop_.cancel(std::exchange(transfer.deadlineTimer, 0));
  if (transfer.state == HttpTransfer::State::Ended) {
    return;  // its pool may be gone
  }
  Pool& pool = poolOf(transfer);
  switch (transfer.state) {
    case HttpTransfer::State::Queued:
      std::erase(pool.queue, transfer.id);
      --queued_;
      break;
    case HttpTransfer::State::Resolving:
      leaveSlot(pool, transfer);
      break;
    case HttpTransfer::State::Running:
      pool.multi.remove(transfer.easy());
      leaveSlot(pool, transfer);
      pool.giveBack(transfer.detach());
      break;
    case HttpTransfer::State::Ended:
      break;
  }
  transfer.state = HttpTransfer::State::Ended;
}

void HttpClient::Core::timedOut(HttpRequestId id) {
  HttpTransfer& transfer = *transfers_.at(id);
  transfer.deadlineTimer = 0;
  transfer.isHeld = false;  // the end is told even to a caller that has asked for a pause
  withdraw(transfer);
  transfer.fail(Error::because(ErrorCode::DeadlineExceeded, "deadline_exceeded",
                               transfer.url().origin() + " has not answered within " +
                                   std::to_string(transfer.request().timeout.count()) +
                                   " ms; try again, or allow more time"));
  transferHasNews(transfer);
  pump();
}

void HttpClient::Core::cancel(HttpRequestId id) {
  const auto found = transfers_.find(id);
  if (found == transfers_.end()) {
    return;
  }
  const TransferPtr kept = found->second;
  withdraw(*kept);
  transfers_.erase(found);
  pump();
}

void HttpClient::Core::hold(HttpRequestId id, bool isHeld) {
  const auto found = transfers_.find(id);
  if (found == transfers_.end() || !found->second->isStream()) {
    return;
  }
  found->second->isHeld = isHeld;
  if (!isHeld) {
    transferHasNews(*found->second);
  }
}

// Closes what no owner holds any more and what has not been used for a while.
void HttpClient::Core::sweep() {
  sweepTimer_ = 0;
  std::erase_if(pools_, [this](const auto& entry) {
    const Pool& pool = *entry.second;
    return pool.isIdle() &&
           (pool.profile.use_count() == 1 || loop_.now() - pool.lastUse >= limits_.keepIdle);
  });
  armSweep();
}

void HttpClient::Core::armSweep() {
  if (sweepTimer_ == 0 && !pools_.empty()) {
    sweepTimer_ = loop_.runAfter(limits_.keepIdle, [this] { sweep(); });
  }
}

}  // namespace busbar
