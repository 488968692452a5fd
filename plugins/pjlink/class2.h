// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "plugins/pjlink/class1.h"

namespace busbar::pjlink {

// What class 2 adds to class 1 over TCP: freeze, volume, filter, resolution, names of inputs.
class Class2 : public Class1 {
 public:
  explicit Class2(const CreateInfo& info) : Class1(info) {
    add("FREZ", true, parseFlag, [this](const auto& flag) { frozen_.show(flag); });
    add("FILT", true, parseHours, [this](const auto& hours) { filterHours_.show(hours); });
    add("IRES", true, parseResolution, [this](const auto& text) { resolution_.show(text); });
    add("RRES", false, parseResolution, [this](const auto& text) { recommended_.show(text); });
    add("SNUM", false, parseText, [this](const auto& text) { serial_.show(text); });
    add("SVER", false, parseText, [this](const auto& text) { software_.show(text); });
    add("RLMP", false, parseText, [this](const auto& text) { lampModel_.show(text); });
    add("RFIL", false, parseText, [this](const auto& text) { filterModel_.show(text); });
  }

  static constexpr auto functions() {
    return std::tuple_cat(
        Class1::functions(),
        std::make_tuple(fn("freeze", &Class2::freeze), fn("speaker_volume", &Class2::speakerVolume),
                        fn("microphone_volume", &Class2::microphoneVolume)));
  }

  void command(Call call, const std::string& name, const std::string& parameter) override {
    if (isReady() && line(name, parameter).empty()) {
      call.fail(Failure(BUSBAR_E_UNSUPPORTED, name + " needs a class 2 projector"));
    } else {
      Class1::command(std::move(call), name, parameter);
    }
  }
  void freeze(Call call, bool state) { command(std::move(call), "FREZ", state ? "1" : "0"); }
  void speakerVolume(Call call, bool up) { command(std::move(call), "SVOL", up ? "1" : "0"); }
  void microphoneVolume(Call call, bool up) { command(std::move(call), "MVOL", up ? "1" : "0"); }

 protected:
  std::string line(const std::string& name, const std::string& parameter) const override {
    const char known = class_.value() == 2 ? '2' : '1';
    const char needed = classOf(name, known);
    return needed <= known ? encode(needed, name, parameter) : std::string();
  }
  // Class 2 knows what is written beside the socket; asked when the input has changed.
  void showInput(const std::optional<std::string>& input) override {
    Class1::showInput(input);
    if (input == std::exchange(labelled_, input)) {
      return;
    }
    label_.clear();
    if (!isReady()) {
      labelled_.reset();  // asked when the projector has let us in
    } else if (input && class_.value() == 2) {
      ask("INNM", line("INNM", "?" + inputCode(*input).value_or("")),
          onReply("INNM", [this](const Reply& reply) {
            label_.show(reply.kind == Reply::Kind::Value ? parseText(reply.value) : std::nullopt);
          }));
    }
  }

 private:
  std::optional<std::string> labelled_;
  StatusKey<keys::frozen> frozen_{*this};
  StatusKey<keys::filter_hours> filterHours_{*this};
  StatusKey<keys::resolution> resolution_{*this};
  StatusKey<keys::recommended_resolution> recommended_{*this};
  StatusKey<keys::serial_number> serial_{*this};
  StatusKey<keys::software_version> software_{*this};
  StatusKey<keys::lamp_model> lampModel_{*this};
  StatusKey<keys::filter_model> filterModel_{*this};
  StatusKey<keys::input_label> label_{*this};
};

}  // namespace busbar::pjlink
