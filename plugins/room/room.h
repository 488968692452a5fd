// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace busbar::room {

// On the driver's clock; any steady one.
using Time = std::chrono::nanoseconds;

inline constexpr std::string_view kPower = "powerable/1";
inline constexpr std::string_view kInputs = "input-selection/1";
inline constexpr std::string_view kMute = "muteable/1";
inline constexpr std::string_view kSensor = "sensor/1";

struct Source {
  std::string target;  // a module's name, or kInputs
  std::string input;
};

struct Settings {
  std::map<std::string, Source> sources;
  Time warmUp{};
  std::string presenceModule;  // empty: by kSensor
  std::string presenceKey;
  Time hold{};  // 0: never off by itself
};

// A module of the system as the room sees it.
struct Device {
  std::string name;
  std::vector<std::string> interfaces;
  bool running = false;
  bool connected = false;
};

// What is known of a room and what follows from it. Pure: it is told what happened and when, and
// asked what holds; it neither calls nor waits. Value type.
class Room {
 public:
  explicit Room(Settings settings) : settings_(std::move(settings)) {}

  void configure(Settings settings) { settings_ = std::move(settings); }
  const Settings& settings() const { return settings_; }

  void setDevices(std::vector<Device> devices);
  // What a device reports; nullopt: not known any more.
  void devicePower(const std::string& name, std::optional<bool> on, Time now);
  void deviceMute(const std::string& name, std::optional<bool> muted);
  void setPresence(std::optional<bool> present, Time now);
  // The room is being switched.
  void setPower(bool on, Time now);
  void setSource(std::string name) { source_ = std::move(name); }

  // nullopt until a device reports or the room is switched.
  std::optional<bool> power() const { return power_; }
  // On, and each display that runs says so, or the time for it is over.
  bool isReady(Time now) const;
  std::optional<bool> muted() const;
  std::optional<bool> presence() const { return presence_; }
  std::optional<std::string> source() const { return source_; }
  const Source* findSource(const std::string& name) const;
  // Sentences for people; empty when all that the settings name is there and answers.
  std::vector<std::string> missing() const;
  bool has(std::string_view interface) const;
  // Nobody has been there for the time of the hold.
  bool mustGoOff(Time now) const;
  // When isReady() or mustGoOff() may change by time alone; nullopt: never.
  std::optional<Time> nextLook(Time now) const;

 private:
  bool allDisplaysOn() const;
  std::optional<Time> holdEnd() const;
  const Device* findDevice(std::string_view name) const;
  void addMissing(std::vector<std::string>& out, std::string_view what,
                  std::string_view name) const;

  Settings settings_;
  std::vector<Device> devices_;
  std::map<std::string, bool> displays_;  // that report, by name
  std::map<std::string, bool> mutes_;
  std::optional<bool> power_;
  bool commanded_ = false;  // power_ is what was wanted, not what displays report
  Time poweredAt_{};
  std::optional<bool> presence_;
  Time emptySince_{};  // when presence_ is false
  std::optional<std::string> source_;
};

}  // namespace busbar::room
