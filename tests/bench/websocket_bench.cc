// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// The control websocket, the whole way: front, session, sandboxed echo driver. Clients are another
// process, so that neither their memory nor their work is taken for ours.
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include <malloc.h>

#include "api/auth/api_key.h"
#include "api/auth/api_key_authenticator.h"
#include "api/http/front/front.h"
#include "api/resources/api.h"
#include "tests/bench/figure.h"
#include "tests/bench/sandboxed_host.h"
#include "tests/support/search_mirror.h"
#include "tests/support/websocket_frames.h"

namespace busbar::bench {
namespace {

constexpr unsigned kInFlight = 64;
constexpr unsigned kSubscribers = 5000;
constexpr std::string_view kPath = "/api/engine/v2/systems/control";

// What the client is asked to do, and what it answers.
struct Order {
  enum class Kind { Exec, Subscribe, AwaitChange, Leave };
  Kind kind = Kind::Exec;
  uint16_t port = 0;
  double seconds = 0;
  int64_t value = 0;
  std::array<char, 96> key{};
};
struct Report {
  uint64_t count = 0;
  int64_t lastNs = 0;  // CLOCK_BOOTTIME of the last that came
};

std::string command(int64_t id, std::string_view verb, std::string_view name,
                    std::string_view args) {
  return "{\"id\":" + std::to_string(id) + ",\"cmd\":\"" + std::string(verb) +
         "\",\"sys\":\"sys-1\",\"mod\":\"Echo\",\"index\":1,\"name\":\"" + std::string(name) +
         "\"" + std::string(args) + "}";
}

// One blocking websocket.
class ClientSocket {
 public:
  ClientSocket(uint16_t port, const char* key) {
    fd_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    require(::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0,
            "connect");
    send(test::upgradeRequest(kPath, "X-API-Key: " + std::string(key) + "\r\n"));
    while (in_.find("\r\n\r\n") == std::string::npos) {
      read();
    }
    require(in_.starts_with("HTTP/1.1 101 "), "upgrade: " + in_);
    in_.erase(0, in_.find("\r\n\r\n") + 4);
  }

  int fd() const { return fd_.get(); }
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      require(n > 0, "send");
      bytes.remove_prefix(static_cast<size_t>(n));
    }
  }
  std::vector<test::ServerFrame> frames() {
    read();
    return test::takeFrames(in_);
  }
  test::ServerFrame frame() {
    auto all = test::takeFrames(in_);
    while (all.empty()) {
      all = frames();
    }
    require(all.size() == 1, "more than one message");
    return all[0];
  }

 private:
  void read() {
    static std::array<char, 1 << 16> buffer;
    const ssize_t n = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    require(n > 0, "the server ended the connection");
    in_.append(buffer.data(), static_cast<size_t>(n));
  }
  UniqueFd fd_;
  std::string in_;
};

// The other process.
class Client {
 public:
  explicit Client(int channel) : channel_(channel) {}

  [[noreturn]] void serve() {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    pinTo(1);
    Order order;
    while (::read(channel_, &order, sizeof order) == sizeof order) {
      Report report;
      switch (order.kind) {
        case Order::Kind::Exec:
          report = exec(order);
          break;
        case Order::Kind::Subscribe:
          report = subscribe(order);
          break;
        case Order::Kind::AwaitChange:
          report = awaitChange(order);
          break;
        case Order::Kind::Leave:
          sockets_.clear();
          break;
      }
      require(::write(channel_, &report, sizeof report) == sizeof report, "report");
    }
    ::_exit(0);
  }

 private:
  // Keeps 64 calls in flight on one socket; each answer must be that of its call.
  static Report exec(const Order& order) {
    ClientSocket socket(order.port, order.key.data());
    const Instant end = BootClock::now() + Nanoseconds(static_cast<int64_t>(order.seconds * 1e9));
    std::vector<bool> open;
    int64_t next = 0;
    const auto call = [&] {
      open.push_back(true);
      const std::string value = "\"v" + std::to_string(next) + "\"";
      return test::clientText(command(next++, "exec", "echo", ",\"args\":[" + value + "]"));
    };
    std::string out;
    for (unsigned i = 0; i < kInFlight; ++i) {
      out += call();
    }
    socket.send(out);
    Report report;
    for (size_t left = kInFlight; left > 0;) {
      const auto replies = socket.frames();
      const bool goesOn = BootClock::now() < end;
      out.clear();
      for (const test::ServerFrame& reply : replies) {
        const auto id = std::strtoull(reply.payload.c_str() + 6, nullptr, 10);  // {"id":
        require(id < open.size() && open[id], "an answer to nothing: " + reply.payload);
        require(
            reply.payload.find("\"value\":\"v" + std::to_string(id) + "\"") != std::string::npos,
            "a wrong answer: " + reply.payload);
        open[id] = false;
        ++report.count;
        if (goesOn) {
          out += call();
        } else {
          --left;
        }
      }
      socket.send(out);
    }
    return report;
  }

