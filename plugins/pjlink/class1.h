// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plugins/pjlink/conversation.h"

namespace busbar::pjlink {

// Nothing is shown as absent.
template <class Key, class Value>
void show(Key& key, const std::optional<Value>& value) {
  if (!value) {
    key.clear();
  } else if constexpr (std::is_same_v<typename Key::Value, JsonText>) {
    key.set(JsonText{toJson(*value)});
  } else {
    key.set(*value);
  }
}

// What class 1 knows: power, input, mute, errors, lamps and names.
class Class1 : public Conversation {
 public:
  explicit Class1(const CreateInfo& info) : Conversation(info) {
    add("POWR", true, parsePower, [this](const auto& power) { showPower(power); });
    add("INPT", true, parseInput, [this](const auto& input) { showInput(input); });
    add("AVMT", true, parseMute, [this](const auto& mute) { showMute(mute); });
    add("ERST", true, parseErrors, [this](const auto& errors) { show(errors_, errors); });
    add("LAMP", true, parseLamps, [this](const auto& lamps) { showLamps(lamps); });
    add("INST", false, parseInputs, [this](const auto& inputs) { show(inputs_, inputs); });
    add("NAME", false, parseText, [this](const auto& text) { show(name_, text); });
    add("INF1", false, parseText, [this](const auto& text) { show(manufacturer_, text); });
    add("INF2", false, parseText, [this](const auto& text) { show(product_, text); });
    add("INFO", false, parseText, [this](const auto& text) { show(other_, text); });
  }

  void power(Call call, bool state) { tell(std::move(call), "POWR", state ? "1" : "0"); }
  void switchTo(Call call, const std::string& input) {
    tell(std::move(call), "INPT", inputCode(input).value_or(input));
  }
  void mute(Call call, bool state, Json, const std::string& layer) {
    tell(std::move(call), "AVMT", encodeMute(layer, state));
  }

 protected:
  virtual void showInput(const std::optional<std::string>& input) { show(input_, input); }

 private:
  static constexpr std::chrono::milliseconds kSoon{1000};

  void showPower(const std::optional<Power>& power) {
    seen();
    if (power) {
      power_ = *power == Power::On || *power == Power::Warming;
      powerState_ = std::string(toText(*power));
    }
    const bool isChanging = power == Power::Cooling || power == Power::Warming;
    pollEvery(isChanging ? std::min(interval_, kSoon) : interval_);
  }
  void showMute(const std::optional<Mute>& mute) {
    const Mute now = mute.value_or(Mute());
    show(videoMute_, mute ? std::optional(now.video) : std::nullopt);
    show(audioMute_, mute ? std::optional(now.audio) : std::nullopt);
    show(mute_, mute ? std::optional(now.video || now.audio) : std::nullopt);
  }
  void showLamps(const std::optional<std::vector<Lamp>>& lamps) {
    JsonArray array;
    for (const Lamp& lamp : lamps.value_or(std::vector<Lamp>())) {
      array.add(JsonObject().set("hours", lamp.hours).set("on", lamp.isOn));
    }
    lamps ? lamps_.set(JsonText{array.text()}) : lamps_.clear();
  }

  StatusKey<keys::power> power_{*this};
  StatusKey<keys::power_state> powerState_{*this};
  StatusKey<keys::input> input_{*this};
  StatusKey<keys::available_inputs> inputs_{*this};
  StatusKey<keys::mute> mute_{*this};
  StatusKey<keys::audio_mute> audioMute_{*this};
  StatusKey<keys::video_mute> videoMute_{*this};
  StatusKey<keys::lamps> lamps_{*this};
  StatusKey<keys::errors> errors_{*this};
  StatusKey<keys::name> name_{*this};
  StatusKey<keys::manufacturer> manufacturer_{*this};
  StatusKey<keys::product> product_{*this};
  StatusKey<keys::other_information> other_{*this};
};

}  // namespace busbar::pjlink
