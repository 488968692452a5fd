// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/trigger_text.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include "tools/busbar/clock_text.h"
#include "tools/busbar/members.h"
#include "tools/busbar/output.h"
#include "tools/busbar/table.h"
#include "tools/busbar/trigger_words.h"

namespace busbar::cli {
namespace {

constexpr size_t kValueColumns = 48;
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kProblems{
    {{"no_value", "there is no such status now"},
     {"wrong_type", "the values cannot be put in order: they are not both numbers"},
     {"no_module", "there is no such module in the system"},
     {"no_coordinates", "the system's zones have no location, so the sun is not known"}}};

std::string times(int64_t count) {
  return count == 1 ? "once" : std::to_string(count) + " times";
}

std::string counted(size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string valueText(const json::Value& value) {
  return fit(printable(json::write(value)), kValueColumns);
}

// Lines of text, and tables between them.
class Page {
 public:
  using Rows = std::vector<std::vector<std::string>>;

  void line(const std::string& text) { out_ += printable(text) + "\n"; }
  // A blank line and a heading.
  void part(const std::string& heading) { out_ += "\n" + heading + "\n"; }
  // Each line two blanks in, or more.
  void rows(const Rows& rows, size_t indent = 2) {
    const std::string text = layoutTable({}, rows, {0, false});
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = text.find('\n', begin);
      out_.append(indent, ' ').append(text, begin, end - begin + 1);
      begin = end + 1;
    }
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

std::string verdictOf(const json::Value& condition) {
  return isSet(condition, "is_true") ? "true" : isSet(condition, "held") ? "held" : "false";
}

// What the condition looked at, and what is wrong with that.
std::string foundText(const json::Value& condition) {
  std::string text;
  for (const char* side : {"left", "right"}) {
    if (condition.find(side) != nullptr) {
      text += (text.empty() ? "" : ", ") + std::string(side) + " " +
              valueText(memberOf(condition, side));
    }
  }
  const std::string problem = cellText(condition, "problem");
  if (!problem.empty()) {
    const auto* known = std::find_if(kProblems.begin(), kProblems.end(),
                                     [&](const auto& entry) { return entry.first == problem; });
    text += (text.empty() ? "" : "; ") +
            (known == kProblems.end() ? problem : std::string(known->second));
  }
  return text;
}

Page::Rows conditionRows(const json::Array& conditions, const json::Value& document) {
  Page::Rows rows;
  for (const json::Value& condition : conditions) {
    const std::string key = cellText(condition, "key");
    rows.push_back({verdictOf(condition), key, conditionText(document, key), foundText(condition)});
  }
  return rows;
}

// A condition inside of a rule is told by the rule.
bool isAtTop(const json::Value& condition) {
  return cellText(condition, "key").find('/') == std::string::npos;
}

// "comparison_0 false, rule held"
std::string verdictsText(const json::Array& conditions) {
  std::string text;
  for (const json::Value& condition : conditions) {
    if (isAtTop(condition)) {
      text += (text.empty() ? "" : ", ") + cellText(condition, "key") + " " + verdictOf(condition);
    }
  }
  return text;
}

std::string plainState(const json::Value& state) {
  return isSet(state, "triggered") ? "triggered" : "not triggered";
}

// The first sentence of the page: what stands between the trigger and its firing.
std::string whyText(const json::Value& explanation, const json::Value& trigger) {
  const std::string stopped = cellText(memberOf(explanation, "state"), "stopped");
  if (!stopped.empty()) {
    return stopped;
  }
  if (!isSet(explanation, "enabled")) {
    return "It is not enabled.";
  }
  if (!isSet(explanation, "at_work")) {
    return "It is not at work now: it does not read as a trigger, or another Busbar of the cluster "
           "has the triggers.";
  }
  const json::Array& conditions = arrayOf(explanation, "conditions");
  if (conditions.empty()) {
    return "It has no condition, so nothing sets it off.";
  }
  const bool isAny = isSet(trigger, "any_match");
  if (isSet(memberOf(explanation, "state"), "triggered")) {
    return isAny ? "One of its conditions is true." : "All of its conditions are true.";
  }
  std::string keys;
  for (const json::Value& condition : conditions) {
    if (isAtTop(condition) && !isSet(condition, "is_true")) {
      keys += (keys.empty() ? "" : ", ") + cellText(condition, "key") +
              (isSet(condition, "held") ? " (not for long enough yet)" : "");
    }
  }
  return isAny ? "None of its conditions is true: " + keys + "." : "Not true yet: " + keys + ".";
}

void putHead(Page& page, const json::Value& explanation, const json::Value& trigger) {
  const json::Value& state = memberOf(explanation, "state");
  page.line(cellText(explanation, "name") + " in " + cellText(explanation, "system_name") + " (" +
            cellText(explanation, "id") + ")");
  if (isSet(explanation, "at_work")) {
    page.line("It is " + plainState(state) + " and has fired " +
              times(numberOf(state, "trigger_count")) + ".");
  }
  page.line(whyText(explanation, trigger));
  const std::pair<const char*, int64_t> counts[] = {
      {" of its steps failed", numberOf(state, "action_errors")},
      {" comparisons met values that cannot be put in order", numberOf(state, "comparison_errors")},
      {" firings were left out, beyond what it may do in its period",
       numberOf(explanation, "suppressed")}};
  for (const auto& [what, count] : counts) {
    if (count > 0) {
      page.line(std::to_string(count) + what + ".");
    }
  }
  if (!arrayOf(explanation, "problems").empty()) {
    page.part("Does not fit this system");
    Page::Rows rows;
    for (const json::Value& problem : arrayOf(explanation, "problems")) {
      rows.push_back({cellText(problem, "path"), cellText(problem, "message")});
    }
    page.rows(rows);
  }
}

// What time alone may change next.
void putNext(Page& page, const json::Value& explanation, const std::string& zone) {
  std::vector<std::pair<int64_t, std::string>> next;
  for (const json::Value& condition : arrayOf(explanation, "conditions")) {
    if (condition.find("next_ms") != nullptr) {
      next.emplace_back(numberOf(condition, "next_ms"), cellText(condition, "key"));
    }
  }
  if (next.empty()) {
    return;
  }
  std::sort(next.begin(), next.end());
  page.part("What time alone changes next");
  Page::Rows rows;
  for (const auto& [ms, key] : next) {
    rows.push_back({zonedText(ms, zone), key});
  }
  page.rows(rows);
}

void putEvaluations(Page& page, const json::Value& explanation, const std::string& zone) {
  const json::Array& evaluations = arrayOf(explanation, "evaluations");
  if (evaluations.empty()) {
    return;
  }
  page.part("Last changes, newest first");
  Page::Rows rows;
  for (const json::Value& evaluation : evaluations) {
    rows.push_back({zonedText(numberOf(evaluation, "time_ms"), zone), cellText(evaluation, "cause"),
                    plainState(evaluation) + (isSet(evaluation, "fired") ? ", fired" : ""),
                    verdictsText(arrayOf(evaluation, "conditions"))});
  }
  page.rows(rows);
}

Page::Rows stepRows(const json::Value& firing, const std::map<std::string, std::string>& words) {
  Page::Rows rows;
  for (const json::Value& step : arrayOf(firing, "steps")) {
    const std::string key = cellText(step, "key");
    const auto word = words.find(key);
    std::string became = cellText(step, "message");
    const std::string code = cellText(step, "code");
    became = code.empty() ? became : became.empty() ? code : code + ": " + became;
    const std::string answer = cellText(step, "answer");
    if (became.empty() && !answer.empty()) {
      became = "answer " + fit(printable(answer), kValueColumns);
    }
    rows.push_back({key, cellText(step, "state"),
                    counted(static_cast<size_t>(numberOf(step, "attempts")), "attempt") +
                        (isSet(step, "retry") ? ", repeated after a restart" : ""),
                    word == words.end() ? "" : word->second, became});
  }
  return rows;
}

void putFirings(Page& page, const json::Value& explanation, const json::Value& trigger,
                const std::string& zone) {
  const json::Array& firings = arrayOf(explanation, "firings");
  if (firings.empty()) {
    return;
  }
  std::map<std::string, std::string> words;
  for (auto& [key, text] : actionTexts(memberOf(trigger, "actions"))) {
    words[key] = text;
  }
  page.part("Last firings, newest first");
  for (const json::Value& firing : firings) {
    const std::string note = cellText(firing, "note");
    page.line("  " + zonedText(numberOf(firing, "time_ms"), zone) + "  " + cellText(firing, "id") +
              "  by " + causeText(firing) + "  " + (isSet(firing, "over") ? "over" : "under way") +
              (note.empty() ? "" : ", " + note));
    page.rows(stepRows(firing, words), 4);
  }
}

std::string simulatedAction(const json::Value& action) {
  const std::string kind = cellText(action, "kind");
  if (kind == "function") {
    return cellText(action, "mod") + "." + cellText(action, "method") + "(" +
           valueText(memberOf(action, "args")) + ")";
  }
  if (kind == "mail") {
    std::string to;
    for (const json::Value& each : arrayOf(action, "emails")) {
      to += (to.empty() ? "" : ", ") + (each.asString() == nullptr ? "" : *each.asString());
    }
    return "mail to " + to + ": " + valueText(memberOf(action, "content"));
  }
  if (kind == "webhook") {
    const std::string body = valueText(memberOf(action, "body"));
    return cellText(action, "method") + " " + cellText(action, "url") +
           (body == "null" ? "" : " " + body);
  }
  if (kind == "status") {
    return "status " + cellText(action, "name") + " = " + valueText(memberOf(action, "value"));
  }
  if (kind == "trigger") {
    return "trigger " + cellText(action, "trigger_id");
  }
  return counted(arrayOf(action, "steps").size(), "step") + " side by side";
}

void addActions(Page::Rows& rows, const json::Array& actions) {
  for (const json::Value& action : actions) {
    const std::string problem = cellText(action, "problem");
    rows.push_back({cellText(action, "key"), simulatedAction(action),
                    problem.empty() ? "" : "would fail: " + problem});
    addActions(rows, arrayOf(action, "steps"));
  }
}

}  // namespace

std::string explanationText(const json::Value& explanation, const json::Value& trigger) {
  Page page;
  const std::string zone = cellText(explanation, "time_zone");
  putHead(page, explanation, trigger);
  const json::Array& conditions = arrayOf(explanation, "conditions");
  if (!conditions.empty()) {
    page.part(isSet(trigger, "any_match") ? "Conditions, of which one must be true"
                                          : "Conditions, all of which must be true");
    page.rows(conditionRows(conditions, memberOf(trigger, "conditions")));
  }
  if (const json::Object* set = memberOf(memberOf(explanation, "state"), "status").asObject()) {
    page.part("What its actions have set");
    Page::Rows rows;
    for (const auto& [name, value] : *set) {
      rows.push_back({name, valueText(value)});
    }
    page.rows(rows);
  }
  putNext(page, explanation, zone);
  putEvaluations(page, explanation, zone);
  putFirings(page, explanation, trigger, zone);
  return page.take();
}

std::string triggerText(const json::Value& trigger) {
  Page page;
  page.line(cellText(trigger, "name") + " (" + cellText(trigger, "id") + ")");
  Page::Rows facts;
  for (const char* member : {"description", "control_system_id"}) {
    if (const std::string text = cellText(trigger, member); !text.empty()) {
      facts.push_back({member, text});
    }
  }
  if (isSet(trigger, "important")) {
    facts.push_back({"important", "yes"});
  }
  if (numberOf(trigger, "debounce_period") > 0) {
    facts.push_back({"debounce_period", exactDurationText(numberOf(trigger, "debounce_period"))});
  }
  if (numberOf(trigger, "max_firings") > 0) {
    facts.push_back({"max_firings", times(numberOf(trigger, "max_firings")) + " in " +
                                        exactDurationText(numberOf(trigger, "period_ms"))});
  }
  page.rows(facts);
  const json::Value& conditions = memberOf(trigger, "conditions");
  Page::Rows when;
  const std::pair<const char*, std::string> lists[] = {{"comparisons", "comparison_"},
                                                       {"time_dependents", "time_"}};
  for (const auto& [list, prefix] : lists) {
    for (size_t i = 0; i < arrayOf(conditions, list).size(); ++i) {
      const std::string key = prefix + std::to_string(i);
      when.push_back({key, conditionText(conditions, key)});
    }
  }
  if (isSet(trigger, "enable_webhook")) {
    when.push_back({"webhook", conditionText(conditions, "webhook")});
  }
  if (!memberOf(conditions, "rule").isNull()) {
    when.push_back({"rule", conditionText(conditions, "rule")});
  }
  page.part(isSet(trigger, "any_match") ? "When one of" : "When all of");
  page.rows(when.empty() ? Page::Rows{{"nothing: it is never triggered"}} : when);
  Page::Rows what;
  for (auto& [key, text] : actionTexts(memberOf(trigger, "actions"))) {
    what.push_back({key, text});
  }
  page.part("It does");
  page.rows(what.empty() ? Page::Rows{{"nothing but to count"}} : what);
  return page.take();
}

std::string simulationText(const json::Value& result, const json::Value& trigger) {
  Page page;
  const std::string zone = cellText(result, "time_zone");
  for (const json::Value& entry : arrayOf(result, "evaluations")) {
    const int64_t fired = numberOf(entry, "fired");
    page.line(zonedText(numberOf(entry, "time_ms"), zone) + "  step " +
              std::to_string(numberOf(entry, "step")) + ", " + cellText(entry, "cause") + ": " +
              plainState(entry) + (fired > 0 ? ", would fire" : "") +
              (fired > 1 ? " " + times(fired) : "") + (isSet(entry, "ended") ? ", ends" : ""));
    page.rows(conditionRows(arrayOf(entry, "conditions"), memberOf(trigger, "conditions")));
    Page::Rows actions;
    addActions(actions, arrayOf(entry, "actions"));
    if (!actions.empty()) {
      page.line("  would run");
      page.rows(actions, 4);
    }
  }
  const int64_t suppressed = numberOf(result, "suppressed");
  page.line("At the end it is " + plainState(result) + "; it would have fired " +
            times(numberOf(result, "trigger_count")) +
            (suppressed > 0 ? ", and was left out " + times(suppressed) + " by max_firings" : "") +
            ". Nothing was done.");
  return page.take();
}

std::string stateLine(const json::Value& state) {
  std::string text = plainState(state) + ", fired " + times(numberOf(state, "trigger_count"));
  if (const json::Object* conditions = memberOf(state, "conditions").asObject()) {
    std::string verdicts;
    for (const auto& [key, isTrue] : *conditions) {
      verdicts += (verdicts.empty() ? "; " : ", ") + key + " " +
                  (isTrue.asBool() != nullptr && *isTrue.asBool() ? "true" : "false");
    }
    text += verdicts;
  }
  const std::string stopped = cellText(state, "stopped");
  return printable(stopped.empty() ? text : text + "; " + stopped);
}

std::string causeText(const json::Value& firing) {
  const json::Value& cause = memberOf(firing, "cause");
  const std::string kind = cellText(cause, "kind");
  if (kind == "status") {
    return "status " + cellText(cause, "status") + " = " + valueText(memberOf(cause, "value"));
  }
  for (const char* member : {"delivery_id", "module_id", "firing_id"}) {
    if (const std::string id = cellText(cause, member); !id.empty()) {
      return kind + " " + id;
    }
  }
  return kind;
}

std::string progressText(const json::Value& firing) {
  std::string text;
  for (const char* state : {"sending", "done", "failed", "skipped"}) {
    const json::Array& steps = arrayOf(firing, "steps");
    const auto count = std::count_if(steps.begin(), steps.end(), [&](const json::Value& step) {
      return cellText(step, "state") == state;
    });
    if (count > 0) {
      text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + state;
    }
  }
  return text.empty() ? "nothing to do" : text;
}

std::string failuresText(const json::Value& firing) {
  std::string text;
  for (const json::Value& step : arrayOf(firing, "steps")) {
    if (cellText(step, "state") == "failed") {
      text += (text.empty() ? "" : ", ") + cellText(step, "key") + " " + cellText(step, "code");
    }
  }
  const std::string note = cellText(firing, "note");
  return note.empty() || text.empty() ? text + note : text + "; " + note;
}

}  // namespace busbar::cli
