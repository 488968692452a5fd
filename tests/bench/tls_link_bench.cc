// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// What TLS costs a link: a device sends messages of 16 KiB as fast as they are taken, over TLS,
// which ends in the host, and over plain TCP, which the runner has for itself. What counts is what
// the sandboxed driver got; it finds each message in its place and none missing.
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "tests/bench/figure.h"
#include "tests/bench/sandboxed_host.h"
#include "tests/support/test_authority.h"

namespace busbar::bench {
namespace {

constexpr size_t kMessageBytes = size_t{16} << 10U;

void putBigEndian(std::string& out, size_t at, size_t bytes, uint64_t value) {
  for (size_t i = 0; i < bytes; ++i) {
    out[at + i] = static_cast<char>(value >> (8 * (bytes - 1 - i)));
  }
}

struct FreeTls {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using TlsContext = std::unique_ptr<SSL_CTX, FreeTls>;

TlsContext serverContext(const test::TestIdentity& identity) {
  TlsContext context(SSL_CTX_new(TLS_server_method()));
  const auto read = [](const std::string& pem) {
    return std::unique_ptr<BIO, FreeTls>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  };
  const std::unique_ptr<X509, FreeTls> certificate(
      PEM_read_bio_X509(read(identity.certificate).get(), nullptr, nullptr, nullptr));
  const std::unique_ptr<EVP_PKEY, FreeTls> key(
      PEM_read_bio_PrivateKey(read(identity.key).get(), nullptr, nullptr, nullptr));
  require(SSL_CTX_use_certificate(context.get(), certificate.get()) == 1 &&
              SSL_CTX_use_PrivateKey(context.get(), key.get()) == 1,
          "the device's certificate cannot be used");
  return context;
}

// A device with one connection: a thread that sends while it is told to.
class Device {
 public:
  // In clear when `tls` is empty.
  explicit Device(TlsContext tls) : tls_(std::move(tls)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* const name = reinterpret_cast<sockaddr*>(&address);
    require(::bind(listener_.get(), name, length) == 0 && ::listen(listener_.get(), 1) == 0 &&
                ::getsockname(listener_.get(), name, &length) == 0,
            "no port for the device");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  ~Device() {
    order_ = Order::End;
    order_.notify_one();
    ::shutdown(listener_.get(), SHUT_RDWR);
    ::shutdown(connection_, SHUT_RDWR);
    thread_.join();
  }

  int port() const { return port_; }
  void begin() {
    isQuiet_ = false;
    order_ = Order::Send;
    order_.notify_one();
  }
  void pause() { order_ = Order::Wait; }
  // After pause(): all that it will have sent is in sent().
  bool isQuiet() const { return isQuiet_; }
  uint64_t sent() const { return sent_; }

 private:
  enum class Order { Wait, Send, End };

  void serve() {
    pinTo(0);
    const UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    connection_ = fd.get();
    if (tls_ != nullptr) {
      ssl_.reset(SSL_new(tls_.get()));
      SSL_set_fd(ssl_.get(), fd.get());
      require(SSL_accept(ssl_.get()) == 1 || order_ == Order::End, "the handshake failed");
    }
    std::string message(kMessageBytes, 'm');
    putBigEndian(message, 0, 4, kMessageBytes);
    while (order_ != Order::End) {
      if (order_ == Order::Wait) {
        isQuiet_ = true;
        order_.wait(Order::Wait);
        continue;
      }
      putBigEndian(message, 4, 8, sent_);
      require(write(fd.get(), message) || order_ == Order::End, "the connection broke");
      ++sent_;
    }
    connection_ = -1;
  }
  bool write(int fd, const std::string& message) {
    const int size = static_cast<int>(message.size());
    return ssl_ != nullptr ? SSL_write(ssl_.get(), message.data(), size) == size
                           : ::send(fd, message.data(), message.size(), 0) == size;
  }

  TlsContext tls_;
  std::unique_ptr<SSL, FreeTls> ssl_;
  UniqueFd listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  int port_ = 0;
  std::atomic<int> connection_ = -1;
  std::atomic<Order> order_ = Order::Wait;
  std::atomic<bool> isQuiet_ = false;
  std::atomic<uint64_t> sent_ = 0;
  std::thread thread_;  // last: it uses the others
};

// A module of stream_counter with the device that it is connected to.
class Stream {
 public:
  // `ca`: PEM of the device's authority; empty: in clear.
  Stream(SandboxedHost& host, std::string id, const std::string& driver, TlsContext tls,
         const std::string& ca)
      : host_(host), id_(std::move(id)), device_(std::move(tls)) {
    HostFixture& fixture = host_.fixture();
    model::Module mod;
    mod.id = id_;
    mod.driverId = driver;
    mod.ip = "127.0.0.1";
    mod.port = device_.port();
    mod.tls = !ca.empty();
    require(fixture.write(ConfigWrite::Kind::Insert, mod).ok(), "module " + id_);
    model::Settings row;
    row.id = "set-" + id_;
    row.parentId = id_;
    row.text = R"({"busbar":{}})";
    if (!ca.empty()) {
      row.text = R"({"busbar":{"tls":{"ca":)";
      json::appendString(row.text, ca);
      row.text += "}}}";
    }
    require(fixture.write(ConfigWrite::Kind::Insert, row).ok(), "settings of " + id_);
    mod = *fixture.site_.findModule(id_);
    mod.running = true;
    require(fixture.write(ConfigWrite::Kind::Update, mod).ok(), "start " + id_);
    const bool isUp = runUntil(host_.loop(), [&] {
      const ModuleHealth health = host_.host().health(id_);
      return health.state == "running" && health.connected && device_.isQuiet();
    });
    require(isUp, host_.host().health(id_).sentence);
  }

