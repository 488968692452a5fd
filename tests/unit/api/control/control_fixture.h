// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/api_fixture.h"
#include "tests/support/websocket_frames.h"

namespace busbar {

// Control sockets of the whole API over recorders, a room with two modules, and a host that is a
// fake.
class ControlFixture : public ApiFixture {
 protected:
  static constexpr std::string_view kPath = "/api/engine/v2/systems/control";

  // One client.
  class Socket {
   public:
    RecordingSink& sink() { return exchange_.sink(); }
    RecordedExchange& exchange() { return exchange_; }
    int status() { return sink().answer ? sink().answer->status() : 0; }
    void say(std::string_view text) { sayFrame(test::clientText(text)); }
    void sayFrame(const std::string& frame) {
      if (sink().upgraded != nullptr && sink().isStreaming) {
        EXPECT_EQ(sink().upgraded->onInput(frame), frame.size());
      }
    }
    // Everything since the last time; a Close as "close 4401".
    std::vector<std::string> heard() {
      std::vector<std::string> out;
      for (const test::ServerFrame& frame : test::takeFrames(sink().streamed)) {
        out.push_back(frame.opcode == 8 ? "close " + std::to_string(frame.closeCode())
                                        : frame.payload);
      }
      return out;
    }
    std::string only() {
      const auto all = heard();
      return all.size() == 1 ? all[0] : std::to_string(all.size()) + " messages";
    }

   private:
    RecordedExchange exchange_;
  };

  ControlFixture() {
    put(sample::driver(1));
    for (const int n : {1, 2}) {
      modules_.push_back(sample::mod(n, 1));
      put(modules_.back());
    }
    system_ = sample::system(1);
    system_.modules = {modules_[0].id, modules_[1].id};
    put(system_);
    name_ = site_.resolvedName(modules_[0]);
  }

  Socket& open(std::string_view key = "admin", std::string_view target = kPath,
               const std::vector<std::pair<std::string, std::string>>& headers = {}) {
    sockets_.push_back(std::make_unique<Socket>());
    http::Request request;
    begin(request, "GET", target, key);
    request.addHeader("Upgrade", "websocket");
    request.addHeader("Connection", "Upgrade");
    request.addHeader("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    request.addHeader("Sec-WebSocket-Version", "13");
    for (const auto& [name, value] : headers) {
      request.addHeader(name, value);
    }
    sockets_.back()->exchange().send(router_, request);
    return *sockets_.back();
  }

  // {"id":1,"cmd":"bind","sys":…,"mod":<the room's>,"index":1,"name":"power"}
  std::string command(int id, std::string_view verb, std::string_view name = "power", int index = 1,
                      std::string_view mod = {}, std::string_view more = {}) const {
    return "{\"id\":" + std::to_string(id) + ",\"cmd\":\"" + std::string(verb) + "\"," +
           place(name, index, mod) + std::string(more) + "}";
  }
  std::string meta(std::string_view name = "power", int index = 1,
                   std::string_view mod = {}) const {
    return "\"meta\":{" + place(name, index, mod) + "}";
  }
  std::string notified(int id, std::string_view value, std::string_view name = "power",
                       int index = 1) const {
    return "{\"id\":" + std::to_string(id) +
           ",\"type\":\"notify\",\"value\":" + std::string(value) + "," + meta(name, index) + "}";
  }
  static std::string success(int id) {
    return "{\"id\":" + std::to_string(id) + ",\"type\":\"success\"}";
  }
  // Whether `text` is an error reply with these numbers.
  static testing::AssertionResult isError(const std::string& text, int id, int number, int code) {
    const std::string begin = "{\"id\":" + std::to_string(id) + ",\"type\":\"error\",\"msg\":\"";
    const std::string end =
        "\",\"error_code\":" + std::to_string(number) + ",\"code\":" + std::to_string(code) + "}";
    if (text.starts_with(begin) && text.ends_with(end)) {
      return testing::AssertionSuccess();
    }
    return testing::AssertionFailure() << text;
  }

  void write(ConfigWrite::Kind kind, model::Record record) {
    auto done = await<std::vector<ConfigChange>>(
        *loop_, [&](Callback<void(Result<std::vector<ConfigChange>>)> finished) {
          store_.apply({{kind, std::move(record)}}, {}, clock_.now() + Milliseconds(10'000),
                       std::move(finished));
        });
    ASSERT_TRUE(done.ok()) << done.error().message << done.error().field;
    loop_->runOnce(Milliseconds(0));
  }
  template <class Row>
  void change(Row row) {
    row.revision = stored(row)->revision;
    write(ConfigWrite::Kind::Update, std::move(row));
  }
  // What stands behind the key of a role.
  model::ApiKey keyRow(std::string_view key) const {
    return *site_.findApiKey(auth::parseApiKey(keyText(key))->keyId);
  }
  model::User userRow(std::string_view key) const { return *site_.findUser(keyRow(key).userId); }

  std::vector<model::Module> modules_;
  model::System system_;
  std::string name_;
  std::vector<std::unique_ptr<Socket>> sockets_;

 private:
  const model::System* stored(const model::System& row) const { return site_.findSystem(row.id); }
  const model::Module* stored(const model::Module& row) const { return site_.findModule(row.id); }
  const model::User* stored(const model::User& row) const { return site_.findUser(row.id); }
  const model::ApiKey* stored(const model::ApiKey& row) const { return site_.findApiKey(row.id); }

  std::string place(std::string_view name, int index, std::string_view mod) const {
    return "\"sys\":\"" + system_.id + "\",\"mod\":\"" + (mod.empty() ? name_ : std::string(mod)) +
           "\",\"index\":" + std::to_string(index) + ",\"name\":\"" + std::string(name) + "\"";
  }
};

}  // namespace busbar
