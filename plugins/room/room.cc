// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/room/room.h"

#include <algorithm>
#include <utility>

namespace busbar::room {
namespace {

bool implements(const Device& device, std::string_view interface) {
  return std::find(device.interfaces.begin(), device.interfaces.end(), interface) !=
         device.interfaces.end();
}

void put(std::map<std::string, bool>& known, const std::string& name, std::optional<bool> value) {
  if (value) {
    known[name] = *value;
  } else {
    known.erase(name);
  }
}

}  // namespace

void Room::setDevices(std::vector<Device> devices) {
  devices_ = std::move(devices);
}

void Room::devicePower(const std::string& name, std::optional<bool> on, Time now) {
  put(displays_, name, on);
  if (commanded_ || displays_.empty()) {
    return;
  }
  const bool any = std::any_of(displays_.begin(), displays_.end(),
                               [](const auto& display) { return display.second; });
  if (power_ != any) {
    power_ = any;
    poweredAt_ = now;
  }
}

void Room::deviceMute(const std::string& name, std::optional<bool> muted) {
  put(mutes_, name, muted);
}

void Room::setPresence(std::optional<bool> present, Time now) {
  if (present != presence_) {
    presence_ = present;
    emptySince_ = now;
  }
}

void Room::setPower(bool on, Time now) {
  commanded_ = true;
  if (power_ != on) {
    power_ = on;
    poweredAt_ = now;
  }
  if (!on) {
    source_.reset();
  }
}

bool Room::allDisplaysOn() const {
  bool any = false;
  for (const Device& device : devices_) {
    if (!implements(device, kPower) || !device.running) {
      continue;
    }
    any = true;
    const auto display = displays_.find(device.name);
    if (display == displays_.end() || !display->second) {
      return false;
    }
  }
  return any;
}

bool Room::isReady(Time now) const {
  return power_ == true && (allDisplaysOn() || now - poweredAt_ >= settings_.warmUp);
}

std::optional<bool> Room::muted() const {
  if (mutes_.empty()) {
    return std::nullopt;
  }
  return std::all_of(mutes_.begin(), mutes_.end(), [](const auto& mute) { return mute.second; });
}

const Source* Room::findSource(const std::string& name) const {
  const auto found = settings_.sources.find(name);
  return found == settings_.sources.end() ? nullptr : &found->second;
}

bool Room::has(std::string_view interface) const {
  return std::any_of(devices_.begin(), devices_.end(),
                     [&](const Device& device) { return implements(device, interface); });
}

const Device* Room::findDevice(std::string_view name) const {
  const std::string first = std::string(name) + "_1";  // "Display" is the first of that name
  for (const Device& device : devices_) {
    if (device.name == name || device.name == first) {
      return &device;
    }
  }
  return nullptr;
}

// What keeps the module `name` from being used, for what.
void Room::addMissing(std::vector<std::string>& out, std::string_view what,
                      std::string_view name) const {
  const Device* device = findDevice(name);
  std::string sentence;
  if (device == nullptr) {
    sentence = std::string(what) + ": the system has no module " + std::string(name);
  } else if (!device->running) {
    sentence = device->name + " is not running";
  } else if (!device->connected) {
    sentence = device->name + " is offline";
  }
  if (!sentence.empty() && std::find(out.begin(), out.end(), sentence) == out.end()) {
    out.push_back(std::move(sentence));
  }
}

std::vector<std::string> Room::missing() const {
  std::vector<std::string> out;
  if (!has(kPower)) {
    out.push_back("display: no module of the system can be switched on");
  }
  for (const Device& device : devices_) {
    for (const std::string_view used : {kPower, kInputs, kMute, kSensor}) {
      if (implements(device, used)) {
        addMissing(out, {}, device.name);
      }
    }
  }
  for (const auto& [name, source] : settings_.sources) {
    if (source.target != kInputs) {
      addMissing(out, "source " + name, source.target);
    } else if (!has(kInputs)) {
      out.push_back("source " + name + ": no module of the system selects inputs");
    }
  }
  if (!settings_.presenceModule.empty()) {
    addMissing(out, "presence", settings_.presenceModule);
  }
  return out;
}

// A room that nobody entered is held from when it was switched on.
std::optional<Time> Room::holdEnd() const {
  if (power_ != true || presence_ != false || settings_.hold == Time::zero()) {
    return std::nullopt;
  }
  return std::max(emptySince_, poweredAt_) + settings_.hold;
}

bool Room::mustGoOff(Time now) const {
  const auto end = holdEnd();
  return end && now >= *end;
}

std::optional<Time> Room::nextLook(Time now) const {
  std::optional<Time> next = holdEnd();
  if (power_ == true && !isReady(now)) {
    const Time warm = poweredAt_ + settings_.warmUp;
    next = next ? std::min(*next, warm) : warm;
  }
  return next;
}

}  // namespace busbar::room