  Report subscribe(const Order& order) {
    const std::string bind = test::clientText(command(1, "bind", "level", ""));
    while (sockets_.size() < kSubscribers) {
      sockets_.push_back(std::make_unique<ClientSocket>(order.port, order.key.data()));
      sockets_.back()->send(bind);
      require(sockets_.back()->frame().payload.find("success") != std::string::npos, "bind");
    }
    return {sockets_.size(), 0};
  }

  // Says that it waits, then when the last socket was told.
  Report awaitChange(const Order& order) {
    const UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
    for (size_t i = 0; i < sockets_.size(); ++i) {
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = i;
      require(::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, sockets_[i]->fd(), &event) == 0, "epoll");
    }
    const Report ready;
    require(::write(channel_, &ready, sizeof ready) == sizeof ready, "ready");
    const std::string wanted = "\"value\":" + std::to_string(order.value) + ",";
    Report report;
    std::array<epoll_event, 256> events;
    while (report.count < sockets_.size()) {
      const int n = ::epoll_wait(epoll.get(), events.data(), events.size(), 10'000);
      require(n > 0, "not all were told");
      for (int i = 0; i < n; ++i) {
        ClientSocket& socket = *sockets_[events[static_cast<size_t>(i)].data.u64];
        const auto frame = socket.frame();
        if (frame.opcode == 9) {  // it was silent for long
          socket.send(test::clientFrame(10, frame.payload));
          continue;
        }
        if (frame.payload == "pong") {  // nobody asked
          continue;
        }
        require(frame.payload.find(wanted) != std::string::npos, "told " + frame.payload);
        ++report.count;
      }
      report.lastNs = BootClock::now().time_since_epoch().count();
    }
    return report;
  }

  const int channel_;
  std::vector<std::unique_ptr<ClientSocket>> sockets_;
};

