// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sdk/base/json.h"

// What the documents of a trigger say, in words. Shapes: api/openapi.yaml "TriggerConditions" and
// "TriggerActions". A part that is not as there reads as its JSON. Pure functions.
namespace busbar::cli {

// "Display_1.power", "any of powerable/1.power", "trigger-1.scene"; a constant as JSON.
std::string operandText(const json::Value& operand);
// One node of a rule, without what is inside of it: "Sensor_1.count > 3 for 10 s", "all of 2".
std::string nodeText(const json::Value& node);
// What the condition of a key says, as states and explanations name it: "comparison_0", "time_1",
// "webhook", "rule", "rule/all/0". Empty: the document has no such condition.
std::string conditionText(const json::Value& conditions, std::string_view key);
// One step: "Display_1.power(true)", "mail to a@b.example", "POST https://…".
std::string stepText(const json::Value& step);
// All steps with their keys, in the order in which they run; those of `ended` last.
std::vector<std::pair<std::string, std::string>> actionTexts(const json::Value& actions);

// For one line of a list: "2 comparisons, 1 time, rule, webhook"; "3 functions, 1 mail".
std::string conditionsSummary(const json::Value& trigger);
std::string actionsSummary(const json::Value& trigger);

}  // namespace busbar::cli
