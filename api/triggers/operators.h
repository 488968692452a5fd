// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "api/triggers/spec.h"
#include "sdk/base/json.h"

// What the operators of comparisons mean. Pure functions.
namespace busbar::triggers {

// A value as operators look at it. A view: the value it was made of must outlive it.
struct Term {
  enum class Kind : uint8_t { Missing, Null, Bool, Integer, Real, Text, Other };
  Kind kind = Kind::Missing;
  bool isTrue = false;
  int64_t integer = 0;
  double real = 0;
  const json::Value* value = nullptr;
};
// Null pointer: Missing.
Term termOf(const json::Value* value);

enum class Verdict : uint8_t {
  False,
  True,
  NoValue,    // false, because a status is missing
  WrongType,  // false, because the operator does not know such a value
};

// equal, not_equal   JSON equality by value: 1 is 1.0, the order of members does not matter, a
//                    missing value is null
// greater_than …     numbers, compared exactly; a missing value: NoValue, anything else: WrongType
// and, or, exclusive_or   true is what is neither missing nor null nor false
// contains           a text in a text, an equal value in an array, a member of an object
// starts_with …      texts
//
// `slack`, for ordering only: how far the right side may be passed. With a slack the equal value
// counts as not passed.
Verdict apply(Operator op, const Term& left, const Term& right, double slack = 0);

bool isOrdering(Operator op);

// JSON equality by value, as `equal`.
bool isEqual(const json::Value& a, const json::Value& b);

// Members of objects, and elements of arrays by their number; null when there is no such.
const json::Value* dig(const json::Value* value, const std::vector<std::string>& keys);

// Why `constant` can never be right on that side of `op`, as the end of a sentence that begins with
// the name of a field; empty when it can.
std::string constantProblem(Operator op, bool isLeft, const json::Value& constant);

}  // namespace busbar::triggers
