// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>

#include "api/triggers/action_reader.h"

namespace busbar::triggers {
namespace {

using json::Array;
using json::Object;

Object stepJson(const Step& step);

struct ActionJson {
  Object operator()(const CallFunction& what) const {
    Object object;
    object.set(what.mod.empty() ? "interface" : "mod",
               what.mod.empty() ? what.interface : what.mod);
    object.set("method", what.method);
    object.set("args", what.args);
    return object;
  }
  Object operator()(const SendMail& what) const {
    Object object;
    object.set("emails", Array(what.to.begin(), what.to.end()));
    object.set("content", what.text);
    if (!what.subject.empty()) {
      object.set("subject", what.subject);
    }
    return object;
  }
  Object operator()(const CallWebhook& what) const {
    Object object;
    object.set("url", what.url);
    object.set("method", what.method);
    Object headers;
    for (const auto& [name, value] : what.headers) {
      headers.set(name, value);
    }
    object.set("headers", std::move(headers));
    if (!what.body.isNull()) {
      object.set("body", what.body);
    }
    return object;
  }
  Object operator()(const SetStatus& what) const {
    Object object;
    object.set("name", what.name);
    object.set("value", what.value);
    return object;
  }
  Object operator()(const CallTrigger& what) const {
    Object object;
    object.set("trigger_id", what.triggerId);
    return object;
  }
  Object operator()(const Parallel& what) const {
    Array steps;
    for (const Step& step : what.steps) {
      steps.emplace_back(stepJson(step));
    }
    Object object;
    object.set("parallel", std::move(steps));
    return object;
  }
};

void addCommon(Object& object, const Step& step) {
  if (step.onFailure == Step::OnFailure::Stop) {
    object.set("on_failure", "stop");
  }
  if (std::holds_alternative<Parallel>(step.what)) {
    return;
  }
  object.set("timeout_ms", int64_t{step.timeout.count()});
  if (step.retry.times > 0) {
    Object retry;
    retry.set("times", step.retry.times);
    retry.set("first_ms", int64_t{step.retry.first.count()});
    retry.set("longest_ms", int64_t{step.retry.longest.count()});
    object.set("retry", std::move(retry));
  }
}

Object stepJson(const Step& step) {
  constexpr std::string_view kNames[] = {"function", "mail", "webhook", "status", "trigger"};
  Object object = std::visit(ActionJson{}, step.what);
  if (!std::holds_alternative<Parallel>(step.what)) {
    Object outer;
    outer.set(kNames[step.what.index()], std::move(object));
    object = std::move(outer);
  }
  addCommon(object, step);
  return object;
}

}  // namespace

json::Value actionsJson(const Spec& spec) {
  Array functions;
  Array mailers;
  Array steps;
  for (const Step& step : spec.begin) {
    if (step.key.starts_with("steps/")) {
      steps.emplace_back(stepJson(step));
      continue;
    }
    Object object = std::visit(ActionJson{}, step.what);
    addCommon(object, step);
    (step.key.starts_with("functions/") ? functions : mailers).emplace_back(std::move(object));
  }
  Array ended;
  for (const Step& step : spec.ended) {
    ended.emplace_back(stepJson(step));
  }
  Object document;
  document.set("functions", std::move(functions));
  document.set("mailers", std::move(mailers));
  document.set("steps", std::move(steps));
  document.set("ended", std::move(ended));
  document.set("loop_limit", spec.loopLimit);
  return document;
}

}  // namespace busbar::triggers
