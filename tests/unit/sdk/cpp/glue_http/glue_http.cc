// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include <busbar_manifest.hpp>

#include <busbar/driver.hpp>

using namespace busbar;
using namespace std::chrono_literals;

class GlueHttp final : public Driver {
 public:
  explicit GlueHttp(const CreateInfo& info) : Driver(info) {}

  static constexpr auto functions() {
    return std::make_tuple(fn("fetch", &GlueHttp::fetch), fn("store", &GlueHttp::store),
                           fn("stream", &GlueHttp::stream), fn("forget", &GlueHttp::forget));
  }

  void fetch(Call call) {
    const auto open = std::make_shared<Call>(std::move(call));
    http_.get("/status")
        .header("Accept", "a")
        .header("Accept", "b")
        .basic("user", "pass")
        .timeout(2s)
        .maxBytes(1000)
        .redirects(3)
        .then(
            [open](const HttpAnswer& answer) {
              open->complete(std::to_string(answer.status) + " " + answer.header("x-a") + " " +
                             answer.json().root()["v"].text());
            },
            [open](const Failure& failure) { open->fail(failure); });
  }
  void store(Call call) {
    const auto open = std::make_shared<Call>(std::move(call));
    http_.put("https://a.example/")
        .json(JsonObject().set("v", 1))
        .bearer("token")
        .withoutCookies()
        .ownInitiative()
        .then([open](const HttpAnswer& answer) { open->complete(answer.url); },
              [open](const Failure& failure) { open->fail(failure); });
  }
  void stream(Call call) {
    const auto open = std::make_shared<Call>(std::move(call));
    const auto seen = std::make_shared<std::string>();
    http_.get("/big").stream(
        [seen](const HttpHead& head) { *seen += std::to_string(head.status) + ":"; },
        [seen](std::string_view bytes) { *seen += std::string(bytes) + "|"; },
        [seen, open](const Failure* failure) {
          open->complete(*seen + (failure != nullptr ? failure->code() : "end"));
        });
  }
  void forget() {
    http_.cancel(http_.post("/x").then([](const HttpAnswer&) {}, [](const Failure&) {}));
  }
  void onEvent(const busbar_event&) override { warn("an event that nobody wanted"); }

 private:
  Http http_{*this};
};

BUSBAR_DRIVER(GlueHttp)
