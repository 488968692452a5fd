// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/pjlink/codec.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <openssl/evp.h>

namespace busbar::pjlink {
namespace {

constexpr size_t kHeadBytes = 7;  // "%1POWR="
constexpr size_t kRandomBytes = 8;
constexpr std::string_view kRefusal = "PJLINK ERRA";
constexpr uint32_t kMaxHours = 99'999;
constexpr std::array<std::string_view, 6> kKinds = {"rgb",     "video",   "digital",
                                                    "storage", "network", "internal"};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}
bool isDigit(char c) {
  return c >= '0' && c <= '9';
}
bool isSame(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

// The words between single spaces; an empty one means malformed.
std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> words;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

std::optional<uint32_t> parseNumber(std::string_view text, uint32_t max) {
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool isWhole = error == std::errc() && end == text.data() + text.size();
  return isWhole && number <= max ? std::optional(number) : std::nullopt;
}

// Bytes of the UTF-8 sequence at the front (RFC 3629 s.4); 0 when there is none.
size_t sequenceBytes(std::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const size_t length = first < 0x80   ? 1
                        : first < 0xc2 ? 0
                        : first < 0xe0 ? 2
                        : first < 0xf0 ? 3
                        : first < 0xf5 ? 4
                                       : 0;
  if (length == 0 || length > text.size()) {
    return 0;
  }
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) {
      return 0;
    }
  }
  const bool isOverlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
  const bool isOutside = (first == 0xed && byte(1) > 0x9f) || (first == 0xf4 && byte(1) > 0x8f);
  return isOverlong || isOutside ? 0 : length;
}

std::string clean(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t length = sequenceBytes(text);
    const bool isControl = length == 1 && (text[0] < 0x20 || text[0] == 0x7f);
    out += length == 0 || isControl ? "?" : text.substr(0, length);
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return out;
}

bool isInput(std::string_view code) {
  return code.size() == 2 && code[0] >= '1' && code[0] <= '6' &&
         ((code[1] >= '1' && code[1] <= '9') || (upper(code[1]) >= 'A' && upper(code[1]) <= 'Z'));
}

}  // namespace

Greeting readGreeting(std::string_view line, std::string_view password) {
  using Kind = Greeting::Kind;
  if (isSame(line, "PJLINK 0")) {
    return {Kind::Open, {}, {}};
  }
  if (isSame(line, kRefusal)) {
    return {Kind::Refused, {}, std::string(reasonText(Reply::Kind::WrongPassword))};
  }
  const std::string_view random = line.substr(std::min<size_t>(line.size(), 9));
  const auto isHex = [](char c) { return isDigit(c) || (lower(c) >= 'a' && lower(c) <= 'f'); };
  if (!isSame(line.substr(0, 9), "PJLINK 1 ") || random.size() != kRandomBytes ||
      !std::all_of(random.begin(), random.end(), isHex)) {
    return {Kind::Unknown, {}, "what answers there does not greet as a PJLink projector"};
  }
  if (password.empty()) {
    return {Kind::Refused, {}, "the projector wants a password: set it in the settings"};
  }
  std::string prefix = digest(random, password);
  const char* const problem = prefix.empty() ? "this machine's libcrypto has no MD5" : "";
  return {Kind::Locked, std::move(prefix), problem};
}

std::string digest(std::string_view random, std::string_view password) {
  std::string text(random);
  text += password;
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned length = 0;
  if (EVP_Digest(text.data(), text.size(), hash.data(), &length, EVP_md5(), nullptr) != 1) {
    return {};
  }
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (unsigned i = 0; i < length; ++i) {
    out += kHex[hash[i] >> 4];
    out += kHex[hash[i] & 15];
  }
  return out;
}

char classOf(std::string_view command, char deviceClass) {
  static constexpr std::array<std::string_view, 9> kClass1 = {
      "POWR", "AVMT", "ERST", "LAMP", "NAME", "INF1", "INF2", "INFO", "CLSS"};
  if (command == "INPT" || command == "INST") {
    return deviceClass;  // class 2 knows more inputs
  }
  return std::find(kClass1.begin(), kClass1.end(), command) != kClass1.end() ? '1' : '2';
}

std::string encode(char commandClass, std::string_view command, std::string_view parameter) {
  std::string line = {'%', commandClass};
  line += command;
  return (line += ' ').append(parameter) += '\r';
}

Reply parseReply(std::string_view line, std::string_view command) {
  using Kind = Reply::Kind;
  if (isSame(line, kRefusal)) {
    return {Kind::WrongPassword, {}};
  }
  if (line.size() < kHeadBytes || line.size() > kHeadBytes + kMaxParameterBytes || line[0] != '%' ||
      (line[1] != '1' && line[1] != '2') || line[kHeadBytes - 1] != '=') {
    return {};
  }
  if (!isSame(line.substr(2, 4), command)) {
    return {Kind::Other, {}};
  }
  const std::string_view value = line.substr(kHeadBytes);
  static constexpr std::array<std::pair<std::string_view, Kind>, 5> kWords = {
      {{"OK", Kind::Ok},
       {"ERR1", Kind::Undefined},
       {"ERR2", Kind::OutOfRange},
       {"ERR3", Kind::NotNow},
       {"ERR4", Kind::Broken}}};
  for (const auto& [word, kind] : kWords) {
    if (isSame(value, word)) {
      return {kind, {}};
    }
  }
  return {Kind::Value, std::string(value)};
}

