// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// What one request costs apart from the kernel: head check, Poco's message, target, route, API key,
// permission, handler and answer; against the head check and Poco's message alone.
#include <string>
#include <string_view>

#include "api/auth/api_key.h"
#include "api/auth/api_key_authenticator.h"
#include "api/http/front/request_reader.h"
#include "api/http/front/response_writer.h"
#include "api/http/router/router.h"
#include "sdk/base/clock.h"
#include "tests/bench/figure.h"
#include "tests/support/recording_sink.h"

namespace {

using namespace busbar;

constexpr std::string_view kId = "key-01J0ABCDEFGHJKMNPQRSTVWXYZ";

class Bench {
 public:
  Bench()
      : authenticator_(clock_, [this](const std::string& id) { return rowsOf(id); }),
        router_(authenticator_),
        writer_(clock_) {
    const auth::NewApiKey created = auth::generateApiKey(kId);
    key_.id = kId;
    key_.secretHash = created.secretHash;
    user_.id = "user-1";
    user_.role = key_.permissions = model::UserRole::Admin;
    user_.revision = key_.revision = 1;
    bytes_ =
        "POST /api/engine/v2/systems/sys-01J0ABCDEFGHJKMNPQRSTVWXYZ/Display_1/power HTTP/1.1\r\n"
        "Host: busbar.example.org\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0)\r\n"
        "Accept: application/json\r\nAccept-Language: en\r\nAccept-Encoding: gzip, deflate\r\n"
        "Content-Type: application/json\r\nOrigin: https://busbar.example.org\r\n"
        "Referer: https://busbar.example.org/panel\r\nConnection: keep-alive\r\nX-API-Key: " +
        created.text + "\r\nContent-Length: 6\r\n\r\n[true]";
    addRoutes();
  }

  bench::Run whole(double seconds) {
    return repeat(seconds, [this](http::RequestReader& reader, std::string_view input) {
      reader.next(input);
      const http::Admission admission = router_.admit(reader.request());
      BUSBAR_CHECK(!admission.refusal);
      reader.setBodyLimit(admission.bodyLimitBytes);
      BUSBAR_CHECK(reader.next(input) == http::RequestReader::Event::Complete);
      router_.handle(reader.request(), exchange_.responder());
      out_.clear();
      http::ResponseFrame frame;
      frame.requestId = reader.request().requestId();
      BUSBAR_CHECK(writer_.write(*exchange_.sink().answer, frame, out_));
    });
  }

  bench::Run readOnly(double seconds) {
    return repeat(seconds, [](http::RequestReader& reader, std::string_view input) {
      reader.next(input);
      reader.setBodyLimit(1000);
      BUSBAR_CHECK(reader.next(input) == http::RequestReader::Event::Complete);
    });
  }

 private:
  template <class Step>
  bench::Run repeat(double seconds, Step step) {
    http::RequestReader reader(shared_);
    const Instant begin = BootClock::now();
    const auto length = Nanoseconds(static_cast<int64_t>(seconds * 1e9));
    uint64_t count = 0;
    Instant now = begin;
    while (now - begin < length) {
      for (int i = 0; i < 1000; ++i, ++count) {
        step(reader, bytes_);
        reader.finish();
      }
      now = BootClock::now();
    }
    return {static_cast<double>(count) * 1e9 / static_cast<double>((now - begin).count()), count};
  }

  auth::ApiKeyRows rowsOf(const std::string& id) {
    return id == key_.id ? auth::ApiKeyRows{&key_, &user_} : auth::ApiKeyRows{};
  }

  void addRoutes() {
    const auto add = [this](http::Method method, const std::string& pattern) {
      router_.add(method, pattern, auth::Access(auth::Permission::ZoneOperate, "systems"),
                  [](http::Request&, http::Responder responder) {
                    responder.send(http::Response::json(200, std::string("{\"ok\":true}")));
                  });
    };
    for (const char* table : {"systems", "modules", "zones", "drivers", "settings", "users"}) {
      const std::string base = std::string("/api/engine/v2/") + table;
      add(http::Method::Get, base);
      add(http::Method::Post, base);
      add(http::Method::Get, base + "/:id");
      add(http::Method::Patch, base + "/:id");
      add(http::Method::Delete, base + "/:id");
      add(http::Method::Post, base + "/:id/start");
      add(http::Method::Get, base + "/:id/functions/:slug");
      add(http::Method::Post, base + "/:id/:slug/:method");
    }
  }

  const SystemClock clock_;
  model::ApiKey key_;
  model::User user_;
  auth::ApiKeyAuthenticator authenticator_;
  http::Router router_;
  http::ReaderShared shared_;
  http::ResponseWriter writer_;
  RecordedExchange exchange_;
  std::string bytes_;
  std::string out_;
};

}  // namespace

int main(int argc, char** argv) {
  const char* name = "http request without kernel";
  if (!bench::isSelected(argc, argv, name)) {
    return 0;
  }
  Bench all;
  bench::pinTo(0);
  bench::measure(
      {name, "requests/s", "head check and message alone", "cpu 0", ""},
      [&all](double seconds) { return all.whole(seconds); },
      [&all](double seconds) { return all.readOnly(seconds); });
  return 0;
}
