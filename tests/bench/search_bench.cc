// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// Lists with search over HTTP: 10,000 systems, a page of 100 of what a word finds, 200 requests a
// second offered over 32 connections, whatever the answers take. Latency counts from the moment at
// which a request was due. The API, the store and the index are busbard's; only the host is a fake.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "api/auth/api_key.h"
#include "api/auth/api_key_authenticator.h"
#include "api/http/front/front.h"
#include "api/resources/api.h"
#include "registry/store/search.h"
#include "registry/store/sqlite_config_store.h"
#include "sdk/base/unique_fd.h"
#include "tests/bench/figure.h"
#include "tests/support/fake_host_client.h"
#include "tests/support/sample_records.h"
#include "tests/support/temp_dir.h"

namespace {

using namespace busbar;
using Clock = std::chrono::steady_clock;

constexpr int kSystems = 10'000;
constexpr int kConnections = 32;
constexpr int kPerSecond = 200;
constexpr const char* kBuildings[] = {"Berlin", "Sydney", "Dubai", "Lyon",  "Oslo",
                                      "Boston", "Kyoto",  "Quito", "Turin", "Gdansk"};
constexpr const char* kKinds[] = {"Boardroom", "Focus", "Lab", "Theatre", "Lounge", "Studio"};

// Room 17 of 10,000: "Focus 03.017 Oslo".
model::System roomOf(int n) {
  model::System room = sample::system(n);
  char number[16];
  std::snprintf(number, sizeof number, "%02d.%03d", n / 10 % 40, n / 400);
  room.name = std::string(kKinds[n % 6]) + " " + number + " " + kBuildings[n % 10] + " " +
              std::to_string(n);
  room.description = "meeting room with screen and camera";
  return room;
}

// The API of busbard on a thread of its own.
class Server {
 public:
  Server() {
    SqliteConfigStore::Options options;
    options.databasePath = folder_.file("config.db");
    options.keyPath = folder_.file("secret.key");
    store_ = std::move(*SqliteConfigStore::open(*loop_, options));
    search_ = std::move(*Search::open(*loop_, options.databasePath));
    site_.follow(*store_, Instant::max(), [](Status) {});
    fill();
    api_ = std::make_unique<api::Api>(
        api::Api::Parts{*loop_, site_, *store_, *search_, *store_, host_, ids_, *log_,
                        [](std::string, Actor, Callback<void(Result<api::InstalledDriver>)> done) {
                          done(Error::of(ErrorCode::InvalidArgument, "no driver here"));
                        },
                        "bench"});
    api_->addRoutes(router_);
    front_ = std::move(*http::Front::create(*loop_, router_, {}));
    thread_ = std::thread([this] { loop_->run(); });
  }
  ~Server() {
    loop_->post([this] { loop_->stop(); });
    thread_.join();
  }

  uint16_t port() const { return front_->port(); }
  const std::string& key() const { return key_; }

 private:
  void fill() {
    model::User user = sample::user(1, model::UserRole::User);
    model::ApiKey key = sample::apiKey(1, 1);
    key.scopes = {"public"};
    const auth::NewApiKey made = auth::generateApiKey(key.id);
    key.secretHash = made.secretHash;
    key_ = made.text;
    std::vector<ConfigWrite> writes{{ConfigWrite::Kind::Insert, user},
                                    {ConfigWrite::Kind::Insert, key}};
    for (int n = 1; n <= kSystems; ++n) {
      writes.push_back({ConfigWrite::Kind::Insert, roomOf(n)});
    }
    bool done = false;
    store_->apply(std::move(writes), {}, Instant::max(),
                  [&](Result<std::vector<ConfigChange>> applied) {
                    BUSBAR_CHECK(applied.ok());
                    done = true;
                  });
    while (!done || site_.systems().size() < kSystems) {
      loop_->runOnce(Milliseconds(100));
    }
  }

