// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>

#include <busbar/driver.hpp>

#include "busbar_manifest.hpp"
#include "codec.h"

namespace {

class Display : public busbar::Driver {
 public:
  explicit Display(const busbar::CreateInfo& info)
      : Driver(info), pollMs_(info.settings["poll_ms"].as<int64_t>()) {}

  static constexpr auto functions() {
    return std::make_tuple(busbar::fn("power", &Display::power),
                           busbar::fn("switch_to", &Display::switchTo));
  }

  busbar::SettingsAnswer onSettings(const busbar::Json& settings, const busbar::Json&) override {
    pollMs_ = settings["poll_ms"].as<int64_t>();
    if (isConnected()) {
      startPolling();
    }
    return busbar::SettingsAnswer::Applied;
  }

  void onConnected(const busbar_link_info&) override {
    ask();
    startPolling();
  }

  void onDisconnected(const busbar_link_info&) override { poll_.cancel(); }

 private:
  void power(busbar::Call call, bool state) {
    busbar::Command command;
    command.name = "power";
    command.payload = example::encodePower(state);
    command.onAnswer = [this, state](std::string_view line) {
      return accepted(line, [this, state] { power_ = state; });
    };
    enqueue(std::move(command), std::move(call));
  }

  void switchTo(busbar::Call call, const std::string& input) {
    busbar::Command command;
    command.name = "input";
    command.payload = example::encodeInput(input);
    command.onAnswer = [this, input](std::string_view line) {
      return accepted(line, [this, input] { input_ = input; });
    };
    enqueue(std::move(command), std::move(call));
  }

  // The answer to something that was told: OK, or the device's reason.
  template <class Then>
  busbar::Answer accepted(std::string_view line, const Then& then) {
    const example::Reply reply = example::parseReply(line);
    if (reply.kind == example::Reply::Kind::Refused) {
      throw busbar::Failure::device("the display refused: " + reply.value);
    }
    if (reply.kind != example::Reply::Kind::Ok) {
      return busbar::Answer::Ignore;
    }
    then();
    return busbar::Answer::Done;
  }

  void startPolling() {
    poll_.every(std::chrono::milliseconds(pollMs_), [this] { ask(); });
  }

  void ask() {
    query("power?", example::encodePowerQuery(), example::Reply::Kind::Power);
    query("input?", example::encodeInputQuery(), example::Reply::Kind::Input);
  }

  void query(const char* name, std::string payload, example::Reply::Kind wanted) {
    busbar::Command command;
    command.name = name;
    command.payload = std::move(payload);
    command.priority = 10;
    command.onAnswer = [this, wanted](std::string_view line) {
      const example::Reply reply = example::parseReply(line);
      if (reply.kind != wanted) {
        return busbar::Answer::Ignore;
      }
      publishReply(reply);
      return busbar::Answer::Done;
    };
    enqueue(std::move(command));
  }

  // Also what the display says by itself, for instance after its remote control was used.
  void onReceived(std::string_view line, const busbar_received&) override {
    publishReply(example::parseReply(line));
  }

  void publishReply(const example::Reply& reply) {
    if (reply.kind == example::Reply::Kind::Power) {
      power_ = reply.value == "ON";
    } else if (reply.kind == example::Reply::Kind::Input) {
      input_ = reply.value;
    }
  }

  int64_t pollMs_;
  busbar::Timer poll_{*this};
  busbar::StatusKey<busbar::keys::power> power_{*this};
  busbar::StatusKey<busbar::keys::input> input_{*this};
};

}  // namespace

BUSBAR_DRIVER(Display)
