// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/completion.h"

#include <algorithm>
#include <sstream>
#include <vector>

#include "tools/busbar/command_line.h"
#include "tools/busbar/exit_code.h"

namespace busbar::cli {
namespace {

// The help text inside single quotes of a shell.
std::string shellWord(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    out += c == '\'' ? "'\\''" : std::string(1, c);
  }
  return out + "'";
}

std::vector<std::string> namesOf(const Flag& flag) {
  std::vector<std::string> names;
  std::istringstream parts(flag.names);
  for (std::string name; std::getline(parts, name, ',');) {
    names.push_back(name);
  }
  return names;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) {
    out += (out.empty() ? "" : " ") + word;
  }
  return out;
}

// "modules start" and its aliases "module start".
std::vector<std::string> pathsOf(const VerbTable& table, const Verb& verb) {
  if (verb.noun.empty()) {
    return {verb.name};
  }
  std::vector<std::string> paths{verb.noun + " " + verb.name};
  for (const Noun& noun : table.nouns) {
    for (size_t i = 0; noun.name == verb.noun && i < noun.aliases.size(); ++i) {
      paths.push_back(noun.aliases[i] + " " + verb.name);
    }
  }
  return paths;
}

std::vector<std::string> firstWords(const VerbTable& table) {
  std::vector<std::string> words;
  for (const Noun& noun : table.nouns) {
    words.push_back(noun.name);
  }
  for (const Verb& verb : table.verbs) {
    if (verb.noun.empty()) {
      words.push_back(verb.name);
    }
  }
  return words;
}

std::vector<std::string> verbsOf(const VerbTable& table, const std::string& noun) {
  std::vector<std::string> words;
  for (const Verb& verb : table.verbs) {
    if (verb.noun == noun) {
      words.push_back(verb.name);
    }
  }
  return words;
}

std::string nounPattern(const Noun& noun) {
  std::string pattern = noun.name;
  for (const std::string& alias : noun.aliases) {
    pattern += "|" + alias;
  }
  return pattern;
}

// bash, and zsh by way of its bash compatibility.
std::string bashScript(const VerbTable& table) {
  std::string valued;
  std::string choices;
  const auto add = [&](const Flag& flag) {
    if (flag.valueName.empty()) {
      return;
    }
    std::string pattern;
    for (const std::string& name : namesOf(flag)) {
      pattern += (pattern.empty() ? "" : "|") + name;
    }
    valued += (valued.empty() ? "" : "|") + pattern;
    const bool isFile = flag.valueName == "FILE";
    const bool isFolder = flag.valueName == "DIR";
    if (!flag.choices.empty()) {
      choices += "    " + pattern + ") COMPREPLY=($(compgen -W " + shellWord(joined(flag.choices)) +
                 " -- \"$cur\")); return ;;\n";
    } else if (isFile || isFolder) {
      choices += "    " + pattern + ") COMPREPLY=($(compgen " + (isFile ? "-f" : "-d") +
                 " -- \"$cur\")); return ;;\n";
    }
  };
  for (const Flag& flag : globalFlags()) {
    add(flag);
  }
  for (const Verb& verb : table.verbs) {
    for (const Flag& flag : verb.flags) {
      add(flag);
    }
  }
  std::string out =
      "# busbar completion for bash: source <(busbar completion bash)\n"
      "_busbar() {\n"
      "  local cur=\"${COMP_WORDS[COMP_CWORD]}\" prev=\"${COMP_WORDS[COMP_CWORD-1]}\" i word "
      "skip=0\n"
      "  local -a path=()\n"
      "  case \"$prev\" in\n" +
      choices +
      "  esac\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    word=\"${COMP_WORDS[i]}\"\n"
      "    if ((skip)); then skip=0; continue; fi\n"
      "    case \"$word\" in\n"
      "      " +
      valued +
      ") skip=1 ;;\n"
      "      -*) ;;\n"
      "      *) path+=(\"$word\") ;;\n"
      "    esac\n"
      "  done\n"
      "  local words=''\n"
      "  case \"${path[*]:0:2}\" in\n"
      "    '') words=" +
      shellWord(joined(firstWords(table))) + " ;;\n";
  for (const Noun& noun : table.nouns) {
    out += "    " + nounPattern(noun) + ") words=" + shellWord(joined(verbsOf(table, noun.name))) +
           " ;;\n";
  }
  out += "  esac\n  if [[ $cur == -* ]]; then\n    case \"${path[*]:0:2}\" in\n";
  for (const Verb& verb : table.verbs) {
    std::string pattern;
    for (const std::string& path : pathsOf(table, verb)) {
      pattern += (pattern.empty() ? "" : "|") + shellWord(path) +
                 (verb.noun.empty() ? "|" + shellWord(path + " ") + "*" : "");
    }
    std::vector<std::string> names;
    for (const Flag& flag : verb.flags) {
      const auto more = namesOf(flag);
      names.insert(names.end(), more.begin(), more.end());
    }
    if (!names.empty()) {
      out += "      " + pattern + ") words=" + shellWord(joined(names)) + " ;;\n";
    }
  }
  std::vector<std::string> globals{"--help"};
  for (const Flag& flag : globalFlags()) {
    const auto more = namesOf(flag);
    globals.insert(globals.end(), more.begin(), more.end());
  }
  return out + "    esac\n    words+=" + shellWord(" " + joined(globals)) +
         "\n  fi\n  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\n";
}

