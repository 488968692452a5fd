// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/command_line.h"

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <sstream>
#include <utility>

#include <CLI/CLI.hpp>

#include "sdk/base/version.h"
#include "tools/busbar/suggest.h"

namespace busbar::cli {
namespace {

constexpr const char* kFooter =
    "Exit codes: 0 ok, 1 failure, 2 usage, 3 not found, 4 no key or not allowed, 5 conflict,\n"
    "6 timeout, 7 findings in the input, 130 interrupted. Flags of every verb: busbar --help\n";

// "-f,--follow" -> "follow"
std::string longName(const std::string& names) {
  const size_t dashes = names.rfind("--");
  return dashes == std::string::npos ? names : names.substr(dashes + 2);
}

// Where CLI11 puts what it reads.
struct Slot {
  std::string name;
  CLI::Option* option = nullptr;
  std::string value;                // of an option that takes one
  std::vector<std::string> values;  // of one that repeats

  std::vector<std::string> given() const {
    return values.empty() && !value.empty() ? std::vector<std::string>{value} : values;
  }
};
using Slots = std::deque<Slot>;  // CLI11 keeps references into it

void addFlag(CLI::App& app, const Flag& flag, Slots& slots) {
  Slot& slot = slots.emplace_back();
  slot.name = longName(flag.names);
  if (flag.valueName.empty()) {
    slot.option = app.add_flag(flag.names, flag.help);
    return;
  }
  slot.option = app.add_option(flag.names, slot.value, flag.help)
                    ->type_name(flag.valueName)
                    ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  if (!flag.choices.empty()) {
    slot.option->check(CLI::IsMember(flag.choices));
  }
}

void addParameter(CLI::App& app, const Parameter& parameter, Slots& slots) {
  Slot& slot = slots.emplace_back();
  slot.name = parameter.name;
  slot.option = parameter.repeats ? app.add_option(parameter.name, slot.values, parameter.help)
                                  : app.add_option(parameter.name, slot.value, parameter.help);
  slot.option->type_name("")->required(parameter.isRequired);
}

class Parser {
 public:
  explicit Parser(const VerbTable& table) : app_("Talks to a Busbar.", "busbar") {
    app_.set_version_flag("--version", "busbar " + std::string(versionText()));
    app_.require_subcommand(0, 1);
    app_.footer(kFooter);
    for (const Flag& flag : globalFlags()) {
      addFlag(app_, flag, globals_);
    }
    for (const Noun& noun : table.nouns) {
      CLI::App* sub = app_.add_subcommand(noun.name, noun.help);
      sub->fallthrough();
      sub->require_subcommand(0, 1);
      for (const std::string& alias : noun.aliases) {
        sub->alias(alias);
      }
      nouns_[noun.name] = sub;
    }
    for (const Verb& verb : table.verbs) {
      CLI::App& parent = verb.noun.empty() ? app_ : *nouns_.at(verb.noun);
      CLI::App* sub = parent.add_subcommand(verb.name, verb.help);
      sub->fallthrough();
      Leaf& leaf = leaves_.emplace_back();
      leaf.verb = &verb;
      leaf.app = sub;
      for (const Parameter& parameter : verb.parameters) {
        addParameter(*sub, parameter, leaf.slots);
      }
      for (const Flag& flag : verb.flags) {
        addFlag(*sub, flag, leaf.slots);
      }
    }
  }

  std::variant<Command, Leave> parse(const std::vector<std::string>& arguments) {
    try {
      app_.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::Success& leave) {
      std::ostringstream text;
      std::ostringstream unused;
      app_.exit(leave, text, unused);
      return Leave{ExitCode::Ok, text.str()};
    } catch (const CLI::ParseError& error) {
      return mistake(error.what());
    }
    for (Leaf& leaf : leaves_) {
      if (leaf.app->parsed()) {
        return toCommand(leaf);
      }
    }
    return mistake("what to do?");
  }

 private:
  struct Leaf {
    const Verb* verb = nullptr;
    CLI::App* app = nullptr;
    Slots slots;
  };

  static std::string textOf(const Slots& slots, std::string_view name) {
    for (const Slot& slot : slots) {
      if (slot.name == name) {
        return slot.value;
      }
    }
    return {};
  }