  Run run(double seconds) {
    const uint64_t before = messages();
    device_.begin();
    const Instant begin = BootClock::now();
    const Instant end = begin + Nanoseconds(static_cast<int64_t>(seconds * 1e9));
    while (BootClock::now() < end) {
      host_.loop().runOnce(Milliseconds(10));
    }
    const uint64_t count = messages() - before;
    const std::chrono::duration<double> took = BootClock::now() - begin;
    device_.pause();
    const bool isQuiet = runUntil(host_.loop(), [&] { return device_.isQuiet(); });
    require(isQuiet && runUntil(host_.loop(), [&] { return messages() == device_.sent(); }),
            "messages are missing");
    return {static_cast<double>(count * kMessageBytes) / 1e6 / took.count(), count};
  }

 private:
  // That the driver got.
  uint64_t messages() {
    const auto reply = host_.fixture().execute(id_, "count", "{}");
    require(reply.ok(), reply.ok() ? "" : reply.error().message);
    unsigned long long count = 0;
    unsigned long long wrong = 1;
    std::sscanf(reply->resultJson.c_str(), "[%llu,%llu]", &count, &wrong);
    require(wrong == 0, "messages out of order: " + reply->resultJson);
    return count;
  }

  SandboxedHost& host_;
  const std::string id_;
  Device device_;
};

}  // namespace
}  // namespace busbar::bench

int main(int argc, char** argv) {
  using namespace busbar;
  using namespace busbar::bench;
  const FigureInfo info{"TLS link, messages of 16 KiB", "MB/s", "plain TCP link",
                        "device cpu 0, host and runner cpu 1", "ratio >= 0.50"};
  if (!isSelected(argc, argv, info.name)) {
    return 0;
  }
  findBuild();
  std::signal(SIGPIPE, SIG_IGN);
  const test::TestAuthority authority("bench authority");
  SandboxedHost host;
  const std::string driver =
      host.fixture().addDriver("stream_counter", model::Isolation::Driver, "/tests/drivers/");
  Stream tls(host, "mod-tls", driver, serverContext(authority.issue("IP:127.0.0.1")),
             authority.certificate());
  Stream plain(host, "mod-plain", driver, nullptr, "");
  require(host.host().runners().size() == 1, "not one runner");
  pinTo(1);
  cpu_set_t second;
  CPU_ZERO(&second);
  CPU_SET(1, &second);
  sched_setaffinity(host.host().runners().front().pid, sizeof second, &second);
  measure(
      info, [&](double seconds) { return tls.run(seconds); },
      [&](double seconds) { return plain.run(seconds); });
  return 0;
}
