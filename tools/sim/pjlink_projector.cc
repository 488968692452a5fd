// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/pjlink_projector.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <sstream>
#include <utility>

namespace sim {
namespace {

constexpr const char* kOk = "OK";
constexpr const char* kUndefined = "ERR1";
constexpr const char* kOutOfParameter = "ERR2";
constexpr const char* kUnavailable = "ERR3";
constexpr size_t kMaxParameterBytes = 128;
constexpr int kMaxVolume = 20;

// Commands that only ask, and the value they show.
const std::map<std::string, std::string> kShown1 = {{"ERST", "errors"},  {"LAMP", "lamps"},
                                                    {"NAME", "name"},    {"INF1", "maker"},
                                                    {"INF2", "product"}, {"INFO", "info"}};
const std::map<std::string, std::string> kShown2 = {
    {"SNUM", "serial"},     {"SVER", "software"},     {"FILT", "filter"},
    {"RLMP", "lamp_model"}, {"RFIL", "filter_model"}, {"RRES", "recommended"}};

uint32_t rotate(uint32_t value, int bits) {
  return value << bits | value >> (32 - bits);
}

// RFC 1321 s.3.4, one block of 64 bytes.
void addBlock(std::array<uint32_t, 4>& state, const unsigned char* block) {
  static constexpr int kShifts[4][4] = {
      {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
  uint32_t a = state[0];
  uint32_t b = state[1];
  uint32_t c = state[2];
  uint32_t d = state[3];
  for (uint32_t i = 0; i < 64; ++i) {
    uint32_t f = 0;
    uint32_t word = 0;
    switch (i / 16) {
      case 0:
        f = (b & c) | (~b & d);
        word = i;
        break;
      case 1:
        f = (d & b) | (~d & c);
        word = (5 * i + 1) % 16;
        break;
      case 2:
        f = b ^ c ^ d;
        word = (3 * i + 5) % 16;
        break;
      default:
        f = c ^ (b | ~d);
        word = 7 * i % 16;
        break;
    }
    const unsigned char* at = block + word * 4;
    const uint32_t message =
        uint32_t{at[0]} | uint32_t{at[1]} << 8 | uint32_t{at[2]} << 16 | uint32_t{at[3]} << 24;
    const auto sine =
        static_cast<uint32_t>(std::floor(std::fabs(std::sin(i + 1.0)) * 4294967296.0));
    const uint32_t next = b + rotate(a + f + sine + message, kShifts[i / 16][i % 4]);
    a = d;
    d = c;
    c = b;
    b = next;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
}

}  // namespace

std::string md5Hex(std::string_view text) {
  std::string padded(text);
  padded += static_cast<char>(0x80);
  padded.append((120 - padded.size() % 64) % 64, '\0');
  for (int i = 0; i < 8; ++i) {
    padded += static_cast<char>(uint64_t{text.size()} * 8 >> (8 * i) & 0xff);
  }
  std::array<uint32_t, 4> state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  for (size_t at = 0; at < padded.size(); at += 64) {
    addBlock(state, reinterpret_cast<const unsigned char*>(padded.data()) + at);
  }
  std::string hex;
  for (const uint32_t word : state) {
    for (int shift = 0; shift < 32; shift += 8) {
      char digits[3];
      std::snprintf(digits, sizeof(digits), "%02x", word >> shift & 0xff);
      hex += digits;
    }
  }
  return hex;
}

PjlinkProjector::PjlinkProjector(const Options& options) : options_(options) {
  values_ = {{"input", "31"},
             {"mute", "30"},
             {"errors", "000000"},
             {"lamps", "1500 0"},
             {"name", "Simulated projector"},
             {"maker", "Busbar"},
             {"product", "PJ-1"},
             {"info", "made of words"},
             {"inputs", options.deviceClass == 2 ? "11 21 31 32 5A" : "11 21 31 32"},
             {"serial", "S-0001"},
             {"software", "1.2.3"},
             {"filter", "120"},
             {"lamp_model", "LMP-1"},
             {"filter_model", "FIL-1"},
             {"resolution", "1920x1080"},
             {"recommended", "1920x1200"},
             {"freeze", "0"},
             {"volume", "10"},
             {"microphone", "10"},
             {"mac", "02:00:5e:10:00:01"}};
}

bool PjlinkProjector::hasInput(std::string_view code) const {
  std::istringstream codes(values_.at("inputs"));
  for (std::string known; codes >> known;) {
    if (known == code) {
      return true;
    }
  }
  return false;
}

void PjlinkProjector::settle(int64_t nowMs) {
  if ((power_ == '2' || power_ == '3') && nowMs >= powerUntilMs_) {
    power_ = power_ == '3' ? '1' : '0';
  }
  std::string& lamps = values_["lamps"];
  if (!lamps.empty()) {
    lamps.back() = power_ == '1' || power_ == '3' ? '1' : '0';
  }
}

std::string PjlinkProjector::answer(std::string_view line, int64_t nowMs) {
  settle(nowMs);
  if (line.size() < 8 || line[0] != '%' || line[6] != ' ' || line.size() > 7 + kMaxParameterBytes) {
    return {};
  }
  std::string command(line.substr(2, 4));
  std::transform(command.begin(), command.end(), command.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  const char commandClass = line[1];
  const std::string head = std::string{'%', commandClass} + command + "=";
  if (commandClass < '1' || commandClass > '0' + options_.deviceClass) {
    return head + kUndefined;
  }
  const bool isBoth = command == "INPT" || command == "INST";
  const bool isClass1 = isBoth || kShown1.contains(command) || command == "POWR" ||
                        command == "AVMT" || command == "CLSS";
  if ((commandClass == '1') != isClass1 && !isBoth) {
    return head + kUndefined;
  }
  const std::string_view parameter = line.substr(7);
  return head +
         (parameter.front() == '?' ? ask(command, parameter) : obey(command, parameter, nowMs));
}

std::string PjlinkProjector::ask(const std::string& command, std::string_view parameter) {
  if (command == "INNM") {
    return hasInput(parameter.substr(1)) ? "Socket " + std::string(parameter.substr(1))
                                         : kOutOfParameter;
  }
  if (parameter != "?") {
    return kOutOfParameter;
  }
  if (command == "POWR") {
    return std::string(1, power_);
  }
  if (command == "CLSS") {
    return std::to_string(options_.deviceClass);
  }
  if (command == "INST") {
    return values_["inputs"];
  }
  const std::map<std::string, std::string> whenOn = {
      {"INPT", "input"}, {"AVMT", "mute"}, {"FREZ", "freeze"}, {"IRES", "resolution"}};
  if (const auto found = whenOn.find(command); found != whenOn.end()) {
    return isOn() ? values_[found->second] : kUnavailable;
  }
  for (const auto* shown : {&kShown1, &kShown2}) {
    if (const auto found = shown->find(command); found != shown->end()) {
      const std::string& value = values_[found->second];
      return command == "LAMP" && value.empty() ? kUndefined : value;
    }
  }
  return kUndefined;
}

std::string PjlinkProjector::obey(const std::string& command, std::string_view parameter,
                                  int64_t nowMs) {
  if (command == "POWR") {
    return setPower(parameter, nowMs);
  }
  const bool isKnown = command == "INPT" || command == "AVMT" || command == "FREZ" ||
                       command == "SVOL" || command == "MVOL";
  if (!isKnown) {
    return kUndefined;
  }
  if (!isOn()) {
    return kUnavailable;
  }
  if (command == "AVMT") {
    return setMute(parameter);
  }
  if (command == "INPT") {
    if (!hasInput(parameter)) {
      return kOutOfParameter;
    }
    values_["input"] = parameter;
    return kOk;
  }
  if (parameter != "0" && parameter != "1") {
    return kOutOfParameter;
  }
  if (command == "FREZ") {
    values_["freeze"] = parameter;
    return kOk;
  }
  return stepVolume(command == "SVOL" ? "volume" : "microphone", parameter);
}

std::string PjlinkProjector::setPower(std::string_view parameter, int64_t nowMs) {
  if (parameter != "0" && parameter != "1") {
    return kOutOfParameter;
  }
  if (power_ == '2' || power_ == '3') {
    return kUnavailable;
  }
  const bool isWanted = parameter == "1";
  if (isWanted != isOn()) {
    power_ = isWanted ? '3' : '2';
    powerUntilMs_ = nowMs + (isWanted ? options_.warmMs : options_.coolMs);
    values_["mute"] = "30";
    values_["freeze"] = "0";
    settle(nowMs);
  }
  return kOk;
}

// Kept as the answer to the question: 30, 11 (picture), 21 (sound) or 31.
std::string PjlinkProjector::setMute(std::string_view parameter) {
  if (parameter.size() != 2 || parameter[0] < '1' || parameter[0] > '3' ||
      (parameter[1] != '0' && parameter[1] != '1')) {
    return kOutOfParameter;
  }
  std::string& mute = values_["mute"];
  bool video = mute == "11" || mute == "31";
  bool audio = mute == "21" || mute == "31";
  if (parameter[0] != '2') {
    video = parameter[1] == '1';
  }
  if (parameter[0] != '1') {
    audio = parameter[1] == '1';
  }
  mute = video && audio ? "31" : video ? "11" : audio ? "21" : "30";
  return kOk;
}

std::string PjlinkProjector::stepVolume(const std::string& name, std::string_view parameter) {
  const int volume = std::stoi(values_[name]) + (parameter == "1" ? 1 : -1);
  values_[name] = std::to_string(std::clamp(volume, 0, kMaxVolume));
  return kOk;
}

bool PjlinkProjector::set(const std::string& name, const std::string& value, int64_t nowMs) {
  if (name == "power" && (value == "0" || value == "1")) {
    power_ = value[0];
    settle(nowMs);
    return true;
  }
  if (name.starts_with("volume") || name.starts_with("microphone") || !values_.contains(name)) {
    return false;
  }
  values_[name] = value;
  return true;
}

std::string PjlinkProjector::get(const std::string& name, int64_t nowMs) {
  settle(nowMs);
  if (name == "power") {
    return std::string(1, power_);
  }
  const auto found = values_.find(name);
  return found == values_.end() ? "" : found->second;
}

}  // namespace sim
