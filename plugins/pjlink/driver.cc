// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// A PJLink projector as a module: class 1 by class1.h, and here what class 2 adds.

#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "plugins/pjlink/class1.h"

namespace busbar::pjlink {

class PjLinkDriver final : public Class1 {
 public:
  explicit PjLinkDriver(const CreateInfo& info) : Class1(info) {
    add("FREZ", true, parseFlag, [this](const auto& flag) { show(frozen_, flag); });
    add("FILT", true, parseHours, [this](const auto& hours) { show(filterHours_, hours); });
    add("IRES", true, parseResolution, [this](const auto& text) { show(resolution_, text); });
    add("RRES", false, parseResolution, [this](const auto& text) { show(recommended_, text); });
    add("SNUM", false, parseText, [this](const auto& text) { show(serial_, text); });
    add("SVER", false, parseText, [this](const auto& text) { show(software_, text); });
    add("RLMP", false, parseText, [this](const auto& text) { show(lampModel_, text); });
    add("RFIL", false, parseText, [this](const auto& text) { show(filterModel_, text); });
  }

  static constexpr auto functions() {
    return std::make_tuple(
        fn("power", &PjLinkDriver::power), fn("switch_to", &PjLinkDriver::switchTo),
        fn("mute", &PjLinkDriver::mute), fn("query", &PjLinkDriver::tell),
        fn("freeze", &PjLinkDriver::freeze), fn("speaker_volume", &PjLinkDriver::speakerVolume),
        fn("microphone_volume", &PjLinkDriver::microphoneVolume));
  }

  void freeze(Call call, bool state) { tell(std::move(call), "FREZ", state ? "1" : "0"); }
  void speakerVolume(Call call, bool up) { tell(std::move(call), "SVOL", up ? "1" : "0"); }
  void microphoneVolume(Call call, bool up) { tell(std::move(call), "MVOL", up ? "1" : "0"); }

 private:
  // Class 2 knows what is written beside the socket; asked when the input has changed.
  void showInput(const std::optional<std::string>& input) override {
    Class1::showInput(input);
    if (input == std::exchange(labelled_, input)) {
      return;
    }
    label_.clear();
    if (input && deviceClass() == '2') {
      Command asked =
          make("INNM", "?" + inputCode(*input).value_or(""), [this](const Reply& reply) {
            show(label_, reply.kind == Reply::Kind::Value ? parseText(reply.value) : std::nullopt);
          });
      asked.name = "INNM";
      enqueue(std::move(asked));
    }
  }

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

using busbar::pjlink::PjLinkDriver;
BUSBAR_DRIVER(PjLinkDriver)