std::string_view reasonText(Reply::Kind kind) {
  switch (kind) {
    case Reply::Kind::Undefined:
      return "the projector does not know this command (ERR1)";
    case Reply::Kind::OutOfRange:
      return "the projector does not have what was asked for (ERR2)";
    case Reply::Kind::NotNow:
      return "the projector cannot do this while it is off, warming up or cooling down (ERR3)";
    case Reply::Kind::Broken:
      return "the projector has a failure (ERR4)";
    case Reply::Kind::WrongPassword:
      return "the projector refuses the password (ERRA): check it in the settings";
    case Reply::Kind::Other:
    case Reply::Kind::Rubbish:
      return "what the projector sent is no PJLink";
    case Reply::Kind::Value:
    case Reply::Kind::Ok:
      break;
  }
  return {};
}

std::optional<Power> parsePower(std::string_view value) {
  if (value.size() != 1 || value[0] < '0' || value[0] > '3') {
    return std::nullopt;
  }
  return static_cast<Power>(value[0] - '0');
}

std::string_view toText(Power power) {
  static constexpr std::array<std::string_view, 4> kNames = {"off", "on", "cooling", "warming"};
  return kNames[static_cast<size_t>(power)];
}

std::optional<Mute> parseMute(std::string_view value) {
  if (value.size() != 2 || value[0] < '1' || value[0] > '3' ||
      (value[1] != '0' && value[1] != '1')) {
    return std::nullopt;
  }
  // "11" says of the picture alone that it is muted, so the sound is not; "10" is seen in the
  // field.
  const bool isMuted = value[1] == '1';
  return Mute{.video = isMuted && value[0] != '2', .audio = isMuted && value[0] != '1'};
}

std::string encodeMute(std::string_view layer, bool state) {
  return {layer == "video" ? '1' : layer == "audio" ? '2' : '3', state ? '1' : '0'};
}

std::optional<std::map<std::string, std::string>> parseErrors(std::string_view value) {
  static constexpr std::array<const char*, 6> kParts = {"fan",   "lamp",   "temperature",
                                                        "cover", "filter", "other"};
  static constexpr std::array<const char*, 3> kHealth = {"ok", "warning", "error"};
  std::map<std::string, std::string> parts;
  if (value.size() != kParts.size()) {
    return std::nullopt;
  }
  for (size_t i = 0; i < kParts.size(); ++i) {
    if (value[i] < '0' || value[i] > '2') {
      return std::nullopt;
    }
    parts[kParts[i]] = kHealth[static_cast<size_t>(value[i] - '0')];
  }
  return parts;
}

std::optional<std::vector<Lamp>> parseLamps(std::string_view value) {
  const std::vector<std::string_view> words = split(value);
  if (words.size() % 2 != 0 || words.size() / 2 > kMaxLamps) {
    return std::nullopt;
  }
  std::vector<Lamp> lamps;
  for (size_t i = 0; i < words.size(); i += 2) {
    const auto hours = parseNumber(words[i], kMaxHours);
    const auto isOn = parseFlag(words[i + 1]);
    if (!hours || !isOn) {
      return std::nullopt;
    }
    lamps.push_back({*hours, *isOn});
  }
  return lamps;
}

std::optional<std::string> parseInput(std::string_view value) {
  if (!isInput(value)) {
    return std::nullopt;
  }
  std::string name(kKinds[static_cast<size_t>(value[0] - '1')]);
  return name += lower(value[1]);
}

std::optional<std::vector<std::string>> parseInputs(std::string_view value) {
  std::vector<std::string> names;
  for (const std::string_view word : split(value)) {
    auto name = parseInput(word);
    if (!name || names.size() == kMaxInputs) {
      return std::nullopt;
    }
    names.push_back(std::move(*name));
  }
  return names;
}

std::optional<std::string> inputCode(std::string_view name) {
  std::string code(name);
  for (size_t i = 0; i < kKinds.size() && !name.empty(); ++i) {
    if (isSame(name.substr(0, name.size() - 1), kKinds[i])) {
      code = {static_cast<char>('1' + i), name.back()};
    }
  }
  if (!isInput(code)) {
    return std::nullopt;
  }
  code[1] = upper(code[1]);
  return code;
}

std::optional<std::string> parseText(std::string_view value) {
  return clean(value);
}

std::optional<bool> parseFlag(std::string_view value) {
  return value == "0" || value == "1" ? std::optional(value == "1") : std::nullopt;
}

std::optional<uint32_t> parseHours(std::string_view value) {
  return parseNumber(value, kMaxHours);
}

std::optional<std::string> parseResolution(std::string_view value) {
  if (value == "-") {
    return "none";
  }
  if (value == "*") {
    return "unknown";
  }
  const size_t cross = value.find('x');
  if (cross == std::string_view::npos || !parseNumber(value.substr(0, cross), kMaxHours) ||
      !parseNumber(value.substr(cross + 1), kMaxHours)) {
    return std::nullopt;
  }
  return std::string(value);
}

}  // namespace busbar::pjlink
