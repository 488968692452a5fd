// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/operators.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <compare>
#include <utility>

namespace busbar::triggers {
namespace {

struct OperatorName {
  Operator op;
  std::string_view name;
};
constexpr std::array kOperatorNames{
    OperatorName{Operator::Equal, "equal"},
    OperatorName{Operator::NotEqual, "not_equal"},
    OperatorName{Operator::Greater, "greater_than"},
    OperatorName{Operator::GreaterOrEqual, "greater_than_or_equal"},
    OperatorName{Operator::Less, "less_than"},
    OperatorName{Operator::LessOrEqual, "less_than_or_equal"},
    OperatorName{Operator::And, "and"},
    OperatorName{Operator::Or, "or"},
    OperatorName{Operator::ExclusiveOr, "exclusive_or"},
    OperatorName{Operator::Contains, "contains"},
    OperatorName{Operator::StartsWith, "starts_with"},
    OperatorName{Operator::EndsWith, "ends_with"},
};

bool isNumeric(const Term& term) {
  return term.kind == Term::Kind::Integer || term.kind == Term::Kind::Real;
}

bool isTruthy(const Term& term) {
  return term.kind != Term::Kind::Missing && term.kind != Term::Kind::Null &&
         (term.kind != Term::Kind::Bool || term.isTrue);
}

// Exact: an integer beyond 2^53 is not rounded to a double first.
std::partial_ordering orderOf(int64_t integer, double real) {
  constexpr double kLimit = 9223372036854775808.0;  // 2^63
  if (real >= kLimit) {
    return std::partial_ordering::less;
  }
  if (real < -kLimit) {
    return std::partial_ordering::greater;
  }
  const auto whole = static_cast<int64_t>(real);
  if (integer != whole) {
    return integer <=> whole;
  }
  return 0.0 <=> real - static_cast<double>(whole);
}

std::partial_ordering orderOf(const Term& a, const Term& b) {
  if (a.kind == Term::Kind::Integer) {
    return b.kind == Term::Kind::Integer ? a.integer <=> b.integer : orderOf(a.integer, b.real);
  }
  if (b.kind == Term::Kind::Integer) {
    return 0 <=> orderOf(b.integer, a.real);
  }
  return a.real <=> b.real;
}

double realOf(const Term& term) {
  return term.kind == Term::Kind::Integer ? static_cast<double>(term.integer) : term.real;
}

Verdict verdict(bool isTrue) {
  return isTrue ? Verdict::True : Verdict::False;
}

bool isEqualTerm(const Term& a, const Term& b) {
  if (isNumeric(a) && isNumeric(b)) {
    return orderOf(a, b) == 0;
  }
  const Term::Kind left = a.kind == Term::Kind::Missing ? Term::Kind::Null : a.kind;
  const Term::Kind right = b.kind == Term::Kind::Missing ? Term::Kind::Null : b.kind;
  if (left != right) {
    return false;
  }
  switch (left) {
    case Term::Kind::Bool:
      return a.isTrue == b.isTrue;
    case Term::Kind::Text:
      return *a.value->asString() == *b.value->asString();
    case Term::Kind::Other:
      return isEqual(*a.value, *b.value);
    default:
      return true;
  }
}

bool isEqualObject(const json::Object& a, const json::Object& b) {
  if (a.size() != b.size()) {
    return false;
  }
  // One author writes its members in one order.
  const bool sameOrder =
      std::equal(a.begin(), a.end(), b.begin(),
                 [](const json::Member& x, const json::Member& y) { return x.first == y.first; });
  if (sameOrder) {
    return std::equal(
        a.begin(), a.end(), b.begin(),
        [](const json::Member& x, const json::Member& y) { return isEqual(x.second, y.second); });
  }
  const auto sorted = [](const json::Object& object) {
    std::vector<const json::Member*> members;
    members.reserve(object.size());
    for (const json::Member& member : object) {
      members.push_back(&member);
    }
    std::sort(members.begin(), members.end(),
              [](const json::Member* x, const json::Member* y) { return x->first < y->first; });
    return members;
  };
  const auto left = sorted(a);
  const auto right = sorted(b);
  return std::equal(left.begin(), left.end(), right.begin(),
                    [](const json::Member* x, const json::Member* y) {
                      return x->first == y->first && isEqual(x->second, y->second);
                    });
}

Verdict order(Operator op, const Term& left, const Term& right, double slack) {
  if (!isNumeric(left) || !isNumeric(right)) {
    const auto isOkay = [](const Term& t) { return isNumeric(t) || t.kind == Term::Kind::Missing; };
    return isOkay(left) && isOkay(right) ? Verdict::NoValue : Verdict::WrongType;
  }
  const bool isUp = op == Operator::Greater || op == Operator::GreaterOrEqual;
  if (slack > 0) {
    return verdict(isUp ? realOf(left) >= realOf(right) - slack
                        : realOf(left) <= realOf(right) + slack);
  }
  const std::partial_ordering order = orderOf(left, right);
  if (order == 0) {
    return verdict(op == Operator::GreaterOrEqual || op == Operator::LessOrEqual);
  }
  return verdict(isUp ? order > 0 : order < 0);
}

Verdict search(Operator op, const Term& left, const Term& right) {
  const auto isText = [](const Term& t) { return t.kind == Term::Kind::Text; };
  if (left.kind == Term::Kind::Missing || right.kind == Term::Kind::Missing) {
    return Verdict::NoValue;
  }
  if (op == Operator::Contains && left.kind == Term::Kind::Other) {
    if (const json::Array* array = left.value->asArray()) {
      return verdict(std::any_of(array->begin(), array->end(), [&right](const json::Value& entry) {
        return isEqualTerm(termOf(&entry), right);
      }));
    }
    return isText(right) ? verdict(left.value->asObject()->contains(*right.value->asString()))
                         : Verdict::WrongType;
  }
  if (!isText(left) || !isText(right)) {
    return Verdict::WrongType;
  }
  const std::string_view text = *left.value->asString();
  const std::string_view part = *right.value->asString();
  if (op == Operator::Contains) {
    return verdict(text.find(part) != std::string_view::npos);
  }
  return verdict(op == Operator::StartsWith ? text.starts_with(part) : text.ends_with(part));
}

}  // namespace

std::string_view toString(Operator op) {
  return kOperatorNames[static_cast<size_t>(op)].name;
}

std::optional<Operator> toOperator(std::string_view name) {
  const auto found = std::find_if(kOperatorNames.begin(), kOperatorNames.end(),
                                  [name](const OperatorName& entry) { return entry.name == name; });
  return found == kOperatorNames.end() ? std::nullopt : std::optional(found->op);
}

Term termOf(const json::Value* value) {
  Term term;
  term.value = value;
  if (value == nullptr) {
    return term;
  }
  if (const int64_t* integer = value->asInt()) {
    term.kind = Term::Kind::Integer;
    term.integer = *integer;
  } else if (const double* real = value->asDouble()) {
    term.kind = Term::Kind::Real;
    term.real = *real;
  } else if (const bool* flag = value->asBool()) {
    term.kind = Term::Kind::Bool;
    term.isTrue = *flag;
  } else if (value->asString() != nullptr) {
    term.kind = Term::Kind::Text;
  } else {
    term.kind = value->isNull() ? Term::Kind::Null : Term::Kind::Other;
  }
  return term;
}

Verdict apply(Operator op, const Term& left, const Term& right, double slack) {
  switch (op) {
    case Operator::Equal:
      return verdict(isEqualTerm(left, right));
    case Operator::NotEqual:
      return verdict(!isEqualTerm(left, right));
    case Operator::And:
      return verdict(isTruthy(left) && isTruthy(right));
    case Operator::Or:
      return verdict(isTruthy(left) || isTruthy(right));
    case Operator::ExclusiveOr:
      return verdict(isTruthy(left) != isTruthy(right));
    case Operator::Contains:
    case Operator::StartsWith:
    case Operator::EndsWith:
      return search(op, left, right);
    default:
      return order(op, left, right, slack);
  }
}

bool isOrdering(Operator op) {
  return op == Operator::Greater || op == Operator::GreaterOrEqual || op == Operator::Less ||
         op == Operator::LessOrEqual;
}

bool isEqual(const json::Value& a, const json::Value& b) {
  if (const json::Array* left = a.asArray()) {
    const json::Array* right = b.asArray();
    return right != nullptr &&
           std::equal(left->begin(), left->end(), right->begin(), right->end(), isEqual);
  }
  if (const json::Object* left = a.asObject()) {
    const json::Object* right = b.asObject();
    return right != nullptr && isEqualObject(*left, *right);
  }
  if (b.asArray() != nullptr || b.asObject() != nullptr) {
    return false;
  }
  return isEqualTerm(termOf(&a), termOf(&b));
}

const json::Value* dig(const json::Value* value, const std::vector<std::string>& keys) {
  for (const std::string& key : keys) {
    if (value == nullptr) {
      return nullptr;
    }
    if (const json::Array* array = value->asArray()) {
      size_t index = 0;
      const char* const end = key.data() + key.size();
      const auto [at, error] = std::from_chars(key.data(), end, index);
      const bool isIndex = error == std::errc() && at == end && (key == "0" || key.front() != '0');
      value = isIndex && index < array->size() ? &(*array)[index] : nullptr;
    } else {
      value = value->find(key);
    }
  }
  return value;
}

std::string constantProblem(Operator op, bool isLeft, const json::Value& constant) {
  const std::string name(toString(op));
  if (isOrdering(op) && !constant.isNumber()) {
    return "must be a number: " + name + " compares numbers";
  }
  const bool isText = constant.asString() != nullptr;
  if ((op == Operator::StartsWith || op == Operator::EndsWith) && !isText) {
    return "must be a text: " + name + " compares texts";
  }
  if (op == Operator::Contains && isLeft && !isText) {
    return "must be a text, or a status that is a text, an array or an object: " + name +
           " looks into it";
  }
  return {};
}

}  // namespace busbar::triggers
