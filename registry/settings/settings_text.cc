// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/settings/settings_text.h"

#include <charconv>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

namespace busbar {
namespace {

constexpr size_t kMaxMembers = 4096;  // of one object: json::Object looks up linearly
constexpr std::string_view kCoreTag = "tag:yaml.org,2002:";

Error refuse(std::string message) {
  return Error::at(ErrorCode::InvalidArgument, "settings_string",
                   "settings: " + std::move(message));
}

// Thrown through yaml-cpp, caught in parseYaml().
class Refused : public std::runtime_error {
 public:
  Refused(const YAML::Mark& mark, const std::string& what) : std::runtime_error(at(mark) + what) {}
  static std::string at(const YAML::Mark& mark) {
    return mark.is_null() ? std::string()
                          : "line " + std::to_string(mark.line + 1) + ", column " +
                                std::to_string(mark.column + 1) + ": ";
  }
};

bool isDigits(std::string_view s) {
  return !s.empty() && s.find_first_not_of("0123456789") == std::string_view::npos;
}

std::optional<json::Value> toBased(std::string_view digits, int base) {
  int64_t number = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number, base);
  if (digits.empty() || digits[0] == '-' || error != std::errc{} || stop != end) {
    return std::nullopt;
  }
  return json::Value(number);
}

// YAML 1.2.2 section 10.3.2, but for numbers with needless leading zeros.
std::optional<json::Value> toNumber(std::string_view s) {
  if (s.starts_with("0x")) {
    return toBased(s.substr(2), 16);
  }
  if (s.starts_with("0o")) {
    return toBased(s.substr(2), 8);
  }
  std::string_view body = s;
  const bool negative = body.starts_with('-');
  if (negative || body.starts_with('+')) {
    body.remove_prefix(1);
  }
  const size_t exponentAt = body.find_first_of("eE");
  std::string_view mantissa = body.substr(0, exponentAt);
  const size_t dot = mantissa.find('.');
  const std::string_view whole = mantissa.substr(0, dot);
  const std::string_view fraction = dot == std::string_view::npos ? "" : mantissa.substr(dot + 1);
  if ((!whole.empty() && !isDigits(whole)) || (!fraction.empty() && !isDigits(fraction)) ||
      (whole.empty() && fraction.empty()) || (whole.size() > 1 && whole[0] == '0')) {
    return std::nullopt;
  }
  if (exponentAt != std::string_view::npos) {
    std::string_view exponent = body.substr(exponentAt + 1);
    if (exponent.starts_with('-') || exponent.starts_with('+')) {
      exponent.remove_prefix(1);
    }
    if (!isDigits(exponent)) {
      return std::nullopt;
    }
  }
  const std::string text = (negative ? "-" : "") + std::string(body);
  if (dot == std::string_view::npos && exponentAt == std::string_view::npos) {
    int64_t number = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc{}) {
      return json::Value(number);
    }
  }
  double number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || stop != text.data() + text.size()) {
    return std::nullopt;  // beyond a double: kept as the user wrote it
  }
  return json::Value(number);
}

std::optional<json::Value> toBool(std::string_view s) {
  if (s == "true" || s == "True" || s == "TRUE") {
    return json::Value(true);
  }
  if (s == "false" || s == "False" || s == "FALSE") {
    return json::Value(false);
  }
  return std::nullopt;
}

bool isNonFinite(std::string_view s) {
  if (s.starts_with('-') || s.starts_with('+')) {
    s.remove_prefix(1);
  }
  return s == ".inf" || s == ".Inf" || s == ".INF" || s == ".nan" || s == ".NaN" || s == ".NAN";
}

