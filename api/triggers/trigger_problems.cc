// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/trigger_problems.h"

#include <algorithm>
#include <utility>

namespace busbar::triggers {
namespace {

std::string quoted(std::string_view name) {
  return "\"" + std::string(name) + "\"";
}

std::string argumentsText(const CallFunction& call, const Error& error) {
  return "give function " + quoted(call.method) + " what its driver takes: " + error.message;
}

// True when a text of the value holds the beginning of a template.
bool mayHaveTemplate(const json::Value& value) {
  if (const std::string* text = value.asString()) {
    return text->find("{{") != std::string::npos;
  }
  if (const json::Array* entries = value.asArray()) {
    return std::any_of(entries->begin(), entries->end(), mayHaveTemplate);
  }
  const json::Object* object = value.asObject();
  return object != nullptr &&
         std::any_of(object->begin(), object->end(),
                     [](const json::Member& member) { return mayHaveTemplate(member.second); });
}

// "rule/all/0" -> "rule.all.0"
std::string dotted(std::string_view key) {
  std::string out(key);
  std::replace(out.begin(), out.end(), '/', '.');
  return out;
}

std::string pathOf(const Condition& condition) {
  const std::string& key = condition.key;
  for (const auto& [prefix, list] :
       {std::pair("comparison_", "comparisons."), std::pair("time_", "time_dependents.")}) {
    if (key.starts_with(prefix)) {
      return std::string("conditions.") + list + key.substr(std::string_view(prefix).size());
    }
  }
  return "conditions." + dotted(key);
}

class Finder {
 public:
  Finder(const Site& site, const ManifestOf& manifestOf, std::string_view systemId)
      : site_(site), manifestOf_(manifestOf), systemId_(systemId) {}

  void look(const Condition& condition) {
    const std::string path = pathOf(condition);
    // Comparisons at the top have no member that says what they are.
    const auto inside = [&](const char* kind) {
      return condition.key.starts_with("rule") ? path + "." + kind : path;
    };
    if (const auto* compare = std::get_if<Compare>(&condition.what)) {
      lookCompare(*compare, inside("compare"));
    } else if (const auto* became = std::get_if<Became>(&condition.what)) {
      lookCompare(became->compare, inside("became"));
    } else if (const auto* changed = std::get_if<Changed>(&condition.what)) {
      lookStatus(changed->status, inside("changed"));
    } else if (const auto* stale = std::get_if<Stale>(&condition.what)) {
      lookStatus(stale->status, inside("stale") + ".status");
    } else if (const auto* offline = std::get_if<Offline>(&condition.what)) {
      lookStatus(offline->modules, inside("offline"));
    } else if (const auto* group = std::get_if<Group>(&condition.what)) {
      for (const Condition& member : group->members) {
        look(member);
      }
    }
  }

  void look(const Step& step) {
    const std::string path = "actions." + dotted(step.key);
    // Those of "functions" have no member that says what they are.
    const bool isPlain = step.key.starts_with("functions/");
    if (const auto* call = std::get_if<CallFunction>(&step.what)) {
      lookCall(*call, isPlain ? path : path + ".function");
    } else if (const auto* other = std::get_if<CallTrigger>(&step.what)) {
      lookTrigger(other->triggerId, path + ".trigger.trigger_id");
    } else if (const auto* parallel = std::get_if<Parallel>(&step.what)) {
      for (const Step& member : parallel->steps) {
        look(member);
      }
    }
  }

  std::vector<TriggerProblem> take() { return std::move(problems_); }

 private:
  void add(std::string path, const char* code, std::string message) {
    problems_.push_back({std::move(path), code, std::move(message)});
  }

  std::shared_ptr<const Manifest> manifestOf(const model::Module& mod) {
    return manifestOf_(mod.driverId);
  }

  const model::Module* findModule(const std::string& slug, const std::string& path) {
    const model::Module* mod = site_.resolve(systemId_, slug);
    if (mod == nullptr) {
      add(path + ".mod", "no_module",
          "system " + std::string(systemId_) + " has no module " + quoted(slug) +
              ": add one of that name, or name another");
    }
    return mod;
  }

  bool findInterface(const std::string& interface, const std::string& path) {
    const auto known = knownInterfaces();
    if (std::find(known.begin(), known.end(), interface) != known.end()) {
      return true;
    }
    add(path + ".interface", "no_interface",
        "there is no interface " + quoted(interface) + ": name one that a driver can implement");
    return false;
  }

  // Modules whose drivers implement the interface: of the system, or of every system of the zone.
  std::vector<const model::Module*> modulesOf(const std::string& interface,
                                              const std::string& zoneId) {
    Site::Ids systems{std::string(systemId_)};
    if (!zoneId.empty()) {
      systems = site_.systemsOfZone(zoneId);
    }
    std::vector<const model::Module*> out;
    for (const std::string& id : systems) {
      const model::System* system = site_.findSystem(id);
      for (const std::string& moduleId :
           system == nullptr ? std::vector<std::string>() : system->modules) {
        const model::Module* mod = site_.findModule(moduleId);
        const auto manifest = mod == nullptr ? nullptr : manifestOf(*mod);
        if (manifest != nullptr &&
            std::find(manifest->implements.begin(), manifest->implements.end(), interface) !=
                manifest->implements.end()) {
          out.push_back(mod);
        }
      }
    }
    return out;
  }

