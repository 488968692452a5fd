// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// HTTP for drivers, the whole way: a driver in its sandboxed runner keeps 64 requests to one origin
// in flight, against wrk on the same nginx.
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <string>

#include "host/service/http/http_service.h"
#include "sdk/base/json.h"
#include "tests/bench/figure.h"
#include "tests/bench/sandboxed_host.h"
#include "tests/support/http_client_fixture.h"
#include "tests/support/nginx.h"
#include "tests/support/program.h"

namespace busbar::bench {
namespace {

constexpr double kExpectedRate = 25'000;
constexpr const char* kBody =
    R"({"id":"mod-01J0000000000000000000000","name":"Display","running":true,"connected":true,)"
    R"("status":{"power":true,"volume":42,"input":"hdmi1","muted":false},"updated_at":1700000000})";

void pinProcess(int pid, int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<size_t>(cpu), &set);
  sched_setaffinity(pid, sizeof set, &set);
}

class Bench {
 public:
  Bench() : sandboxed_([this](EventLoop& loop) { return makeServices(loop); }) {
    const std::string port = std::to_string(uint16_t{port_});
    nginx_.start(
        "access_log off; keepalive_requests 1000000000; default_type application/json;\n"
        "server { listen 127.0.0.1:" +
            port + "; location / { return 200 '" + kBody + "'; } }",
        port_);
    HostFixture& fixture = sandboxed_.fixture();
    const std::string driver =
        fixture.addDriver("http_probe", model::Isolation::Driver, "/tests/drivers/");
    fixture.addModule("mod-1", driver, true, "", 0, "http://127.0.0.1:" + port);
    require(fixture.waitFor("mod-1", "running"), fixture.host_->health("mod-1").sentence);
    pinProcess(nginx_.pid(), 0);
    pinProcess(fixture.host_->runners().front().pid, 0);
    pinTo(1);
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;
  ~Bench() {  // what needs the loop goes before it does
    sandboxed_.fixture().host_.reset();
    around_.reset();
    client_.reset();
  }

  Run ours(double seconds) {
    const auto wanted = static_cast<int64_t>(seconds * kExpectedRate);
    ExecuteRequest request;
    request.moduleId = "mod-1";
    request.function = "run";
    request.args =
        R"({"url":"/modules","flags":2,"at_once":64,"total":)" + std::to_string(wanted) + "}";
    request.caller.role = model::UserRole::Support;
    request.deadline = sandboxed_.fixture().clock_.now() + std::chrono::seconds(100);
    std::optional<Result<ExecuteReply>> reply;
    const auto begin = std::chrono::steady_clock::now();
    sandboxed_.host().execute(std::move(request),
                              [&](Result<ExecuteReply> done) { reply.emplace(std::move(done)); });
    while (!reply) {
      sandboxed_.loop().runOnce(Milliseconds(1000));
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    require(reply->ok(), reply->ok() ? "" : reply->error().message);
    const auto outcome = json::parse((*reply)->resultJson).value();
    require(*outcome.find("answers")->asInt() == wanted &&
                *outcome.find("bytes")->asInt() ==
                    wanted * static_cast<int64_t>(std::string_view(kBody).size()),
            "not every request was answered whole: " + (*reply)->resultJson);
    return {static_cast<double>(wanted) / took.count(), static_cast<uint64_t>(wanted)};
  }

  Run theirs(double seconds) const {
    const std::string whole = std::to_string(std::max(1L, std::lround(seconds)));
    const auto outcome =
        test::Program::run({"/usr/bin/taskset", "-c", "1", "wrk", "-t1", "-c64", "-d" + whole,
                            "http://127.0.0.1:" + std::to_string(uint16_t{port_}) + "/modules"});
    const size_t at = outcome.out.find("Requests/sec:");
    require(outcome.exitCode == 0 && at != std::string::npos, "wrk: " + outcome.err);
    const double rate = std::atof(outcome.out.c_str() + at + 13);
    return {rate, static_cast<uint64_t>(rate * std::atof(whole.c_str()))};
  }

 private:
  ServiceProviders makeServices(EventLoop& loop) {
    names_.emplace(loop);
    client_.emplace(loop, *names_);
    around_.emplace(HttpService::Surroundings{loop, *client_, {}});
    ServiceProviders services;
    services.push_back(HttpService::provider(*around_));
    return services;
  }

  const test::ReservedPort port_;
  test::Nginx nginx_;
  std::optional<test::ScriptedResolver> names_;
  std::optional<HttpClient> client_;
  std::optional<HttpService::Surroundings> around_;
  SandboxedHost sandboxed_;  // last: its construction makes the others
};

}  // namespace
}  // namespace busbar::bench

int main(int argc, char** argv) {
  using namespace busbar::bench;
  const FigureInfo info{"http service, 64 in flight, one kept-alive origin", "requests/s",
                        "wrk -t1 -c64", "nginx and runner cpu 0, host cpu 1",
                        ">= 25,000 requests/s"};
  if (isSelected(argc, argv, info.name)) {
    findBuild();
    Bench bench;
    measure(
        info, [&](double seconds) { return bench.ours(seconds); },
        [&](double seconds) { return bench.theirs(seconds); });
  }
  return 0;
}
