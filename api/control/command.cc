// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/control/command.h"

#include <array>
#include <charconv>
#include <utility>

#include "api/resources/call_limits.h"
#include "sdk/base/json.h"
#include "sdk/base/json_cursor.h"

namespace busbar::api {
namespace {

constexpr size_t kMaxIdBytes = 66;  // with its quotes
constexpr size_t kMaxEchoBytes = 40;

constexpr std::array<std::pair<std::string_view, Verb>, 5> kVerbs{{{"bind", Verb::Bind},
                                                                   {"unbind", Verb::Unbind},
                                                                   {"exec", Verb::Exec},
                                                                   {"debug", Verb::Debug},
                                                                   {"ignore", Verb::Ignore}}};

ControlError badRequest(std::string message) {
  return {ErrorNumber::BadRequest, 400, std::move(message)};
}

// The text of a JSON string; false when `raw` is of another type or too long.
bool textOf(std::string_view raw, std::string& out) {
  if (raw.size() < 2 || raw.front() != '"') {
    return false;
  }
  if (raw.find('\\') == std::string_view::npos) {
    out.assign(raw.substr(1, raw.size() - 2));
  } else {
    const auto parsed = json::parse(raw);
    out = *parsed->asString();  // it is part of checked text
  }
  return out.size() <= Command::kMaxNameBytes;
}

bool integerOf(std::string_view raw, int64_t& out) {
  const auto end = std::from_chars(raw.data(), raw.data() + raw.size(), out);
  return end.ec == std::errc() && end.ptr == raw.data() + raw.size();
}

bool isId(std::string_view raw) {
  int64_t number = 0;
  return raw.front() == '"' ? raw.size() <= kMaxIdBytes : integerOf(raw, number);
}

class Reader {
 public:
  explicit Reader(Command& command) : command_(command) {
    command_.id.clear();
    command_.systemId.clear();
    command_.mod.clear();
    command_.name.clear();
    command_.args = {};
    command_.index = 1;
  }

  void take(std::string_view key, std::string_view value) {
    const bool isNull = value == "null";
    if (key == "id") {
      if (!isId(value)) {
        fail(badRequest("id must be an integer, or a string of at most 64 bytes"));
      } else {
        command_.id.assign(value);
      }
    } else if (key == "cmd") {
      takeVerb(value);
    } else if (key == "sys") {
      takeName(key, value, command_.systemId);
    } else if (key == "mod") {
      takeName(key, value, command_.mod);
    } else if (key == "name") {
      takeName(key, value, command_.name);
    } else if (key == "index") {
      if (!isNull && (!integerOf(value, command_.index) || command_.index < 1)) {
        fail(badRequest("index must be an integer from 1"));
      }
    } else if (key == "args") {
      takeArgs(value, isNull);
    } else {
      fail(badRequest("unknown member " + std::string(key.substr(0, kMaxEchoBytes))));
    }
  }

  std::optional<ControlError> finish() {
    if (command_.id.empty()) {
      fail(badRequest("id is missing"));
    }
    if (!hasVerb_) {
      fail(badRequest("cmd is missing"));
    }
    const bool needsName = command_.verb != Verb::Debug && command_.verb != Verb::Ignore;
    for (const auto& [name, value] :
         {std::pair("sys", &command_.systemId), std::pair("mod", &command_.mod)}) {
      if (value->empty()) {
        fail(badRequest(std::string(name) + " is missing"));
      }
    }
    if (needsName && command_.name.empty()) {
      fail(badRequest("name is missing"));
    }
    return std::move(error_);
  }

 private:
  void takeVerb(std::string_view value) {
    hasVerb_ = true;
    for (const auto& [name, verb] : kVerbs) {
      if (value.size() == name.size() + 2 && value.substr(1, name.size()) == name) {
        command_.verb = verb;
        return;
      }
    }
    fail({ErrorNumber::UnknownCommand, 400,
          "unknown command " + std::string(value.substr(0, kMaxEchoBytes)) +
              "; known are bind, unbind, exec, debug, ignore"});
  }
  void takeName(std::string_view key, std::string_view value, std::string& out) {
    if (!textOf(value, out)) {
      fail(badRequest(std::string(key) + " must be a string of at most 256 bytes"));
    }
  }
  void takeArgs(std::string_view value, bool isNull) {
    if (value.front() == '[' || value.front() == '{') {
      command_.args = value;
    } else if (!isNull) {
      fail(badRequest("args must be an array, or an object by parameter name"));
    }
  }
  // The first fault counts.
  void fail(ControlError error) {
    if (!error_) {
      error_ = std::move(error);
    }
  }

  Command& command_;
  std::optional<ControlError> error_;
  bool hasVerb_ = false;
};

}  // namespace

std::optional<ControlError> parseCommand(std::string_view text, Command& command) {
  Reader reader(command);
  // The arguments are one level down.
  constexpr json::Limits kLimits{kArgumentLimits.maxBytes, kArgumentLimits.maxDepth + 1};
  if (const Status checked = json::check(text, kLimits); !checked.ok()) {
    return ControlError{ErrorNumber::ParseError, 400, checked.error().message};
  }
  if (text.find_first_not_of(" \t\r\n") != text.find('{')) {
    return badRequest("a command is a JSON object");
  }
  json::MemberCursor members(text);
  std::string_view key;
  std::string_view value;
  while (members.next(key, value)) {
    reader.take(key, value);
  }
  return reader.finish();
}

}  // namespace busbar::api