// Builds a json::Value from the events of one YAML document.
class Builder : public YAML::EventHandler {
 public:
  json::Value take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Refused(mark, "aliases (*name) are not allowed");
  }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    if (wantsKey()) {
      throw Refused(mark, "a key must be text");
    }
    add(nullptr);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& text) override {
    if (!json::isUtf8(text)) {
      throw Refused(mark, "not UTF-8");
    }
    if (wantsKey()) {
      setKey(mark, text);
      return;
    }
    add(scalar(mark, tag, text));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, "seq", json::Array());
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, "map", json::Object());
  }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    json::Value container;
    std::optional<std::string> key;
    std::set<std::string, std::less<>> keys;
  };

  bool wantsKey() const {
    return !stack_.empty() && stack_.back().container.asObject() != nullptr && !stack_.back().key;
  }

  void setKey(const YAML::Mark& mark, const std::string& key) {
    Frame& frame = stack_.back();
    if (!frame.keys.insert(key).second) {
      throw Refused(mark, "the key '" + key + "' comes twice");
    }
    if (frame.keys.size() > kMaxMembers) {
      throw Refused(mark, "more than " + std::to_string(kMaxMembers) + " keys in one map");
    }
    frame.key = key;
  }

  static json::Value scalar(const YAML::Mark& mark, const std::string& tag,
                            const std::string& text) {
    if (tag == "!" || tag == std::string(kCoreTag) + "str") {
      return text;  // quoted, block or tagged text
    }
    std::optional<json::Value> value;
    if (tag.empty() || tag == "?") {
      if (isNonFinite(text)) {
        throw Refused(mark, text + " cannot be stored; quote it if text is meant");
      }
      value = toBool(text);
      value = value ? value : toNumber(text);
      return value ? *value : json::Value(text);
    }
    if (tag == std::string(kCoreTag) + "bool") {
      value = toBool(text);
    } else if (tag == std::string(kCoreTag) + "int" || tag == std::string(kCoreTag) + "float") {
      value = toNumber(text);
    }
    if (!value) {
      throw Refused(mark, "the tag '" + tag + "' does not fit here or is not known");
    }
    return *value;
  }

  void open(const YAML::Mark& mark, const std::string& tag, const char* core,
            json::Value container) {
    if (wantsKey()) {
      throw Refused(mark, "a key must be text");
    }
    if (!tag.empty() && tag != "?" && tag != "!" && tag != std::string(kCoreTag) + core) {
      throw Refused(mark, "the tag '" + tag + "' does not fit here or is not known");
    }
    if (stack_.size() >= kMaxSettingsDepth) {
      throw Refused(mark, "nested deeper than " + std::to_string(kMaxSettingsDepth) + " levels");
    }
    stack_.push_back({std::move(container), std::nullopt, {}});
  }

  void close() {
    json::Value done = std::move(stack_.back().container);
    stack_.pop_back();
    add(std::move(done));
  }

  void add(json::Value value) {
    if (stack_.empty()) {
      root_ = std::move(value);
      return;
    }
    Frame& frame = stack_.back();
    if (json::Array* array = frame.container.asArray()) {
      array->push_back(std::move(value));
      return;
    }
    frame.container.asObject()->set(*frame.key, std::move(value));
    frame.key.reset();
  }

  std::vector<Frame> stack_;
  json::Value root_;
};

Result<json::Value> parseYaml(std::string_view text) {
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    Builder builder;
    Builder second;
    parser.HandleNextDocument(builder);
    if (parser.HandleNextDocument(second)) {
      return refuse("more than one document");
    }
    return builder.take();
  } catch (const YAML::Exception& e) {
    return refuse(Refused::at(e.mark) + e.msg);
  } catch (const std::exception& e) {
    return refuse(e.what());
  }
}

// What may not occur anywhere. A zero byte would also make yaml-cpp guess UTF-16.
bool hasControl(std::string_view text) {
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if ((u < 0x20 && c != '\t' && c != '\n' && c != '\r') || u == 0x7F) {
      return true;
    }
  }
  return false;
}

}  // namespace

Result<json::Object> parseSettings(std::string_view text) {
  if (text.size() > kMaxSettingsBytes) {
    return refuse("longer than " + std::to_string(kMaxSettingsBytes) + " bytes");
  }
  if (!json::isUtf8(text)) {
    return refuse("not UTF-8");
  }
  if (hasControl(text)) {
    return refuse("holds control characters");
  }
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) {
    return json::Object();
  }
  Result<json::Value> value = json::Value();
  bool isJson = false;
  if (text[first] == '{') {
    // Most JSON is YAML too, but not all, and a JSON parser is quicker and stricter.
    value = json::parse(text, {kMaxSettingsBytes, kMaxSettingsDepth});
    isJson = value.ok();
  }
  if (!isJson) {
    value = parseYaml(text);
  }
  if (!value.ok()) {
    return std::move(value).error();
  }
  if (value->isNull()) {
    return json::Object();  // nothing but comments
  }
  if (value->asObject() == nullptr) {
    return refuse("must be a map of keys and values, not " + std::string(value->typeName()));
  }
  return std::move(*value->asObject());
}

}  // namespace busbar
