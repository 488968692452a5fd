// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sdk/base/json.h"

// Pages and lines for people about what triggers do, from what the server answers
// (api/openapi.yaml). What is not there is left out. Printable, with a newline at the end of each
// line. Pure functions.
namespace busbar::cli {

// Why an instance is triggered or not: TriggerExplanation, with the trigger's own document for the
// words of its conditions (null: without). Times are of the system's time zone, which is named.
std::string explanationText(const json::Value& explanation, const json::Value& trigger);

// A trigger: what it waits for and what it does.
std::string triggerText(const json::Value& trigger);

// TriggerSimulationResult.
std::string simulationText(const json::Value& result, const json::Value& trigger);

// One line of TriggerState, without a time: "triggered, fired 3 times; comparison_1 is false".
std::string stateLine(const json::Value& state);

// Cells of a TriggerFiring: "status temperature = 21.5", "3 done, 1 failed",
// "functions/0 device_offline".
std::string causeText(const json::Value& firing);
std::string progressText(const json::Value& firing);
std::string failuresText(const json::Value& firing);

}  // namespace busbar::cli
