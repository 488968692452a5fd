// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// The outbound HTTP client against wrk on the same nginx: 64 requests in flight to one origin,
// every connection kept. Each answer is checked.
#include <sched.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <string>

#include "sdk/base/net/http_client.h"
#include "sdk/base/worker_pool.h"
#include "tests/bench/figure.h"
#include "tests/support/nginx.h"
#include "tests/support/program.h"

namespace {

using namespace busbar;

constexpr int kInFlight = 64;
constexpr const char* kBody =
    R"({"id":"mod-01J0000000000000000000000","name":"Display","running":true,"connected":true,)"
    R"("status":{"power":true,"volume":42,"input":"hdmi1","muted":false},"updated_at":1700000000})";

class Bench {
 public:
  Bench() {
    const std::string port = std::to_string(uint16_t{port_});
    nginx_.start(
        "access_log off; keepalive_requests 1000000000; default_type application/json;\n"
        "server { listen 127.0.0.1:" +
            port + "; location / { return 200 '" + kBody + "'; } }",
        port_);
    cpu_set_t first;
    CPU_ZERO(&first);
    CPU_SET(0, &first);
    sched_setaffinity(nginx_.pid(), sizeof first, &first);
    HttpProfileOptions options;
    options.addresses.exceptions.push_back({"127.0.0.1", port_});
    options.maxConnections = options.maxConnectionsPerOrigin = kInFlight;
    profile_ = HttpProfile::create(options).value();
  }

  bench::Run ours(double seconds) {
    const auto begin = std::chrono::steady_clock::now();
    until_ = loop_->refreshNow() +
             std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(seconds));
    done_ = 0;
    for (int i = 0; i < kInFlight; ++i) {
      ask();
    }
    while (inFlight_ > 0) {
      loop_->runOnce(Milliseconds(1000));
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    BUSBAR_CHECK(client_.figures().sockets == kInFlight);
    return {static_cast<double>(done_) / took.count(), done_};
  }

  bench::Run theirs(double seconds) const {
    const std::string whole = std::to_string(std::max(1L, std::lround(seconds)));
    const auto outcome = test::Program::run(
        {"/usr/bin/taskset", "-c", "1", "wrk", "-t1", "-c64", "-d" + whole, url_});
    const std::string& text = outcome.out;
    const size_t at = text.find("Requests/sec:");
    BUSBAR_CHECK(outcome.exitCode == 0 && at != std::string::npos);
    BUSBAR_CHECK(text.find("Non-2xx") == std::string::npos);
    const double rate = std::atof(text.c_str() + at + 13);
    return {rate, static_cast<uint64_t>(rate * std::atof(whole.c_str()))};
  }

 private:
  void ask() {
    HttpRequest request;
    request.url = url_;
    ++inFlight_;
    const auto id =
        client_.request(profile_, std::move(request), [this](Result<HttpAnswer> answer) {
          BUSBAR_CHECK(answer.ok() && answer->status == 200 && answer->body == kBody);
          --inFlight_;
          ++done_;
          if (loop_->now() < until_) {
            ask();
          }
        });
    BUSBAR_CHECK(id.ok());
  }

  const test::ReservedPort port_;
  const std::string url_ = "http://127.0.0.1:" + std::to_string(uint16_t{port_}) + "/modules";
  test::Nginx nginx_;
  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::create(clock_).value();
  WorkerPool pool_{1, 8};
  SystemResolver resolver_{*loop_, pool_};
  HttpClient client_{*loop_, resolver_};
  std::shared_ptr<const HttpProfile> profile_;
  Instant until_{};
  int inFlight_ = 0;
  uint64_t done_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const bench::FigureInfo info{"http client, 64 in flight, one kept-alive origin", "requests/s",
                               "wrk -t1 -c64", "nginx cpu 0, client cpu 1", ">= 25,000 requests/s"};
  if (bench::isSelected(argc, argv, info.name)) {
    Bench bench;
    bench::pinTo(1);
    bench::measure(
        info, [&](double seconds) { return bench.ours(seconds); },
        [&](double seconds) { return bench.theirs(seconds); });
  }
  return 0;
}
