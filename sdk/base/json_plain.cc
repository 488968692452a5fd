// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/json_plain.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "sdk/base/json_scan.h"

namespace busbar::json {
namespace {

constexpr unsigned kMaxDepth = 32;
constexpr size_t kMaxOpenKeys = 24;
constexpr size_t kMaxDigits = 17;

// One pass from left to right; every function leaves at_ after what it took.
class Plain {
  struct Key {  // not a view: the array of them is not filled before use
    const char* data;
    size_t size;
  };

 public:
  Plain(std::string_view text, unsigned maxDepth)
      : at_(text.data()),
        end_(text.data() + text.size()),
        maxDepth_(std::min(maxDepth, kMaxDepth)) {}

  bool run() {
    bool more = value();
    while (more && depth_ > 0) {
      more = afterValue();
    }
    skipSpace();
    return more && at_ == end_;
  }

 private:
  bool isObject() const { return (objects_ >> (depth_ - 1) & 1U) != 0; }
  void skipSpace() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) {
      ++at_;
    }
  }
  bool take(char c) {
    skipSpace();
    const bool found = at_ != end_ && *at_ == c;
    at_ += found ? 1 : 0;
    return found;
  }
  bool literal(std::string_view word) {
    const bool found = static_cast<size_t>(end_ - at_) >= word.size() &&
                       std::memcmp(at_, word.data(), word.size()) == 0;
    at_ += found ? word.size() : 0;
    return found;
  }

  bool string(std::string_view& out) {
    const char* const first = at_;
    at_ = findStop(at_, end_);
    if (at_ == end_ || *at_ != '"') {
      return false;
    }
    out = {first, static_cast<size_t>(at_ - first)};
    ++at_;
    return true;
  }

  size_t digits() {
    const char* const first = at_;
    while (at_ != end_ && *at_ >= '0' && *at_ <= '9') {
      ++at_;
    }
    return static_cast<size_t>(at_ - first);
  }
  bool number() {
    at_ += *at_ == '-' ? 1 : 0;
    const bool zeroFirst = at_ != end_ && *at_ == '0';
    const size_t whole = digits();
    if (whole == 0 || (zeroFirst && whole > 1)) {
      return false;
    }
    size_t part = 0;
    if (at_ != end_ && *at_ == '.') {
      ++at_;
      part = digits();
      if (part == 0) {
        return false;
      }
    }
    return whole + part <= kMaxDigits && (at_ == end_ || (*at_ != 'e' && *at_ != 'E'));
  }

  bool open(bool object) {
    ++at_;
    if (depth_ == maxDepth_) {
      return false;
    }
    objects_ = (objects_ & ~(uint64_t{1} << depth_)) | uint64_t{object ? 1U : 0U} << depth_;
    firstKey_[depth_] = keyCount_;
    ++depth_;
    if (take(object ? '}' : ']')) {
      return close();
    }
    return object ? member() : value();
  }
  bool close() {
    --depth_;
    keyCount_ = firstKey_[depth_];
    return true;
  }
  bool member() {
    std::string_view key;
    if (!take('"') || !string(key) || keyCount_ == kMaxOpenKeys) {
      return false;
    }
    for (size_t i = firstKey_[depth_ - 1]; i < keyCount_; ++i) {
      if (std::string_view(keys_[i].data, keys_[i].size) == key) {
        return false;
      }
    }
    keys_[keyCount_++] = {key.data(), key.size()};
    return take(':') && value();
  }
  // A value or the beginning of one: containers are gone on with by run(). The recursion through
  // open() is bounded by maxDepth_.
  bool value() {
    skipSpace();
    if (at_ == end_) {
      return false;
    }
    std::string_view ignored;
    switch (*at_) {
      case '{':
        return open(true);
      case '[':
        return open(false);
      case '"':
        ++at_;
        return string(ignored);
      case 't':
        return literal("true");
      case 'f':
        return literal("false");
      case 'n':
        return literal("null");
      default:
        return number();
    }
  }
  bool afterValue() {
    if (take(isObject() ? '}' : ']')) {
      return close();
    }
    return take(',') && (isObject() ? member() : value());
  }

  const char* at_;
  const char* const end_;
  const unsigned maxDepth_;
  unsigned depth_ = 0;
  uint64_t objects_ = 0;  // bit i: the container at depth i is an object
  size_t keyCount_ = 0;
  std::array<size_t, kMaxDepth> firstKey_;
  std::array<Key, kMaxOpenKeys> keys_;
};

}  // namespace

bool isPlain(std::string_view text, const Limits& limits) {
  return text.size() <= limits.maxBytes && Plain(text, limits.maxDepth).run();
}

}  // namespace busbar::json
