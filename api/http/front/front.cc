// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/front/front.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "api/http/front/connection.h"
#include "api/http/front/front_context.h"
#include "api/http/front/listener.h"
#include "api/http/front/tls.h"
#include "api/http/problem.h"

namespace busbar::http {
namespace {

constexpr int kAcceptsPerTurn = 64;
constexpr Milliseconds kAcceptPause{100};  // after the process ran out of descriptors
// Connections over the limit that may be told so at the same time; more are closed without a word.
constexpr size_t kMaxRefusals = 256;

// Descriptors that are left for the rest of the process: databases, runners, links.
constexpr size_t kReservedDescriptors = 512 + kMaxRefusals;
constexpr size_t kMinConnections = 64;

FrontOptions withinLimits(FrontOptions options) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    const size_t spare =
        limit.rlim_cur > kReservedDescriptors ? limit.rlim_cur - kReservedDescriptors : 0;
    options.maxConnections = std::min(options.maxConnections, std::max(spare, kMinConnections));
  }
  return options;
}

}  // namespace

class Front::Impl final : public FrontContext {
 public:
  Impl(EventLoop& eventLoop, Handler& requestHandler, const FrontOptions& frontOptions)
      : FrontContext(eventLoop, requestHandler, frontOptions) {}
  ~Impl() override;

  Status start();
  Status loadCertificates();
  void drain(Instant deadline, Callback<void()> done);
  uint16_t port() const { return listener_.port; }
  std::string url() const;
  FrontStats snapshot() const;

  void onConnectionClosed(Connection& connection) override;
  void flushLater(Connection& connection) override;

 private:
  void acceptSome();
  void admit(AcceptedSocket accepted);
  void add(Connection* connection, const PeerKey& key);
  void flushAll();
  void armSweep();
  void sweep();
  void closeAll();
  void checkDrained();
  void pauseAccepting();
  void stopListening();

  struct Entry {
    Connection* connection;  // retained
    PeerKey key;
  };

  ListeningSocket listener_;
  FdWatch accepting_;
  std::shared_ptr<const TlsContext> tls_;  // shared with the sessions that began with it
  std::vector<Entry> connections_;
  std::unordered_map<PeerKey, size_t, PeerKeyHash> perAddress_;
  std::vector<Connection*> flushes_;  // retained
  TimerId sweepTimer_ = 0;
  TimerId acceptTimer_ = 0;
  TimerId drainTimer_ = 0;
  Callback<void()> drained_;
  // Deferred tasks of the loop may come after the front is gone; shared with them to tell.
  std::shared_ptr<bool> isAlive_ = std::make_shared<bool>(true);
};

Front::Impl::~Impl() {
  *isAlive_ = false;
  loop.cancel(sweepTimer_);
  loop.cancel(drainTimer_);
  drained_ = nullptr;
  stopListening();
  closeAll();
  for (Connection* connection : flushes_) {
    connection->release();
  }
}

Status Front::Impl::start() {
  if (Status status = loadCertificates(); !status.ok()) {
    return status;
  }
  auto listening = options.unixPath.empty() ? listenOn(options.address, options.port)
                                            : listenOnUnix(options.unixPath);
  if (!listening.ok()) {
    return listening.error();
  }
  listener_ = std::move(listening).value();
  auto watch = loop.watch(listener_.fd.get(), EPOLLIN, [this](uint32_t) { acceptSome(); });
  if (!watch.ok()) {
    return watch.error();
  }
  accepting_ = std::move(watch).value();
  return {};
}

Status Front::Impl::loadCertificates() {
  if (options.tlsCertificateFile.empty() && options.tlsKeyFile.empty()) {
    return {};
  }
  if (options.tlsCertificateFile.empty() || options.tlsKeyFile.empty()) {
    return Error::at(ErrorCode::InvalidArgument, "tls",
                     "a TLS certificate and a TLS key are only of use together");
  }
  auto context = TlsContext::create(options.tlsCertificateFile, options.tlsKeyFile);
  if (!context.ok()) {
    return context.error();
  }
  tls_ = std::move(context).value();
  return {};
}

std::string Front::Impl::url() const {
  const std::string scheme = listener_.isUnix ? "" : tls_ ? "https://" : "http://";
  return scheme + listener_.url;
}

FrontStats Front::Impl::snapshot() const {
  FrontStats copy = stats;
  copy.connections = connections_.size();
  copy.bodyBytesInMemory = reader.bodyBytesInMemory;
  return copy;
}

void Front::Impl::acceptSome() {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    AcceptedSocket accepted = acceptOn(listener_);
    if (accepted.fd) {
      admit(std::move(accepted));
    } else if (accepted.errnum == EMFILE || accepted.errnum == ENFILE ||
               accepted.errnum == ENOBUFS || accepted.errnum == ENOMEM) {
      pauseAccepting();
      return;
    } else if (accepted.errnum == EAGAIN) {
      return;
    }  // else: that one connection failed before it was accepted (accept(2))
  }
}

// The loop would turn without rest on a connection that it cannot accept.
void Front::Impl::pauseAccepting() {
  accepting_.setEvents(0);
  acceptTimer_ = loop.runAfter(kAcceptPause, [this] {
    acceptTimer_ = 0;
    accepting_.setEvents(EPOLLIN);
  });
}

