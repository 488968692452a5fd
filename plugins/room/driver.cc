// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <busbar/driver.hpp>

#include "plugins/room/room.h"
#include "plugins/room/settings.h"

#include "busbar_manifest.hpp"

namespace busbar::room {
namespace {

constexpr std::chrono::seconds kSensorPeriod{10};

std::string text(std::string_view view) {
  return std::string(view);
}

class RoomDriver : public Driver {
 public:
  explicit RoomDriver(const CreateInfo& info) : Driver(info), room_(readSettings(info.settings)) {}

  static constexpr auto functions() {
    return std::make_tuple(fn("power", &RoomDriver::power), fn("select", &RoomDriver::select),
                           fn("mute", &RoomDriver::mute));
  }

  void onStart() override;
  SettingsAnswer onSettings(const Json& settings, const Json&) override;

 private:
  // `took`: at least one module did what was asked. `failure`: the first that did not, and why.
  using Switched = std::function<void(bool took, const Failure* failure)>;

  void power(Call call, bool state);
  void select(Call call, std::string source);
  void mute(Call call, bool state);
  void switchPower(bool on, busbar_id parent, Switched switched);
  void selectNow(const std::string& name, busbar_id parent, Switched switched);
  void ask(std::string_view target, const char* function, const JsonObject& args, busbar_id parent,
           Switched switched);
  static Switched answering(Call call);

  void followPresence();
  void askSensors();
  void takePresence(std::optional<bool> present);
  void takeModules(const std::vector<ModuleInfo>& modules);
  void refresh();
  void goOff();
  void publishAll(bool ready);
  Time now() const { return Time(bootNs()); }

