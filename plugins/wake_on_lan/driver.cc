// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// Wakes machines: sends magic packets to the module's address.

#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <busbar/driver.hpp>

#include "plugins/wake_on_lan/codec.h"

#include "busbar_manifest.hpp"

namespace busbar::wake_on_lan {
namespace {

struct Machine {
  Mac mac{};
  std::string password;
};

}  // namespace

class WakeOnLanDriver final : public Driver {
 public:
  explicit WakeOnLanDriver(const CreateInfo& info) : Driver(info) { apply(info.settings); }

  static constexpr auto functions() { return std::make_tuple(fn("wake", &WakeOnLanDriver::wake)); }

  void onStart() override { showMachines(); }
  // All that can be known: there is a way out.
  void onConnected(const busbar_link_info&) override { requestLink(BUSBAR_LINK_HEALTHY); }
  SettingsAnswer onSettings(const Json& settings, const Json&) override {
    apply(settings);
    showMachines();
    return SettingsAnswer::Applied;
  }

  void wake(Call call, const std::string& machine);

 private:
  void apply(const Json& settings);
  void showMachines();
  void sendNext(const std::shared_ptr<Call>& call, const std::string& name,
                const std::string& packet, int64_t left);

  std::map<std::string, Machine> machines_;
  int64_t packets_ = 3;
  uint32_t pauseMs_ = 100;
  StatusKey<keys::machines> shown_{*this};
  StatusKey<keys::last_woken> lastWoken_{*this};
};

void WakeOnLanDriver::apply(const Json& settings) {
  std::map<std::string, Machine> machines;
  settings["machines"].forEachMember([&](std::string_view name, const Json& json) {
    const auto mac = parseMac(json.as<std::string>());
    if (!mac) {
      throw Failure::invalid("/machines/" + std::string(name) + " must be a machine's MAC address");
    }
    machines[std::string(name)].mac = *mac;
  });
  settings["passwords"].forEachMember([&](std::string_view name, const Json& json) {
    const auto found = machines.find(std::string(name));
    auto password = parsePassword(json.as<std::string>());
    if (found == machines.end() || !password) {
      throw Failure::invalid("/passwords/" + std::string(name) +
                             (password ? " is not among the machines"
                                       : " must be 6 bytes like a MAC address, or 4 like 1.2.3.4"));
    }
    found->second.password = std::move(*password);
  });
  machines_ = std::move(machines);
  packets_ = settings["packets"].as<int64_t>();
  pauseMs_ = settings["pause_ms"].as<uint32_t>();
}

void WakeOnLanDriver::showMachines() {
  std::vector<std::string> names;
  for (const auto& [name, machine] : machines_) {
    names.push_back(name);
  }
  shown_ = JsonText{toJson(names)};
}

void WakeOnLanDriver::wake(Call call, const std::string& machine) {
  Machine wanted;
  if (const auto found = machines_.find(machine); found != machines_.end()) {
    wanted = found->second;
  } else if (const auto mac = parseMac(machine)) {
    wanted.mac = *mac;
  } else {
    call.fail(Failure(BUSBAR_E_NOTFOUND,
                      machine + " is neither a machine of the settings nor a MAC address"));
    return;
  }
  sendNext(std::make_shared<Call>(std::move(call)), machine,
           magicPacket(wanted.mac, wanted.password), packets_);
}

// UDP may lose any packet, so a few are sent.
void WakeOnLanDriver::sendNext(const std::shared_ptr<Call>& call, const std::string& name,
                               const std::string& packet, int64_t left) {
  if (left == 0) {
    lastWoken_.emit(name);
    call->complete();
    return;
  }
  Command command;
  command.payload = packet;
  command.delayMs = pauseMs_;
  command.parentCall = call->id();
  command.onEnd = [this, call, name, packet, left](const Failure* failure) {
    if (failure != nullptr) {
      call->fail(*failure);
    } else {
      sendNext(call, name, packet, left - 1);
    }
  };
  try {
    enqueue(std::move(command));
  } catch (const Failure& failure) {
    call->fail(failure);
  }
}

}  // namespace busbar::wake_on_lan

using busbar::wake_on_lan::WakeOnLanDriver;
BUSBAR_DRIVER(WakeOnLanDriver)
