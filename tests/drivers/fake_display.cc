// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <string>

#include <busbar_manifest.hpp>

#include <busbar/driver.hpp>

namespace {

using busbar::fn;

class FakeDisplay : public busbar::Driver {
 public:
  explicit FakeDisplay(const busbar::CreateInfo& info)
      : Driver(info), slow_(info.settings["slow"].as<bool>()) {}

  static constexpr auto functions() {
    return std::make_tuple(
        fn("power", &FakeDisplay::power), fn("switch_to", &FakeDisplay::switchTo),
        fn("mute", &FakeDisplay::mute), fn("sensors", &FakeDisplay::sensors),
        fn("sensor", &FakeDisplay::sensor), fn("warm", &FakeDisplay::warm),
        fn("set_presence", &FakeDisplay::setPresence), fn("refuse", &FakeDisplay::refuse));
  }
  void onStart() override {
    power_ = false;
    mute_ = false;
  }

 private:
  void power(bool state) {
    work();
    power_ = state && !slow_;
  }
  void switchTo(const std::string& input) {
    work();
    input_ = input;
    selections_ = ++count_;
  }
  void mute(bool state, busbar::Json, const std::string&) {
    work();
    mute_ = state;
  }
  busbar::JsonArray sensors(busbar::Json, busbar::Json, busbar::Json) {
    work();
    busbar::JsonArray all;
    if (presence_.value()) {
      all.add(busbar::JsonObject()
                  .set("id", "1")
                  .set("type", "presence")
                  .set("value", *presence_.value())
                  .set("unit", nullptr));
    }
    return all;
  }
  void sensor(const std::string&, std::optional<std::string>) {}
  void warm() { power_ = true; }
  void setPresence(bool state) { presence_ = state; }
  void refuse(bool state) { refuses_ = state; }

  void work() const {
    if (refuses_) {
      throw busbar::Failure(BUSBAR_E_DEVICE, "the lamp is hot", "lamp_cooling");
    }
  }

  const bool slow_;
  bool refuses_ = false;
  int64_t count_ = 0;
  busbar::StatusKey<busbar::keys::power> power_{*this};
  busbar::StatusKey<busbar::keys::input> input_{*this};
  busbar::StatusKey<busbar::keys::mute> mute_{*this};
  busbar::StatusKey<busbar::keys::presence> presence_{*this};
  busbar::StatusKey<busbar::keys::selections> selections_{*this};
};

}  // namespace

BUSBAR_DRIVER(FakeDisplay)
