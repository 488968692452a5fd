// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// Uses every part of the C++ glue, for glue_test.
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <busbar_manifest.hpp>

#include <busbar/driver.hpp>

namespace {

class Sample : public busbar::Driver {
 public:
  explicit Sample(const busbar::CreateInfo& info) : Driver(info) { readSettings(info.settings); }

  static constexpr auto functions() {
    return std::make_tuple(
        busbar::fn("add", &Sample::add), busbar::fn("describe", &Sample::describe),
        busbar::fn("later", &Sample::later), busbar::fn("forget", &Sample::forget),
        busbar::fn("give_up", &Sample::giveUp), busbar::fn("raise", &Sample::raise),
        busbar::fn("measure", &Sample::measure), busbar::fn("background", &Sample::background));
  }

  busbar::SettingsAnswer onSettings(const busbar::Json& settings,
                                    const busbar::Json& changed) override {
    if (changed.size() > 1) {
      return busbar::SettingsAnswer::Restart;
    }
    readSettings(settings);
    return busbar::SettingsAnswer::Applied;
  }

  void onConnected(const busbar_link_info&) override {
    connectedOnce_ = true;
    send("hello");
  }

  void onReceived(std::string_view frame, const busbar_received&) override {
    if (frame == "throw") {
      throw std::runtime_error("rubbish from the device");
    }
    publish("extra_1", std::string(frame));
  }

 private:
  void readSettings(const busbar::Json& settings) {
    const auto limit = settings["limit"].as<int64_t>();
    if (limit < 0) {
      throw busbar::Failure::invalid("limit must not be negative");
    }
    limit_ = limit;
  }

  int64_t add(int64_t a, int32_t b) const { return a + b + limit_; }

  busbar::JsonObject describe(const std::string& name, const std::vector<std::string>& tags,
                              std::optional<double> ratio, busbar::Json extra) {
    return busbar::JsonObject()
        .set("name", name)
        .set("tags", tags)
        .set("ratio", ratio)
        .set("extra", extra);
  }

  void later(busbar::Call call) {
    pending_.emplace(std::move(call));
    timer_.once(std::chrono::milliseconds(5), [this] {
      pending_->complete(std::string("done"));
      pending_.reset();
    });
  }

  void forget(busbar::Call call) { (void)call; }
  void giveUp(busbar::Call call, bool silently) {
    const auto lose = [](busbar::Call lost) {
      throw busbar::Failure(BUSBAR_E_DEVICE, "call " + std::to_string(lost.id()) + " is lost");
    };
    if (!silently) {
      lose(std::move(call));
    }
    try {
      lose(std::move(call));
    } catch (const busbar::Failure&) {  // nobody is told
    }
  }

  void raise(const std::string& what) {
    if (what == "failure") {
      throw busbar::Failure(BUSBAR_E_DEVICE, "lamp is cooling", "lamp_cooling");
    }
    if (what == "exception") {
      throw std::runtime_error("boom");
    }
    throw 7;
  }

  void measure(double celsius) { temperature_ = celsius; }

  void background(busbar::Call call) {
    pending_.emplace(std::move(call));
    std::thread worker([this] {
      post([this] {
        pending_->complete();
        pending_.reset();
      });
    });
    worker.join();
  }

  int64_t limit_ = 0;
  std::optional<busbar::Call> pending_;
  busbar::Timer timer_{*this};
  busbar::StatusKey<busbar::keys::temperature> temperature_{*this};
  busbar::StatusKey<busbar::keys::connected_once> connectedOnce_{*this};
};

}  // namespace

BUSBAR_DRIVER(Sample)
