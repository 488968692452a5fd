// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/action_check.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <variant>

#include "api/triggers/webhook_call.h"

namespace busbar::triggers {
namespace {

struct Check {
  void operator()(const CallFunction& call) const {
    checkTemplates(call.args, path + ".args", errors);
  }
  void operator()(const SendMail& mail) const {
    checkTemplates(mail.subject, path + ".subject", errors);
    checkTemplates(mail.text, path + ".content", errors);
    const auto isControl = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    if (std::any_of(mail.subject.begin(), mail.subject.end(), isControl)) {
      errors.push_back({path + ".subject", "must be one line"});
    }
  }
  void operator()(const CallWebhook& call) const { checkWebhook(call, path, errors); }
  void operator()(const SetStatus& status) const {
    checkTemplates(status.value, path + ".value", errors);
  }
  void operator()(const CallTrigger&) const {}
  void operator()(const Parallel&) const {}

  const std::string path;
  model::FieldErrors& errors;
};

struct Collect {
  void operator()(const CallFunction& call) const { collectStatuses(call.args, out); }
  void operator()(const SendMail& mail) const {
    collectStatuses(std::string_view(mail.subject), out);
    collectStatuses(std::string_view(mail.text), out);
  }
  void operator()(const CallWebhook& call) const {
    collectStatuses(std::string_view(call.url), out);
    for (const auto& [name, value] : call.headers) {
      collectStatuses(std::string_view(value), out);
    }
    collectStatuses(call.body, out);
  }
  void operator()(const SetStatus& status) const { collectStatuses(status.value, out); }
  void operator()(const CallTrigger&) const {}
  void operator()(const Parallel& parallel) const {
    for (const Step& step : parallel.steps) {
      std::visit(*this, step.what);
    }
  }

  std::vector<TemplateStatus>& out;
};

// Where the members of a step stand: functions and mailers have none that says what they are.
std::string pathOf(const Step& step) {
  std::string path = "actions." + step.key;
  std::replace(path.begin(), path.end(), '/', '.');
  if (step.key.starts_with("functions/") || step.key.starts_with("mailers/")) {
    return path;
  }
  static constexpr const char* kKinds[] = {"function", "mail",    "webhook",
                                           "status",   "trigger", "parallel"};
  static_assert(std::variant_size_v<decltype(Step::what)> == std::size(kKinds));
  return path.append(".").append(kKinds[step.what.index()]);
}

void checkSteps(const std::vector<Step>& steps, model::FieldErrors& errors) {
  for (const Step& step : steps) {
    checkAction(step, pathOf(step), errors);
    if (const auto* parallel = std::get_if<Parallel>(&step.what)) {
      checkSteps(parallel->steps, errors);
    }
  }
}

}  // namespace

void checkAction(const Step& step, std::string_view path, model::FieldErrors& errors) {
  std::visit(Check{std::string(path), errors}, step.what);
}

ReadSpec readCheckedSpec(const model::Trigger& trigger) {
  ReadSpec read = readSpec(trigger);
  if (read.errors.empty()) {
    checkSteps(read.spec.begin, read.errors);
    checkSteps(read.spec.ended, read.errors);
  }
  return read;
}

std::vector<TemplateStatus> statusesOf(const std::vector<Step>& steps) {
  std::vector<TemplateStatus> out;
  for (const Step& step : steps) {
    std::visit(Collect{out}, step.what);
  }
  return out;
}

}  // namespace busbar::triggers
