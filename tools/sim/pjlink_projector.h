// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace sim {

// MD5 (RFC 1321) in lower-case hexadecimal.
std::string md5Hex(std::string_view text);

// What a projector is and does, by JBMIA's PJLink specifications 1.04 and 2.10, without its
// connections. Inputs: 11, 21, 31, 32, with class 2 also 5A. Time is handed in.
class PjlinkProjector {
 public:
  struct Options {
    int deviceClass = 2;
    int64_t warmMs = 0;
    int64_t coolMs = 0;
  };
  explicit PjlinkProjector(const Options& options);

  // The reply to a line without CR, without CR; empty when a projector would say nothing.
  std::string answer(std::string_view line, int64_t nowMs);
  // By name: power (0 off, 1 on, at once), input, mute, errors, lamps, name, freeze, volume,
  // filter, and so on: see the constructor. Values are as on the wire.
  bool set(const std::string& name, const std::string& value, int64_t nowMs);
  std::string get(const std::string& name, int64_t nowMs);
  std::string mac() const { return values_.at("mac"); }

 private:
  std::string ask(const std::string& command, std::string_view parameter);
  std::string obey(const std::string& command, std::string_view parameter, int64_t nowMs);
  std::string setPower(std::string_view parameter, int64_t nowMs);
  std::string setMute(std::string_view parameter);
  std::string stepVolume(const std::string& name, std::string_view parameter);
  void settle(int64_t nowMs);
  bool hasInput(std::string_view code) const;
  bool isOn() const { return power_ == '1'; }

  Options options_;
  char power_ = '0';
  int64_t powerUntilMs_ = 0;  // of '2' and '3'
  std::map<std::string, std::string> values_;
};

}  // namespace sim
