// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <busbar/driver.hpp>

#include "plugins/pjlink/codec.h"

#include "busbar_manifest.hpp"

namespace busbar::pjlink {

// A class 1 projector: power, input, mute, errors, lamps and names. Nothing is sent before its
// greeting, and but one question (CLSS, behind the password's digest) before it has let us in.
class Class1 : public PolledDriver<keys::online, keys::last_error> {
 public:
  explicit Class1(const CreateInfo& info)
      : PolledDriver(info, "the projector", Admission::ByGreeting),
        password_(info.settings["password"].valueOr<std::string>("")) {
    add("POWR", true, parsePower, [this](const auto& power) { showPower(power); });
    add("INPT", true, parseInput, [this](const auto& input) { showInput(input); });
    add("AVMT", true, parseMute, [this](const auto& mute) { showMute(mute); });
    add("ERST", true, parseErrors, [this](const auto& errors) { errors_.show(errors); });
    add("LAMP", true, parseLamps, [this](const auto& lamps) { showLamps(lamps); });
    add("INST", false, parseInputs, [this](const auto& inputs) { inputs_.show(inputs); });
    add("NAME", false, parseText, [this](const auto& text) { name_.show(text); });
    add("INF1", false, parseText, [this](const auto& text) { manufacturer_.show(text); });
    add("INF2", false, parseText, [this](const auto& text) { product_.show(text); });
    add("INFO", false, parseText, [this](const auto& text) { other_.show(text); });
  }

  static constexpr auto functions() {
    return std::make_tuple(fn("power", &Class1::power), fn("switch_to", &Class1::switchTo),
                           fn("mute", &Class1::mute), fn("query", &Class1::command));
  }

  // Hands `take` the reply to a command, or to a call's: then with the call.
  template <class Take>
  auto onReply(const std::string& name, Take take) {
    return [this, name, take](std::string_view line, auto&... call) {
      const Reply reply = parseReply(line, name);
      if (reply.kind == Reply::Kind::WrongPassword || reply.kind == Reply::Kind::Rubbish) {
        throw lost(std::string(reasonText(reply.kind)));
      }
      if (reply.kind == Reply::Kind::Other) {
        return Answer::Ignore;
      }
      take(reply, call...);
      return Answer::Done;
    };
  }
  void power(Call call, bool state) { command(std::move(call), "POWR", state ? "1" : "0"); }
  void switchTo(Call call, const std::string& input) {
    command(std::move(call), "INPT", inputCode(input).value_or(input));
  }
  void mute(Call call, bool state, Json, const std::string& layer) {
    command(std::move(call), "AVMT", encodeMute(layer, state));
  }
  virtual void command(Call call, const std::string& name, const std::string& parameter) {
    tell(std::move(call), name, line(name, parameter),
         onReply(name, [this, name](const Reply& reply, Call& open) {
           if (!reasonText(reply.kind).empty()) {
             throw Failure::device(std::string(reasonText(reply.kind)));
           }
           reply.value.empty() ? open.complete() : open.complete(reply.value);
           askAgain(name);
         }));
  }

  void onReceived(std::string_view line, const busbar_received&) override {
    const Greeting greeting = readGreeting(line, password_);
    if (!isReady() && !greeting.problem.empty()) {
      lost(greeting.problem);
    } else if (!isReady()) {
      ask("CLSS", greeting.prefix + encode('1', "CLSS", "?"),
          onReply("CLSS", [this](const Reply& reply) {
            class_ = reply.value == "2" ? 2 : 1;
            ready();
          }));
    }  // else a late answer
  }

 protected:
  // Adds a question. `take` gets nothing when the projector cannot say, as in standby.
  template <class Parse, class Take>
  void add(const std::string& name, bool isPolled, Parse parse, Take take) {
    const auto payload = [this, name] { return line(name, "?"); };
    const auto onAnswer = onReply(name, [name, parse, take](const Reply& reply) {
      const bool hasValue = reply.kind == Reply::Kind::Value;
      const auto value = hasValue ? parse(reply.value) : std::nullopt;
      take(value);
      if (hasValue && !value) {
        throw Failure::device("the projector sent nonsense as its " + name);
      }
    });
    isPolled ? poll(name, payload, onAnswer) : askOnce(name, payload, onAnswer);
  }
  // A command as this projector takes it; empty when it has none of that name.
  virtual std::string line(const std::string& name, const std::string& parameter) const {
    return encode('1', name, parameter);
  }
  virtual void showInput(const std::optional<std::string>& input) { input_.show(input); }
  void showPower(const std::optional<Power>& power) {
    if (power) {
      power_ = *power == Power::On || *power == Power::Warming;
      powerState_ = std::string(toText(*power));
    }
    const bool isChanging = power == Power::Cooling || power == Power::Warming;
    pollEvery(isChanging ? std::chrono::seconds(1) : interval());
  }
  StatusKey<keys::pjlink_class> class_{*this};
  StatusKey<keys::errors> errors_{*this};

 private:
  void showMute(const std::optional<Mute>& mute) {
    mute ? videoMute_.set(mute->video) : videoMute_.clear();
    mute ? audioMute_.set(mute->audio) : audioMute_.clear();
    mute ? mute_.set(mute->video || mute->audio) : mute_.clear();
  }
  void showLamps(const std::optional<std::vector<Lamp>>& lamps) {
    JsonArray array;
    for (const Lamp& lamp : lamps.value_or(std::vector<Lamp>())) {
      array.add(JsonObject().set("hours", lamp.hours).set("on", lamp.isOn));
    }
    lamps ? lamps_.set(JsonText{array.text()}) : lamps_.clear();
  }

  const std::string password_;
  StatusKey<keys::power> power_{*this};
  StatusKey<keys::power_state> powerState_{*this};
  StatusKey<keys::input> input_{*this};
  StatusKey<keys::available_inputs> inputs_{*this};
  StatusKey<keys::mute> mute_{*this};
  StatusKey<keys::audio_mute> audioMute_{*this};
  StatusKey<keys::video_mute> videoMute_{*this};
  StatusKey<keys::lamps> lamps_{*this};
  StatusKey<keys::name> name_{*this};
  StatusKey<keys::manufacturer> manufacturer_{*this};
  StatusKey<keys::product> product_{*this};
  StatusKey<keys::other_information> other_{*this};
};

}  // namespace busbar::pjlink