  SystemClock clock_;
  test::TempDir folder_;
  std::unique_ptr<EventLoop> loop_ = std::move(*EventLoop::create(clock_));
  Site site_;
  std::unique_ptr<SqliteConfigStore> store_;
  std::unique_ptr<Search> search_;
  FakeHostClient host_;
  model::IdGenerator ids_{clock_};
  std::unique_ptr<Logger> log_ = Logger::discarding();
  auth::ApiKeyAuthenticator keys_{
      clock_, [this](const std::string& keyId) {
        auth::ApiKeyRows rows;
        rows.key = site_.findApiKey(keyId);
        rows.user = rows.key == nullptr ? nullptr : site_.findUser(rows.key->userId);
        return rows;
      }};
  http::Router router_{keys_};
  std::unique_ptr<api::Api> api_;
  std::unique_ptr<http::Front> front_;
  std::string key_;
  std::thread thread_;
};

// One keep-alive connection, blocking.
class Connection {
 public:
  Connection(uint16_t port, const std::string& key)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), key_(key) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    BUSBAR_CHECK(::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }

  // A page of at least one system, checked.
  void ask(const std::string& query) {
    const std::string text = "GET /api/engine/v2/systems?limit=100&q=" + query +
                             " HTTP/1.1\r\nHost: a\r\nX-API-Key: " + key_ + "\r\n\r\n";
    BUSBAR_CHECK(::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
                 static_cast<ssize_t>(text.size()));
    std::string answer;
    size_t whole = std::string::npos;
    char block[65536];
    while (answer.size() < whole) {
      const ssize_t count = ::recv(fd_.get(), block, sizeof block, 0);
      BUSBAR_CHECK(count > 0);
      answer.append(block, static_cast<size_t>(count));
      const size_t head = answer.find("\r\n\r\n");
      if (whole == std::string::npos && head != std::string::npos) {
        const size_t length = answer.find("Content-Length: ");
        BUSBAR_CHECK(length < head);
        whole = head + 4 + std::strtoul(answer.c_str() + length + 16, nullptr, 10);
      }
    }
    BUSBAR_CHECK(answer.starts_with("HTTP/1.1 200 "));
    BUSBAR_CHECK(answer.find("\"id\":\"sys-") != std::string::npos);
  }

 private:
  const UniqueFd fd_;
  const std::string key_;
};

// What people type: a kind, a building, a number, the beginning of one, two words, and now and then
// a word that every room has.
std::string queryOf(std::mt19937& random) {
  const auto pick = [&](int count) {
    return std::uniform_int_distribution<int>(0, count - 1)(random);
  };
  const std::string number = std::to_string(1 + pick(kSystems));
  switch (pick(8)) {
    case 0:
      return kBuildings[pick(10)];
    case 1:
      return std::string(kKinds[pick(6)]).substr(0, 3);
    case 2:
      return std::string(kKinds[pick(6)]) + "+" + number;
    case 3:
      return number.substr(0, 2);
    case 4:
      return "room" + number + "%40example.com";
    case 5:
      return "room";
    default:
      return number;
  }
}

bench::Run offer(Server& server, double seconds) {
  const auto period = std::chrono::microseconds(1'000'000 / kPerSecond);
  const int total = static_cast<int>(seconds * kPerSecond);
  std::vector<double> took(static_cast<size_t>(total));
  const Clock::time_point begin = Clock::now() + std::chrono::milliseconds(50);
  std::vector<std::thread> clients;
  for (int c = 0; c < kConnections; ++c) {
    clients.emplace_back([&, c] {
      Connection connection(server.port(), server.key());
      std::mt19937 random(static_cast<unsigned>(c) * 7919U + static_cast<unsigned>(total));
      for (int n = c; n < total; n += kConnections) {
        const Clock::time_point due = begin + n * period;
        std::this_thread::sleep_until(due);
        connection.ask(queryOf(random));
        took[static_cast<size_t>(n)] =
            std::chrono::duration<double, std::milli>(Clock::now() - due).count();
      }
    });
  }
  for (std::thread& client : clients) {
    client.join();
  }
  std::sort(took.begin(), took.end());
  return {took[took.size() * 99 / 100], took.size()};
}

}  // namespace

int main(int argc, char** argv) {
  const bench::FigureInfo info{"list with search, p99", "ms", "", "none",
                               "10,000 systems, 200 requests/s over 32 connections: <= 20 ms"};
  if (!bench::isSelected(argc, argv, info.name)) {
    return 0;
  }
  Server server;
  bench::measure(info, [&](double seconds) { return offer(server, seconds); });
  return 0;
}
