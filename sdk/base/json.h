// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "sdk/base/result.h"

// The one front door for JSON text: everything from outside passes check() or parse(). Iterative
// (no recursion on nested input), UTF-8 validated, bounded in bytes and depth, duplicate keys and
// trailing bytes refused. RFC 8259; NaN and Infinity do not exist.
namespace busbar::json {

struct Limits {
  size_t maxBytes = 1 << 20;
  unsigned maxDepth = 64;
};

class Value;
using Array = std::vector<Value>;
using Member = std::pair<std::string, Value>;

// An object that keeps the order of its members. Look-up is linear: documents are small.
class Object {
 public:
  const Value* find(std::string_view key) const;
  Value* find(std::string_view key);
  // Replaces the member or appends it.
  Value& set(std::string_view key, Value value);
  bool erase(std::string_view key);
  bool contains(std::string_view key) const { return find(key) != nullptr; }
  bool empty() const;
  size_t size() const;
  std::vector<Member>::const_iterator begin() const;
  std::vector<Member>::const_iterator end() const;
  std::vector<Member>::iterator begin();
  std::vector<Member>::iterator end();
  bool operator==(const Object& other) const;  // order does not matter

 private:
  friend Result<Value> parse(std::string_view, const Limits&);
  std::vector<Member> members_;
};

// A JSON value. Integers that fit int64 stay exact; others are doubles. Value type.
class Value {
 public:
  Value() = default;
  Value(std::nullptr_t) {}                            // NOLINT: implicit on purpose
  Value(bool b) : v_(b) {}                            // NOLINT
  Value(int i) : v_(static_cast<int64_t>(i)) {}       // NOLINT
  Value(unsigned i) : v_(static_cast<int64_t>(i)) {}  // NOLINT
  Value(int64_t i) : v_(i) {}                         // NOLINT
  Value(uint64_t i);                                  // NOLINT
  Value(double d) : v_(d) {}                          // NOLINT
  Value(const char* s) : v_(std::string(s)) {}        // NOLINT
  Value(std::string_view s) : v_(std::string(s)) {}   // NOLINT
  Value(std::string s) : v_(std::move(s)) {}          // NOLINT
  Value(Array a) : v_(std::move(a)) {}                // NOLINT
  Value(Object o) : v_(std::move(o)) {}               // NOLINT

  bool isNull() const { return v_.index() == 0; }
  const bool* asBool() const { return std::get_if<bool>(&v_); }
  const int64_t* asInt() const { return std::get_if<int64_t>(&v_); }
  const double* asDouble() const { return std::get_if<double>(&v_); }
  bool isNumber() const { return asInt() != nullptr || asDouble() != nullptr; }
  double toDouble() const;  // of a number; 0 otherwise
  const std::string* asString() const { return std::get_if<std::string>(&v_); }
  const Array* asArray() const { return std::get_if<Array>(&v_); }
  Array* asArray() { return std::get_if<Array>(&v_); }
  const Object* asObject() const { return std::get_if<Object>(&v_); }
  Object* asObject() { return std::get_if<Object>(&v_); }
  // Member of an object; nullptr when this is no object or has no such member.
  const Value* find(std::string_view key) const;
  // "null", "boolean", "integer", "number", "string", "array" or "object".
  std::string_view typeName() const;
  bool operator==(const Value& other) const = default;

 private:
  std::variant<std::monostate, bool, int64_t, double, std::string, Array, Object> v_;
};

// Here, because they need Value complete.
inline bool Object::empty() const {
  return members_.empty();
}
inline size_t Object::size() const {
  return members_.size();
}
inline std::vector<Member>::const_iterator Object::begin() const {
  return members_.begin();
}
inline std::vector<Member>::const_iterator Object::end() const {
  return members_.end();
}
inline std::vector<Member>::iterator Object::begin() {
  return members_.begin();
}
inline std::vector<Member>::iterator Object::end() {
  return members_.end();
}

// Scans `text` once without building anything. InvalidArgument with the byte offset on failure.
Status check(std::string_view text, const Limits& limits = {});
Result<Value> parse(std::string_view text, const Limits& limits = {});

// Compact text; non-finite doubles become null.
std::string write(const Value& value);
// Indented by two spaces.
std::string writePretty(const Value& value);
// Appends `s` as a JSON string with its quotes. Invalid UTF-8 is replaced by U+FFFD.
void appendString(std::string& out, std::string_view s);
// True if `s` is valid UTF-8 (no surrogates, no overlong forms).
bool isUtf8(std::string_view s);

}  // namespace busbar::json
