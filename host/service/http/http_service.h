// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "host/service/http/module_profile.h"
#include "host/service/service.h"
#include "sdk/base/net/http_client.h"

namespace busbar {

// "busbar.http/1" for one module: its requests through the one outbound client, by a profile made
// of its configuration, with cookies of its own. Answers that fit go out as one part; streamed ones
// in parts of 64 KiB, as fast as the driver takes them. Loop-only.
class HttpService final : public Service {
 public:
  static constexpr size_t kMaxRequests = 256;
  static constexpr size_t kPartBytes = 64U << 10;
  static constexpr size_t kWindowBytes = 256U << 10;  // of one stream, sent and not yet taken
  // Towards the runner: more makes streams wait, and whole answers fail with `http_not_taken`.
  static constexpr size_t kMaxUnsentStream = 1U << 20;
  static constexpr size_t kMaxUnsent = 8U << 20;

  // Of all modules together, for metrics.
  struct Figures {
    uint64_t requests = 0;
    uint64_t failures = 0;  // ended by an error, not by an answer of whatever status
    uint64_t bytes = 0;     // of bodies handed to drivers
    size_t open = 0;
  };
  // All of it outlives the services.
  struct Surroundings {
    EventLoop& loop;
    HttpClient& client;
    std::string siteCa;  // PEM; empty: the system's authorities
    Figures figures = {};
  };
  static ServiceProvider provider(Surroundings& surroundings);

  HttpService(Surroundings& surroundings, ServiceClient& client);
  HttpService(const HttpService&) = delete;
  HttpService& operator=(const HttpService&) = delete;
  ~HttpService() override;

  bool request(const wire::Frame& frame, std::string& why) override;
  void release(uint64_t token) override;
  // Requests under way end by what held when they began.
  void configured() override;

 private:
  struct Open {
    HttpRequestId id = 0;
    // Of a stream.
    size_t untaken = 0;   // sent, and not yet taken by the driver
    std::string held;     // come, and not yet sent
    size_t heldFrom = 0;  // what of it has been sent
    bool isPaused = false;
    bool waits = false;  // for the runner to read what was sent to it
  };

  void begin(const wire::HttpRequest& m);
  Status limitTime(const wire::HttpRequest& m, HttpRequest& request) const;
  bool taken(const wire::HttpTaken& m, std::string& why);
  void answered(uint64_t token, const Result<HttpAnswer>& answer);
  HttpStream streamOf(uint64_t token);
  void streamHead(uint64_t token, const HttpHead& head);
  void streamBody(uint64_t token, std::string_view bytes);
  void streamEnd(uint64_t token, const Status& status);
  void sendHeld(uint64_t token, Open& open);
  void waitForRunner();
  void fail(uint64_t token, const Error& error);
  void forget(uint64_t token);
  void setProfile();

  Surroundings& around_;
  ServiceClient& client_;
  Connection known_;  // what reach_ was made of
  ModuleProfile reach_;
  std::shared_ptr<CookieJar> cookies_ = CookieJar::create();  // shared with requests under way
  std::unordered_map<uint64_t, Open> open_;
  TimerId waitTimer_ = 0;
};

}  // namespace busbar