void Front::Impl::admit(AcceptedSocket accepted) {
  ++stats.accepted;
  const auto found = perAddress_.find(accepted.key);
  const size_t fromAddress = found == perAddress_.end() ? 0 : found->second;
  const bool isFull = connections_.size() >= options.maxConnections;
  const bool isTooMany = fromAddress >= options.maxConnectionsPerAddress;
  const int fd = accepted.fd.get();
  if (!isFull && !isTooMany) {
    auto* connection = new Connection(*this, std::move(accepted.fd),
                                      {std::move(accepted.address), tls_ != nullptr, accepted.uid},
                                      tls_ ? tls_->accept(fd) : nullptr);
    add(connection, accepted.key);
    if (!connection->start()) {
      connection->closeNow();
    }
    return;
  }
  ++stats.refusedConnections;
  if (tls_ || connections_.size() >= options.maxConnections + kMaxRefusals ||
      fromAddress >= options.maxConnectionsPerAddress + kMaxRefusals) {
    return;
  }
  auto* connection = new Connection(*this, std::move(accepted.fd),
                                    {std::move(accepted.address), false, accepted.uid}, nullptr);
  const SinkRef self(connection);
  add(connection, accepted.key);
  const Response answer =
      isFull ? problem(503, "too_many_connections", "the server has no connection left; try later")
             : problem(429, "too_many_connections", "too many connections from this address");
  if (!connection->startRefused(answer)) {
    connection->closeNow();
  }
}

void Front::Impl::add(Connection* connection, const PeerKey& key) {
  connection->retain();
  connection->listIndex = connections_.size();
  connections_.push_back({connection, key});
  ++perAddress_[key];
  armSweep();
}

void Front::Impl::onConnectionClosed(Connection& connection) {
  const size_t index = connection.listIndex;
  if (const auto it = perAddress_.find(connections_[index].key); --it->second == 0) {
    perAddress_.erase(it);
  }
  connections_[index] = connections_.back();
  connections_[index].connection->listIndex = index;
  connections_.pop_back();
  // Its own functions may be on the stack.
  loop.defer([closed = SinkRef(&connection)] {});
  connection.release();
  checkDrained();
}

void Front::Impl::flushLater(Connection& connection) {
  if (std::exchange(connection.isFlushPending, true)) {
    return;
  }
  connection.retain();
  flushes_.push_back(&connection);
  if (flushes_.size() == 1) {
    loop.defer([this, isAlive = isAlive_] {
      if (*isAlive) {
        flushAll();
      }
    });
  }
}

void Front::Impl::flushAll() {
  std::vector<Connection*> batch;
  batch.swap(flushes_);
  for (Connection* connection : batch) {
    connection->isFlushPending = false;
    connection->flush();
    connection->release();
  }
}

void Front::Impl::armSweep() {
  if (sweepTimer_ == 0) {
    sweepTimer_ = loop.runAfter(options.sweepEvery, [this] { sweep(); });
  }
}

void Front::Impl::sweep() {
  sweepTimer_ = 0;
  // Backwards: a closed connection's place is taken by the last one, which had its turn already.
  for (size_t i = connections_.size(); i > 0; --i) {
    connections_[i - 1].connection->sweep(loop.now());
  }
  if (!connections_.empty()) {
    armSweep();
  }
}

void Front::Impl::closeAll() {
  while (!connections_.empty()) {
    connections_.back().connection->closeNow();
  }
}

void Front::Impl::drain(Instant deadline, Callback<void()> done) {
  draining = true;
  drained_ = std::move(done);
  stopListening();
  drainTimer_ = loop.runAt(deadline, [this] {
    drainTimer_ = 0;
    closeAll();
  });
  for (size_t i = connections_.size(); i > 0; --i) {
    if (i <= connections_.size()) {
      const SinkRef connection(connections_[i - 1].connection);
      connections_[i - 1].connection->drain();
    }
  }
  checkDrained();
}

void Front::Impl::stopListening() {
  loop.cancel(std::exchange(acceptTimer_, 0));
  accepting_.end();
  if (listener_.isUnix && listener_.fd) {
    ::unlink(options.unixPath.c_str());
  }
  listener_.fd.reset();
}

void Front::Impl::checkDrained() {
  if (!draining || !connections_.empty() || !drained_) {
    return;
  }
  loop.cancel(std::exchange(drainTimer_, 0));
  loop.defer([done = std::move(drained_)]() mutable { done(); });
}

Front::Front(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Front::~Front() = default;

Result<std::unique_ptr<Front>> Front::create(EventLoop& loop, Handler& handler,
                                             FrontOptions options) {
  auto impl = std::make_unique<Impl>(loop, handler, withinLimits(std::move(options)));
  if (Status status = impl->start(); !status.ok()) {
    return status.error();
  }
  return std::unique_ptr<Front>(new Front(std::move(impl)));
}

uint16_t Front::port() const {
  return impl_->port();
}

std::string Front::url() const {
  return impl_->url();
}

void Front::drain(Instant deadline, Callback<void()> done) {
  impl_->drain(deadline, std::move(done));
}

Status Front::reloadCertificates() {
  return impl_->loadCertificates();
}

FrontStats Front::stats() const {
  return impl_->snapshot();
}

}  // namespace busbar::http