  void lookCompare(const Compare& compare, const std::string& path) {
    for (const auto& [side, name] :
         {std::pair(&compare.left, ".left"), std::pair(&compare.right, ".right")}) {
      if (const auto* ref = std::get_if<StatusRef>(side)) {
        lookStatus(*ref, path + name);
      }
    }
  }

  void lookStatus(const StatusRef& ref, const std::string& path) {
    if (!ref.triggerId.empty()) {
      lookTrigger(ref.triggerId, path + ".trigger");
      return;
    }
    if (!ref.zoneId.empty() && site_.findZone(ref.zoneId) == nullptr) {
      add(path + ".zone_id", "no_zone", "zone " + ref.zoneId + " does not exist: name another");
      return;
    }
    if (!ref.mod.empty()) {
      if (const model::Module* mod = findModule(ref.mod, path)) {
        lookDeclared({mod}, ref.status, path);
      }
    } else if (!ref.interface.empty() && findInterface(ref.interface, path)) {
      lookDeclared(modulesOf(ref.interface, ref.zoneId), ref.status, path);
    }
  }

  // Whether one of the modules publishes the status; an empty one asks for being online.
  void lookDeclared(const std::vector<const model::Module*>& modules, const std::string& status,
                    const std::string& path) {
    if (status.empty() || modules.empty()) {
      return;
    }
    for (const model::Module* mod : modules) {
      const auto manifest = manifestOf(*mod);
      if (manifest == nullptr || manifest->findStatus(status) != nullptr) {
        return;
      }
    }
    add(path + ".status", "no_status",
        "the driver of " + std::string(site_.resolvedName(*modules.front())) +
            " declares no status " + quoted(status) + ": name one that it declares");
  }

  void lookTrigger(const std::string& triggerId, std::string path) {
    if (site_.findTrigger(triggerId) == nullptr) {
      add(std::move(path), "no_trigger", "trigger " + triggerId + " does not exist: name another");
      return;
    }
    const Site::Ids& here = site_.instancesOfSystem(systemId_);
    const bool isHere = std::any_of(here.begin(), here.end(), [&](const std::string& id) {
      return site_.findTriggerInstance(id)->triggerId == triggerId;
    });
    if (!isHere) {
      add(std::move(path), "no_trigger",
          "trigger " + triggerId + " is not at work in system " + std::string(systemId_) +
              ": add it there");
    }
  }

  void lookCall(const CallFunction& call, const std::string& path) {
    if (!call.mod.empty()) {
      if (const model::Module* mod = findModule(call.mod, path)) {
        lookFunction(*mod, call, path);
      }
    } else if (findInterface(call.interface, path)) {
      for (const model::Module* mod : modulesOf(call.interface, {})) {
        const size_t before = problems_.size();
        lookFunction(*mod, call, path);
        if (problems_.size() > before) {
          return;  // the others are alike
        }
      }
    }
  }

  void lookFunction(const model::Module& mod, const CallFunction& call, const std::string& path) {
    const auto manifest = manifestOf(mod);
    if (manifest == nullptr) {
      return;
    }
    const Manifest::Function* function = manifest->findFunction(call.method);
    if (function == nullptr) {
      add(path + ".method", "no_function",
          "the driver of " + std::string(site_.resolvedName(mod)) + " has no function " +
              quoted(call.method) + ": name one that it has");
      return;
    }
    if (mayHaveTemplate(call.args)) {
      return;
    }
    json::Value args = call.args.isNull() ? json::Value(json::Object()) : call.args;
    if (const json::Array* positional = args.asArray()) {
      auto named = function->byName(*positional);
      if (!named.ok()) {
        add(path + ".args", "bad_arguments", argumentsText(call, named.error()));
        return;
      }
      args = std::move(*named);
    }
    if (const auto checked = function->checkedArgs(std::move(args)); !checked.ok()) {
      add(path + ".args" + dotted(checked.error().field), "bad_arguments",
          argumentsText(call, checked.error()));
    }
  }

  const Site& site_;
  const ManifestOf& manifestOf_;
  std::string_view systemId_;
  std::vector<TriggerProblem> problems_;
};

}  // namespace

std::vector<TriggerProblem> triggerProblems(const Site& site, const ManifestOf& manifestOf,
                                            const Spec& spec, std::string_view systemId) {
  Finder finder(site, manifestOf, systemId);
  for (const Condition& condition : spec.conditions) {
    finder.look(condition);
  }
  for (const std::vector<Step>* steps : {&spec.begin, &spec.ended}) {
    for (const Step& step : *steps) {
      finder.look(step);
    }
  }
  return finder.take();
}

}  // namespace busbar::triggers