  std::variant<Command, Leave> toCommand(Leaf& leaf) {
    Command command;
    command.verb = leaf.verb;
    for (Slot& slot : leaf.slots) {
      if (slot.option->count() > 0) {
        command.arguments.set(slot.name, slot.given());
      }
    }
    command.connection = {textOf(globals_, "data"), textOf(globals_, "server"),
                          textOf(globals_, "key"), textOf(globals_, "key-file"),
                          textOf(globals_, "ca-file")};
    static const std::map<std::string, OutputFormat> kFormats{
        {"json", OutputFormat::Json}, {"yaml", OutputFormat::Yaml}, {"name", OutputFormat::Name}};
    if (const auto format = kFormats.find(textOf(globals_, "output")); format != kFormats.end()) {
      command.output.format = format->second;
    }
    for (const Slot& slot : globals_) {
      command.output.hasHeader =
          command.output.hasHeader && !(slot.name == "no-headers" && slot.option->count() > 0);
      command.output.isQuiet =
          command.output.isQuiet || (slot.name == "quiet" && slot.option->count() > 0);
    }
    if (const std::string seconds = textOf(globals_, "timeout"); !seconds.empty()) {
      command.timeoutSeconds = std::atoi(seconds.c_str());
      if (command.timeoutSeconds < 1 || command.timeoutSeconds > 3600 ||
          seconds.find_first_not_of("0123456789") != std::string::npos) {
        return mistake("--timeout must be a number of seconds from 1 to 3600");
      }
    }
    return command;
  }

  // Finds the deepest part of the line that was understood, to say what could follow.
  Leave mistake(const std::string& what) {
    const CLI::App* place = &app_;
    std::string path = "busbar";
    for (const auto* deeper = deepest(place); deeper != nullptr; deeper = deepest(place)) {
      place = deeper;
      path += " " + place->get_name();
    }
    std::vector<std::string> verbs;
    for (const CLI::App* sub : place->get_subcommands([](const CLI::App*) { return true; })) {
      verbs.push_back(sub->get_name());
      verbs.insert(verbs.end(), sub->get_aliases().begin(), sub->get_aliases().end());
    }
    std::string text = "busbar: " + what;
    const std::vector<std::string> unknown = app_.remaining(true);
    if (!verbs.empty() && !unknown.empty() && !unknown.front().starts_with('-')) {
      text = "busbar: '" + unknown.front() + "' is nothing that " + path + " does";
      if (const std::string near = suggest(unknown.front(), verbs); !near.empty()) {
        text += "; did you mean '" + near + "'?";
      }
    }
    text += "\n  " + path + " --help says what there is\n";
    return {ExitCode::Usage, std::move(text)};
  }

  static const CLI::App* deepest(const CLI::App* app) {
    const auto parsed = app->get_subcommands();
    return parsed.empty() ? nullptr : parsed.back();
  }

  CLI::App app_;
  Slots globals_;
  std::map<std::string, CLI::App*> nouns_;
  std::deque<Leaf> leaves_;
};

}  // namespace

const std::vector<Flag>& globalFlags() {
  static const std::vector<Flag> kFlags{
      {"--data", "Data folder of a Busbar on this machine", "DIR", {}},
      {"--server", "URL of a Busbar, https://busbar.example:8443", "URL", {}},
      {"--key-file", "File with the API key for --server", "FILE", {}},
      {"--key", "API key; other users of this machine can see it: better --key-file", "KEY", {}},
      {"--ca-file", "PEM file of the authority that signed the server's certificate", "FILE", {}},
      {"-o,--output", "Format of the answer", "FORMAT", {"table", "json", "yaml", "name"}},
      {"--no-headers", "Tables without their first line", "", {}},
      {"-q,--quiet", "Say nothing but errors beside the answer", "", {}},
      {"--timeout", "Seconds to wait for an answer", "SECONDS", {}}};
  return kFlags;
}

std::variant<Command, Leave> parseCommandLine(const VerbTable& table,
                                              const std::vector<std::string>& arguments) {
  try {
    return Parser(table).parse(arguments);
  } catch (const CLI::Error& error) {
    return Leave{ExitCode::Failure, std::string("busbar: ") + error.what() + "\n"};
  }
}

}  // namespace busbar::cli
