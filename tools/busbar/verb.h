// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/base/result.h"

namespace busbar::cli {

class Session;

// A word after the verb, by position.
struct Parameter {
  std::string name;  // upper case: "SYSTEM"
  std::string help;
  bool isRequired = true;
  bool repeats = false;  // only the last one
};

struct Flag {
  std::string names;  // "-f,--follow"; the long one names the value in Arguments, without dashes
  std::string help;
  std::string valueName;             // "ROLE"; empty: a switch
  std::vector<std::string> choices;  // when not empty, the only values
};

// What was given for one verb.
class Arguments {
 public:
  bool has(std::string_view name) const { return values_.find(name) != values_.end(); }
  // "" when absent.
  std::string text(std::string_view name) const;
  std::vector<std::string> list(std::string_view name) const;
  void set(std::string name, std::vector<std::string> values) {
    values_[std::move(name)] = std::move(values);
  }

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

// One thing that busbar does: "modules start MODULE", or without a noun, "exec SYSTEM MODULE …".
// The one table that the parser, the help and the completion scripts are made from.
struct Verb {
  std::string noun;  // "modules"; empty at the top level
  std::string name;  // "start"
  std::string help;
  std::vector<Parameter> parameters;
  std::vector<Flag> flags;
  Status (*run)(Session&, const Arguments&) = nullptr;
};

struct Noun {
  std::string name;                  // plural: "modules"
  std::vector<std::string> aliases;  // "module"
  std::string help;
};

struct VerbTable {
  std::vector<Noun> nouns;
  std::vector<Verb> verbs;
};

}  // namespace busbar::cli