  Room room_;
  bool selectAgain_ = false;  // displays that warm up may forget what was selected
  Modules modules_{*this};
  std::optional<busbar_id> presenceSubscription_;
  Timer look_{*this};
  Timer sensors_{*this};
  StatusKey<keys::power> power_{*this};
  StatusKey<keys::ready> ready_{*this};
  StatusKey<keys::source> source_{*this};
  StatusKey<keys::muted> muted_{*this};
  StatusKey<keys::presence> presence_{*this};
  StatusKey<keys::missing> missing_{*this};
};

void RoomDriver::onStart() {
  modules_.onModules([this](const std::vector<ModuleInfo>& modules) { takeModules(modules); });
  modules_.subscribe<bool>(kPower, "power", [this](std::string_view name, std::optional<bool> on) {
    room_.devicePower(text(name), on, now());
    refresh();
  });
  modules_.subscribe<bool>(kMute, "mute", [this](std::string_view name, std::optional<bool> on) {
    room_.deviceMute(text(name), on);
    refresh();
  });
  followPresence();
}

SettingsAnswer RoomDriver::onSettings(const Json& settings, const Json&) {
  room_.configure(readSettings(settings));
  followPresence();
  refresh();
  return SettingsAnswer::Applied;
}

// ---- presence

void RoomDriver::followPresence() {
  if (presenceSubscription_) {
    modules_.unsubscribe(*std::exchange(presenceSubscription_, std::nullopt));
  }
  sensors_.cancel();
  room_.setPresence(std::nullopt, now());
  const Settings& settings = room_.settings();
  if (settings.presenceModule.empty()) {
    sensors_.every(kSensorPeriod, [this] { askSensors(); });
    askSensors();
    return;
  }
  presenceSubscription_ =
      modules_.subscribe<Json>(settings.presenceModule, settings.presenceKey,
                               [this](std::string_view, std::optional<Json> value) {
                                 takePresence(value ? readFlag(*value) : std::nullopt);
                               });
}

void RoomDriver::askSensors() {
  if (!room_.has(kSensor)) {
    takePresence(std::nullopt);
    return;
  }
  modules_.call(kSensor, "sensors", JsonObject().set("type", "presence"))
      .then([this](const CallResult& result) {
        std::optional<bool> present;
        result.value().forEachMember([&](std::string_view, Json answer) {
          if (const auto one = readPresence(answer["result"])) {
            present = present.value_or(false) || *one;
          }
        });
        takePresence(present);
      });
}

void RoomDriver::takePresence(std::optional<bool> present) {
  room_.setPresence(present, now());
  refresh();
}

// ---- what follows from what is known

void RoomDriver::takeModules(const std::vector<ModuleInfo>& modules) {
  const bool hadSensor = room_.has(kSensor);
  std::vector<Device> devices;
  for (const ModuleInfo& mod : modules) {
    devices.push_back({mod.name, mod.interfaces, mod.running, mod.connected});
  }
  room_.setDevices(std::move(devices));
  if (!hadSensor && sensors_.isSet()) {
    askSensors();
  }
  refresh();
}

void RoomDriver::refresh() {
  if (room_.mustGoOff(now())) {
    goOff();
  }
  const bool ready = room_.isReady(now());
  publishAll(ready);
  if (ready && std::exchange(selectAgain_, false) && room_.source()) {
    selectNow(*room_.source(), 0, [this](bool, const Failure* failure) {
      if (failure != nullptr) {
        warn("select the source again after warm-up: " + failure->message());
      }
    });
  }
  const auto next = room_.nextLook(now());
  if (next) {
    const auto wait =
        std::chrono::ceil<std::chrono::milliseconds>(std::max(*next - now(), Time::zero()));
    look_.once(wait, [this] { refresh(); });
  } else {
    look_.cancel();
  }
}

void RoomDriver::goOff() {
  info("nobody has been here for the time of the hold: the room is switched off");
  room_.setPower(false, now());
  switchPower(false, 0, [this](bool, const Failure* failure) {
    if (failure != nullptr) {
      warn("switch the room off: " + failure->message());
    }
  });
}

void RoomDriver::publishAll(bool ready) {
  const auto show = [](auto& key, const auto& value) {
    if (value) {
      key = *value;
    } else {
      key.clear();
    }
  };
  show(power_, room_.power());
  ready_ = ready;
  show(source_, room_.source());
  show(muted_, room_.muted());
  show(presence_, room_.presence());
  missing_ = JsonText{toJson(room_.missing())};
}

// ---- functions

RoomDriver::Switched RoomDriver::answering(Call call) {
  // Shared because std::function must be copyable.
  const auto open = std::make_shared<Call>(std::move(call));
  return [open](bool, const Failure* failure) {
    if (failure != nullptr) {
      open->fail(*failure);
    } else {
      open->complete();
    }
  };
}

void RoomDriver::power(Call call, bool state) {
  const busbar_id parent = call.id();
  switchPower(state, parent, answering(std::move(call)));
}

void RoomDriver::mute(Call call, bool state) {
  const busbar_id parent = call.id();
  ask(kMute, "mute", JsonObject().set("state", state), parent, answering(std::move(call)));
}

void RoomDriver::select(Call call, std::string source) {
  if (room_.findSource(source) == nullptr) {
    call.fail(
        Failure(BUSBAR_E_NOTFOUND, "the settings have no source " + source, "unknown_source"));
    return;
  }
  const busbar_id parent = call.id();
  const Switched answer = answering(std::move(call));
  if (room_.power() == true) {
    selectNow(source, parent, answer);
    return;
  }
  switchPower(true, parent, [this, source, parent, answer](bool took, const Failure* failure) {
    if (took) {
      selectNow(source, parent, answer);
    } else {
      answer(false, failure);
    }
  });
}

void RoomDriver::switchPower(bool on, busbar_id parent, Switched switched) {
  ask(kPower, "power", JsonObject().set("state", on), parent,
      [this, on, switched = std::move(switched)](bool took, const Failure* failure) {
        if (took) {
          room_.setPower(on, now());
          selectAgain_ = false;
        }
        switched(took, failure);
        refresh();
      });
}

void RoomDriver::selectNow(const std::string& name, busbar_id parent, Switched switched) {
  const Source* source = room_.findSource(name);
  if (source == nullptr) {
    const Failure gone(BUSBAR_E_NOTFOUND, "the settings have no source " + name, "unknown_source");
    switched(false, &gone);
    return;
  }
  ask(source->target, "switch_to", JsonObject().set("input", source->input), parent,
      [this, name, switched = std::move(switched)](bool took, const Failure* failure) {
        if (took) {
          room_.setSource(name);
          selectAgain_ = !room_.isReady(now());
        }
        switched(took, failure);
        refresh();
      });
}

// Calls one module, or all that implement an interface; a failure names its module.
void RoomDriver::ask(std::string_view target, const char* function, const JsonObject& args,
                     busbar_id parent, Switched switched) {
  CallOptions options;
  options.parentCall = parent;
  modules_.call(target, function, args, options)
      .then([target = text(target), switched = std::move(switched)](const CallResult& result) {
        if (result.ok()) {
          switched(true, nullptr);
          return;
        }
        bool took = false;
        std::string name;
        result.value().forEachMember([&](std::string_view member, Json answer) {
          const bool failed = answer["error"].isObject();
          took = took || !failed;
          name = failed && name.empty() ? text(member) : name;
        });
        const Failure& why = result.failure();
        const Failure told(why.status(), (name.empty() ? target : name) + ": " + why.message(),
                           why.code());
        switched(took, &told);
      });
}

}  // namespace
}  // namespace busbar::room

using busbar::room::RoomDriver;
BUSBAR_DRIVER(RoomDriver)