uint64_t residentBytes() {
  std::ifstream file("/proc/self/statm");
  uint64_t total = 0;
  uint64_t resident = 0;
  file >> total >> resident;
  return resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

// busbard's parts in this process, and the client's end.
class Bench {
 public:
  explicit Bench(int channel)
      : channel_(channel),
        fixture_(sandboxed_.fixture()),
        authenticator_(fixture_.clock_, [this](const std::string& id) { return rowsOf(id); }),
        router_(authenticator_),
        ids_(fixture_.clock_),
        api_({*fixture_.loop_, fixture_.site_, fixture_.store_, mirror_.search(), fixture_.store_,
              *fixture_.host_, ids_, *fixture_.log_, nullptr, "bench"}) {
    const auth::NewApiKey created = auth::generateApiKey(key_.id);
    key_.secretHash = created.secretHash;
    key_.scopes = {"public"};
    key_.revision = user_.revision = 1;
    keyText_ = created.text;
    const std::string driver = fixture_.addDriver("echo");
    fixture_.addModule("mod-1", driver);
    require(fixture_.waitFor("mod-1", "running"), fixture_.host_->health("mod-1").sentence);
    model::System system;
    system.id = "sys-1";
    system.name = "Room";
    system.modules = {"mod-1"};
    require(fixture_.write(ConfigWrite::Kind::Insert, system).ok(), "add a system");
    api_.addRoutes(router_);
    http::FrontOptions options;
    options.maxConnectionsPerAddress = 2 * kSubscribers;
    auto front = http::Front::create(*fixture_.loop_, router_, options);
    require(front.ok(), "listen");
    front_ = std::move(*front);
    pinTo(0);
    for (const RunnerInfo& runner : fixture_.host_->runners()) {
      cpu_set_t set;
      CPU_ZERO(&set);
      CPU_SET(1, &set);
      ::sched_setaffinity(runner.pid, sizeof set, &set);
    }
  }

  Run exec(double seconds) {
    Order order = orderOf(Order::Kind::Exec);
    order.seconds = seconds;
    const Report report = ask(order);
    return {static_cast<double>(report.count) / seconds, report.count};
  }

  // With all buffers of the heap given back before, so that each run pays for itself.
  Run idleMemory() {
    leave();
    ::malloc_trim(0);
    const uint64_t before = residentBytes();
    const Report report = ask(orderOf(Order::Kind::Subscribe));
    turn(Milliseconds(1000));
    require(api_.control().counts().binds == kSubscribers, "binds");
    const auto added = static_cast<double>(residentBytes()) - static_cast<double>(before);
    return {added / 1e6, report.count};
  }

  Run lastDelivered() {
    if (api_.control().counts().binds < kSubscribers) {
      ask(orderOf(Order::Kind::Subscribe));
    }
    Order order = orderOf(Order::Kind::AwaitChange);
    order.value = ++value_;
    ask(order);
    const Instant begin = BootClock::now();
    bool isSet = false;
    ExecuteRequest request;
    request.moduleId = "mod-1";
    request.function = "set";
    request.args = "{\"key\":\"level\",\"value\":" + std::to_string(value_) + "}";
    request.deadline = begin + std::chrono::seconds(10);
    fixture_.loop_->refreshNow();
    fixture_.host_->execute(std::move(request), [&isSet](Result<ExecuteReply> reply) {
      require(reply.ok(), "set");
      isSet = true;
    });
    const Report report = await();
    require(isSet && report.count == kSubscribers, "told");
    return {static_cast<double>(report.lastNs - begin.time_since_epoch().count()) / 1e6,
            report.count};
  }

  void leave() {
    ask(orderOf(Order::Kind::Leave));
    require(runUntil(*fixture_.loop_, [this] { return api_.control().counts().sockets == 0; }),
            "sockets stay");
  }

 private:
  auth::ApiKeyRows rowsOf(const std::string& id) {
    return id == key_.id ? auth::ApiKeyRows{&key_, &user_} : auth::ApiKeyRows{};
  }
  Order orderOf(Order::Kind kind) const {
    Order order;
    order.kind = kind;
    order.port = front_->port();
    keyText_.copy(order.key.data(), order.key.size() - 1);
    return order;
  }
  Report ask(const Order& order) {
    require(::write(channel_, &order, sizeof order) == sizeof order, "the client is gone");
    return await();
  }
  Report await() {
    Report report;
    bool isThere = false;
    auto watch = fixture_.loop_->watch(channel_, EPOLLIN, [&](uint32_t) {
      require(::read(channel_, &report, sizeof report) == sizeof report, "the client failed");
      isThere = true;
    });
    require(watch.ok(), "watch");
    while (!isThere) {
      fixture_.loop_->runOnce(Milliseconds(1000));
    }
    return report;
  }
  void turn(Milliseconds time) {
    const Instant end = BootClock::now() + time;
    while (BootClock::now() < end) {
      fixture_.loop_->runOnce(Milliseconds(50));
    }
  }

  const int channel_;
  SandboxedHost sandboxed_;
  HostFixture& fixture_;
  model::ApiKey key_ = [] {
    model::ApiKey key;
    key.id = "key-01J0ABCDEFGHJKMNPQRSTVWXYZ";
    key.permissions = model::UserRole::Admin;
    return key;
  }();
  model::User user_ = [] {
    model::User user;
    user.id = "user-1";
    user.role = model::UserRole::Admin;
    return user;
  }();
  SearchMirror mirror_{*fixture_.loop_, fixture_.site_};
  auth::ApiKeyAuthenticator authenticator_;
  http::Router router_;
  model::IdGenerator ids_;
  api::Api api_;
  std::string keyText_;
  std::unique_ptr<http::Front> front_;
  int64_t value_ = 0;
};

constexpr const char* kExec = "websocket exec round trips on one socket, 64 in flight, echo";
constexpr const char* kMemory = "5,000 idle subscribers: RSS added";
constexpr const char* kChange = "5,000 idle subscribers: one change to all, last delivered";
constexpr const char* kPinning = "server cpu 0, runner and clients cpu 1";

int run(int argc, char** argv) {
  rlimit files{2 * kSubscribers + 2000, 2 * kSubscribers + 2000};
  rlimit allowed{};
  ::getrlimit(RLIMIT_NOFILE, &allowed);
  files.rlim_max = allowed.rlim_max;
  require(::setrlimit(RLIMIT_NOFILE, &files) == 0, "12,000 descriptors are needed");
  std::array<int, 2> pair{};
  require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) == 0, "socketpair");
  if (::fork() == 0) {
    ::close(pair[0]);
    Client(pair[1]).serve();
  }
  ::close(pair[1]);
  findBuild();
  Bench bench(pair[0]);
  if (isSelected(argc, argv, kExec)) {
    measure({kExec, "calls/s", "", kPinning, ">= 60,000 /s"},
            [&](double seconds) { return bench.exec(seconds); });
  }
  if (isSelected(argc, argv, kMemory)) {
    measure({kMemory, "MB", "", kPinning, "<= 10 MB"}, [&](double) { return bench.idleMemory(); });
  }
  if (isSelected(argc, argv, kChange)) {
    measure({kChange, "ms", "", kPinning, "<= 60 ms"},
            [&](double) { return bench.lastDelivered(); });
  }
  bench.leave();
  return 0;
}

}  // namespace
}  // namespace busbar::bench

int main(int argc, char** argv) {
  return busbar::bench::run(argc, argv);
}
