// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// PJLink class 1 and 2 over TCP as text. Source: JBMIA, PJLink Specifications 2.10. Lines are
// without the CR that ends them. Whatever a projector sends may be handed in; text that comes out
// is valid UTF-8.
namespace busbar::pjlink {

inline constexpr size_t kMaxParameterBytes = 128;
inline constexpr size_t kMaxLamps = 8;
inline constexpr size_t kMaxInputs = 50;

// What a projector says by itself when a connection begins, and what follows from it.
struct Greeting {
  enum class Kind { Open, Locked, Refused, Unknown };
  Kind kind = Kind::Unknown;
  std::string prefix;   // Locked: what the first command must begin with
  std::string problem;  // for people, when nothing can follow
};
Greeting readGreeting(std::string_view line, std::string_view password);
// MD5 of both in hexadecimal. Empty when the machine's libcrypto has no MD5.
std::string digest(std::string_view random, std::string_view password);

// The class to ask a projector of `deviceClass` ('1' or '2') with.
char classOf(std::string_view command, char deviceClass);
// A command with its CR; parameter "?" asks.
std::string encode(char commandClass, std::string_view command, std::string_view parameter);

struct Reply {
  enum class Kind {
    Value,          // to a question: `value`
    Ok,             // to a command
    Undefined,      // ERR1: the projector does not know the command
    OutOfRange,     // ERR2
    NotNow,         // ERR3: in standby, for instance
    Broken,         // ERR4: projector or display failure
    WrongPassword,  // PJLINK ERRA
    Other,          // to another command: a late answer
    Rubbish,        // not PJLink
  };
  Kind kind = Kind::Rubbish;
  std::string value;
};
Reply parseReply(std::string_view line, std::string_view command);
// Why a projector did not do something; empty for Value and Ok.
std::string_view reasonText(Reply::Kind kind);

enum class Power { Off, On, Cooling, Warming };
std::optional<Power> parsePower(std::string_view value);
std::string_view toText(Power power);

struct Mute {
  bool video = false;
  bool audio = false;
};
std::optional<Mute> parseMute(std::string_view value);
// `layer`: "audio", "video", anything else is both.
std::string encodeMute(std::string_view layer, bool state);

// ok, warning or error by part: fan, lamp, temperature, cover, filter, other.
std::optional<std::map<std::string, std::string>> parseErrors(std::string_view value);

struct Lamp {
  uint32_t hours = 0;
  bool isOn = false;
};
std::optional<std::vector<Lamp>> parseLamps(std::string_view value);

// Inputs have codes of a kind and a number, "31", and names of the same meaning, "digital1", which
// is what comes out.
std::optional<std::string> parseInput(std::string_view value);
std::optional<std::vector<std::string>> parseInputs(std::string_view value);
// The code of a name or code in any case; nothing when it is neither.
std::optional<std::string> inputCode(std::string_view name);

// Text for people: never refused, what is no UTF-8 is replaced.
std::optional<std::string> parseText(std::string_view value);

// Class 2.
std::optional<bool> parseFlag(std::string_view value);
std::optional<uint32_t> parseHours(std::string_view value);
// "1920x1080"; "none" without a signal, "unknown" when the projector cannot tell.
std::optional<std::string> parseResolution(std::string_view value);

}  // namespace busbar::pjlink