std::string fishFlag(const std::string& condition, const Flag& flag) {
  std::string out = "complete -c busbar";
  out += condition.empty() ? "" : " -n " + shellWord(condition);
  for (const std::string& name : namesOf(flag)) {
    out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  if (!flag.choices.empty()) {
    out += " -xa " + shellWord(joined(flag.choices));
  } else if (flag.valueName == "FILE" || flag.valueName == "DIR") {
    out += " -rF";
  } else if (!flag.valueName.empty()) {
    out += " -x";
  }
  return out + " -d " + shellWord(flag.help) + "\n";
}

std::string fishVerb(const VerbTable& table, const Verb& verb) {
  std::string condition = "__fish_seen_subcommand_from " + verb.name;
  std::string place = "__fish_use_subcommand";
  if (!verb.noun.empty()) {
    std::string nouns = verb.noun;
    for (const Noun& noun : table.nouns) {
      nouns += noun.name == verb.noun ? " " + joined(noun.aliases) : "";
    }
    const std::string inNoun = "__fish_seen_subcommand_from " + nouns;
    place = inNoun + "; and not __fish_seen_subcommand_from " + joined(verbsOf(table, verb.noun));
    condition = inNoun + "; and " + condition;
  }
  std::string out = "complete -c busbar -n " + shellWord(place) + " -a " + verb.name + " -d " +
                    shellWord(verb.help) + "\n";
  for (const Flag& flag : verb.flags) {
    out += fishFlag(condition, flag);
  }
  return out;
}

std::string fishScript(const VerbTable& table) {
  std::string out =
      "# busbar completion for fish: busbar completion fish | source\n"
      "complete -c busbar -f\n";
  for (const Noun& noun : table.nouns) {
    out += "complete -c busbar -n __fish_use_subcommand -a " + noun.name + " -d " +
           shellWord(noun.help) + "\n";
  }
  for (const Verb& verb : table.verbs) {
    out += fishVerb(table, verb);
  }
  for (const Flag& flag : globalFlags()) {
    out += fishFlag({}, flag);
  }
  return out;
}

}  // namespace

Result<std::string> completionScript(const VerbTable& table, std::string_view shell) {
  if (shell == "bash") {
    return bashScript(table) + "complete -o default -F _busbar busbar\n";
  }
  if (shell == "zsh") {
    return "#compdef busbar\nautoload -U +X bashcompinit && bashcompinit\n" + bashScript(table) +
           "complete -o default -F _busbar busbar\n";
  }
  if (shell == "fish") {
    return fishScript(table);
  }
  return usageError("no completion for '" + std::string(shell) + "': bash, zsh or fish");
}

}  // namespace busbar::cli
