// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// Serves one constant JSON document on every path, for a comparison with `return 200` of nginx.
// Usage: http_front_bench_server [--listen ADDRESS:PORT] [--tls-cert FILE --tls-key FILE]
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "api/http/front/front.h"

namespace {

using namespace busbar;

class Constant : public http::Handler {
 public:
  http::Admission admit(http::Request&) override { return {}; }
  void handle(http::Request&, http::Responder responder) override {
    responder.send(http::Response::json(200, body_));
  }

 private:
  const std::string body_ =
      R"({"id":"mod-01J0000000000000000000000","name":"Display","running":true,)"
      R"("connected":true,"status":{"power":true,"volume":42,"input":"hdmi1",)"
      R"("muted":false},"updated_at":1700000000,"version":17})";
};

}  // namespace

int main(int argc, char** argv) {
  http::FrontOptions options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const std::string value = argv[i + 1];
    if (name == "--listen") {
      const size_t colon = value.rfind(':');
      options.address = value.substr(0, colon);
      options.port = static_cast<uint16_t>(std::strtoul(value.c_str() + colon + 1, nullptr, 10));
    } else if (name == "--tls-cert") {
      options.tlsCertificateFile = value;
    } else if (name == "--tls-key") {
      options.tlsKeyFile = value;
    }
  }
  const SystemClock clock;
  auto loop = EventLoop::create(clock);
  if (!loop.ok()) {
    std::fprintf(stderr, "%s\n", loop.error().message.c_str());
    return 2;
  }
  Constant handler;
  auto front = http::Front::create(**loop, handler, options);
  if (!front.ok()) {
    std::fprintf(stderr, "%s\n", front.error().message.c_str());
    return 2;
  }
  std::printf("ready %s\n", (*front)->url().c_str());
  std::fflush(stdout);
  (*loop)->run();
  return 0;
}
