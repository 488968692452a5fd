// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// Wakes machines: sends magic packets to the module's address, or to all in Busbar's network.

#include <algorithm>
#include <chrono>
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

// A call whose packets go out one by one.
struct Wake {
  Call call;
  std::string name;
  std::string packet;
  int64_t left;
};

}  // namespace

class WakeOnLanDriver final : public Driver {
 public:
  explicit WakeOnLanDriver(const CreateInfo& info) : Driver(info) { apply(info.settings); }

  static constexpr auto functions() { return std::make_tuple(fn("wake", &WakeOnLanDriver::wake)); }

  void onStart() override {
    broadcastLink_ = linkId("broadcast");
    showMachines();
  }
  void onConnected(const busbar_link_info&) override { showWayOut(); }
  void onDisconnected(const busbar_link_info&) override { showWayOut(); }
  SettingsAnswer onSettings(const Json& settings, const Json&) override {
    apply(settings);
    showMachines();
    showWayOut();
    return SettingsAnswer::Applied;
  }

  void wake(Call call, const std::string& machine);

 private:
  void apply(const Json& settings);
  void showMachines();
  void showWayOut();
  void sendNext(const std::shared_ptr<Wake>& wake);
  void enqueueNext(const std::shared_ptr<Wake>& wake);
  void broadcastNext(const std::shared_ptr<Wake>& wake);

  std::map<std::string, Machine> machines_;
  int64_t packets_ = 3;
  uint32_t pauseMs_ = 100;
  uint32_t broadcastPort_ = 0;                  // 0: to the module's address
  uint32_t broadcastLink_ = 0;                  // known since the start
  std::vector<std::unique_ptr<Timer>> pauses_;  // of broadcasts; those that fired are used again
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
  broadcastPort_ = settings["broadcast_port"].as<uint32_t>();
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
  sendNext(std::make_shared<Wake>(
      Wake{std::move(call), machine, magicPacket(wanted.mac, wanted.password), packets_}));
}

// All that can be known: there is a way out.
void WakeOnLanDriver::showWayOut() {
  if (isConnected(broadcastLink_)) {
    const bool hasWayOut = broadcastPort_ != 0 || isConnected();
    requestLink(hasWayOut ? BUSBAR_LINK_HEALTHY : BUSBAR_LINK_UNHEALTHY, broadcastLink_);
  }
}

// UDP may lose any packet, so a few are sent.
void WakeOnLanDriver::sendNext(const std::shared_ptr<Wake>& wake) {
  if (wake->left == 0) {
    lastWoken_.emit(wake->name);
    wake->call.complete();
    return;
  }
  --wake->left;
  try {
    broadcastPort_ != 0 ? broadcastNext(wake) : enqueueNext(wake);
  } catch (const Failure& failure) {
    wake->call.fail(failure);
  }
}

void WakeOnLanDriver::enqueueNext(const std::shared_ptr<Wake>& wake) {
  Command command;
  command.payload = wake->packet;
  command.delayMs = pauseMs_;
  command.parentCall = wake->call.id();
  command.onEnd = [this, wake](const Failure* failure) {
    if (failure != nullptr) {
      wake->call.fail(*failure);
    } else {
      sendNext(wake);
    }
  };
  enqueue(std::move(command));
}

void WakeOnLanDriver::broadcastNext(const std::shared_ptr<Wake>& wake) {
  sendTo("255.255.255.255:" + std::to_string(broadcastPort_), wake->packet, broadcastLink_);
  const auto rests = [](const auto& pause) { return !pause->isSet(); };
  auto pause = std::find_if(pauses_.begin(), pauses_.end(), rests);
  if (pause == pauses_.end()) {
    pause = pauses_.insert(pause, std::make_unique<Timer>(*this));
  }
  (*pause)->once(std::chrono::milliseconds(pauseMs_), [this, wake] { sendNext(wake); });
}

}  // namespace busbar::wake_on_lan

using busbar::wake_on_lan::WakeOnLanDriver;
BUSBAR_DRIVER(WakeOnLanDriver)
