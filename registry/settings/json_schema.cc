// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/settings/json_schema.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <map>
#include <new>
#include <utility>

#include <valijson/adapters/rapidjson_adapter.hpp>
#include <valijson/adapters/std_string_adapter.hpp>
#include <valijson/constraint_builder.hpp>
#include <valijson/constraints/concrete_constraints.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "registry/settings/pattern.h"
#include "registry/settings/schema_source.h"

// The only unit that includes valijson: it takes seconds to compile.
namespace busbar {
namespace {

using valijson::adapters::Adapter;
using Context = std::vector<std::string>;

void push(valijson::ValidationResults* results, const Context& context, const std::string& rule) {
  if (results != nullptr) {
    results->pushError(context, rule);
  }
}

// Clones itself as valijson wants it.
template <class Self>
class OwnConstraint : public valijson::constraints::PolyConstraint {
 private:
  valijson::constraints::Constraint* cloneInto(void* place) const override {
    return ::new (place) Self(static_cast<const Self&>(*this));
  }
  size_t sizeOf() const override { return sizeof(Self); }
};

// `pattern` with our matcher instead of std::regex, which a vendor's pattern could stall or crash.
class PatternConstraint : public OwnConstraint<PatternConstraint> {
 public:
  explicit PatternConstraint(Pattern pattern, std::string text)
      : pattern_(std::move(pattern)), text_(std::move(text)) {}
  bool validate(const Adapter& target, const Context& context,
                valijson::ValidationResults* results) const override {
    if (!target.isString() || pattern_.matches(target.asString())) {
      return true;
    }
    push(results, context, "must match the pattern " + text_);
    return false;
  }

 private:
  Pattern pattern_;
  std::string text_;
};

bool isWholeNumber(const Adapter& target) {
  if (target.isInteger()) {
    return true;
  }
  const double number = target.isDouble() ? target.asDouble() : 0.5;
  return std::isfinite(number) && number == std::floor(number);  // 1.0 is an integer (draft-07)
}

// `type` with a message that says what is wanted.
class TypeConstraint : public OwnConstraint<TypeConstraint> {
 public:
  explicit TypeConstraint(std::vector<std::string> names) : names_(std::move(names)) {}
  bool validate(const Adapter& target, const Context& context,
                valijson::ValidationResults* results) const override {
    if (std::any_of(names_.begin(), names_.end(),
                    [&target](const std::string& name) { return is(target, name); })) {
      return true;
    }
    std::string rule = "must be ";
    for (size_t i = 0; i < names_.size(); ++i) {
      rule += (i == 0 ? "" : " or ") + names_[i];
    }
    push(results, context, rule);
    return false;
  }

 private:
  static bool is(const Adapter& target, std::string_view name) {
    switch (name[1]) {  // the second letter tells them apart, but for null and number
      case 't':
        return target.isString();
      case 'o':
        return target.isBool();
      case 'b':
        return target.isObject();
      case 'r':
        return target.isArray();
      case 'n':
        return isWholeNumber(target);
      default:
        return name == "null" ? target.isNull() : target.isInteger() || target.isDouble();
    }
  }

