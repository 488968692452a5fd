// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace busbar::api {

// The numbers that PlaceOS's clients know errors by; api/ERRORS.md "Reasons of calls".
enum class ErrorNumber {
  ParseError = 0,
  BadRequest = 1,
  AccessDenied = 2,
  RequestFailed = 3,
  UnknownCommand = 4,
  SystemNotFound = 5,
  ModuleNotFound = 6,
  UnexpectedFailure = 7,
};

// Why a command is not done.
struct ControlError {
  ErrorNumber number = ErrorNumber::UnexpectedFailure;
  int status = 500;  // as REST would answer
  std::string message;
};

enum class Verb { Bind, Unbind, Exec, Debug, Ignore };

// One request of a client. Used again and again: it keeps its buffers.
struct Command {
  static constexpr size_t kMaxNameBytes = 256;  // of sys, mod and name, each

  std::string id;  // JSON text of an integer or a short string, only echoed; empty: none was read
  Verb verb = Verb::Bind;
  std::string systemId;
  std::string mod;  // a name; with debug and ignore a module id
  int64_t index = 1;
  std::string name;       // of a status or a function; may be empty with debug and ignore
  std::string_view args;  // JSON text within the message, an array or an object; empty: none

  bool isProtected() const { return mod.starts_with('_'); }
};

// The name under which clients bind to triggers: `name` is then the id of an instance.
inline constexpr std::string_view kTriggerMod = "_TRIGGER_";

// Reads one message: an object of id, cmd, sys, mod, index, name, args and nothing else. On failure
// `command` is of no use but for its id.
std::optional<ControlError> parseCommand(std::string_view text, Command& command);

}  // namespace busbar::api