  std::vector<std::string> names_;
};

class PatternBuilder : public valijson::ConstraintBuilder {
 public:
  valijson::constraints::Constraint* make(const Adapter& node) const override {
    auto pattern = Pattern::compile(node.asString());
    if (!pattern.ok()) {
      throw std::runtime_error(pattern.error().message);
    }
    return new PatternConstraint(std::move(*pattern), node.asString());
  }
};

class TypeBuilder : public valijson::ConstraintBuilder {
 public:
  valijson::constraints::Constraint* make(const Adapter& node) const override {
    std::vector<std::string> names;
    node.applyToArray([&names](const Adapter& name) {
      names.push_back(name.asString());
      return true;
    });
    return new TypeConstraint(std::move(names));
  }
};

bool parseInto(rapidjson::Document& document, const json::Value& value) {
  const std::string text = json::write(value);
  document.Parse<rapidjson::kParseFullPrecisionFlag | rapidjson::kParseIterativeFlag>(text.data(),
                                                                                      text.size());
  return !document.HasParseError();
}

// {"<root>", "[a]", "[0]"} -> "/a/0".
std::string toPointer(const Context& context) {
  std::string pointer;
  for (size_t i = 1; i < context.size(); ++i) {
    pointer += '/';
    for (const char c : context[i].substr(1, context[i].size() - 2)) {
      pointer += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    }
  }
  return pointer;
}

// What stands between the first and the last single quote.
std::string quoted(const std::string& text) {
  const size_t from = text.find('\'');
  const size_t to = text.rfind('\'');
  return from < to ? text.substr(from + 1, to - from - 1) : std::string();
}

// Says again that a part is wrong, about which another error says what.
bool isEcho(std::string_view text) {
  return text.starts_with("Failed to validate against schema associated with") ||
         text.starts_with("Failed to validate item #") ||
         text.starts_with("Failed to validate against additional properties schema") ||
         text.starts_with("Failed to validate against dependent schema") ||
         text.starts_with("Failed to validate against a conditional schema");
}

// valijson's sentences in our words; those not listed pass as they are.
std::string toRule(const std::string& text) {
  static constexpr std::pair<std::string_view, std::string_view> kRules[] = {
      {"Failed to match against any enum values",
       "must be one of the values that the schema lists"},
      {"Failed to match expected value set by 'const'",
       "must be the one value that the schema allows"},
      {"Failed to validate against any schemas allowed by anyOf",
       "must fit one of the schema's alternatives"},
      {"Failed to validate against any child schemas allowed by oneOf",
       "must fit one of the schema's alternatives"},
      {"Failed to validate against exactly one child schema",
       "must fit exactly one of the schema's alternatives"},
      {"Target should not validate", "must not be like this"},
      {"Failed to any values against subschema in 'contains'",
       "must hold an element that the schema asks for"},
      {"Elements at indexes", "must not hold the same element twice"},
      {"Array contains more items than", "has more elements than allowed"},
      {"Cannot validate item #", "has more elements than allowed"},
  };
  for (const auto& [start, rule] : kRules) {
    if (text.starts_with(start)) {
      return std::string(rule);
    }
  }
  constexpr std::string_view kExpected = "Expected number ";
  if (text.starts_with(kExpected)) {
    return "must be a number " + text.substr(kExpected.size());
  }
  for (const std::string_view noun : {"Array ", "String ", "Object ", "Value "}) {
    if (text.starts_with(noun) && text.find("should ") == noun.size()) {
      return "must " + text.substr(noun.size() + 7);
    }
  }
  return text;
}

SchemaViolation toViolation(const valijson::ValidationResults::Error& error) {
  const std::string pointer = toPointer(error.context);
  const std::string& text = error.description;
  const bool missing = text.starts_with("Missing required property");
  if (missing || text.starts_with("Object contains a property that could not be validated")) {
    const Context member{"", "[" + quoted(missing ? text : text.substr(text.rfind(": "))) + "]"};
    return {pointer + toPointer(member), missing ? "is required" : "is not known to the schema"};
  }
  if (text.starts_with("Missing dependency")) {
    return {pointer + toPointer({"", "[" + quoted(text) + "]"}),
            "is required beside another member"};
  }
  return {pointer, toRule(text)};
}

}  // namespace

struct Schema::Compiled {
  valijson::Schema schema;
};

Result<Schema> Schema::compileText(std::string_view text) {
  const auto value = json::parse(text);
  if (!value.ok()) {
    return Error::of(ErrorCode::InvalidArgument, "schema: " + value.error().message);
  }
  return compile(*value);
}

Result<Schema> Schema::compile(const json::Value& schema) {
  const auto flat = flattenSchema(schema);
  if (!flat.ok()) {
    return flat.error();
  }
  rapidjson::Document document;
  if (!parseInto(document, *flat)) {
    return Error::of(ErrorCode::InvalidArgument, "schema: not JSON");
  }
  try {
    auto compiled = std::make_shared<Compiled>();
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    parser.addConstraintBuilder(kFlatPattern, new PatternBuilder);  // the parser deletes them
    parser.addConstraintBuilder(kFlatType, new TypeBuilder);
    parser.populateSchema(valijson::adapters::RapidJsonAdapter(document), compiled->schema);
    return Schema(std::move(compiled));
  } catch (const std::exception& e) {
    return Error::of(ErrorCode::InvalidArgument, std::string("schema: ") + e.what());
  }
}

std::vector<SchemaViolation> Schema::validate(const json::Value& value) const {
  rapidjson::Document document;
  if (!parseInto(document, value)) {
    return {{"", "is not JSON"}};
  }
  std::vector<SchemaViolation> out;
  std::vector<SchemaViolation> echoes;
  bool valid = false;
  try {
    valijson::Validator validator(valijson::Validator::kStrongTypes);
    valijson::ValidationResults results;
    valid = validator.validate(compiled_->schema, valijson::adapters::RapidJsonAdapter(document),
                               &results);
    for (const auto& error : results) {
      auto& list = isEcho(error.description) ? echoes : out;
      SchemaViolation violation = toViolation(error);
      if (std::find(list.begin(), list.end(), violation) == list.end()) {
        list.push_back(std::move(violation));
      }
    }
  } catch (const std::exception& e) {
    return {{"", std::string("could not be checked: ") + e.what()}};
  }
  if (valid) {
    return {};
  }
  if (out.empty() && !echoes.empty()) {
    out.push_back({echoes.front().pointer, "does not fit the schema"});
  }
  if (out.empty()) {
    out.push_back({"", "does not fit the schema"});
  }
  return out;
}

}  // namespace busbar
