// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <new>

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include "sdk/base/json_plain.h"

namespace busbar::json {
namespace {

// Numbers come as text and are converted here: RapidJSON's own conversion shifts by an undefined
// amount for some zeros (internal/diyfp.h, "0.000…" with many digits).
constexpr unsigned kFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag |
                            rapidjson::kParseNumbersAsStringsFlag;
constexpr const char* kTooLarge = "number too large for a double";

// True for a number beyond the largest double, false for one below the smallest: tells which of the
// two "out of range" was. `text` is a JSON number other than zero.
bool isHuge(std::string_view text) {
  const size_t exponentAt = std::min(text.find_first_of("eE"), text.size());
  const std::string_view mantissa = text.substr(0, exponentAt);
  std::string_view exponent = text.substr(std::min(exponentAt + 1, text.size()));
  const bool negative = exponent.starts_with('-');
  exponent.remove_prefix(negative || exponent.starts_with('+') ? 1 : 0);
  int64_t power = 0;
  for (const char digit : exponent) {
    power = std::min<int64_t>(power * 10 + (digit - '0'), int64_t{1} << 40);
  }
  const size_t first = mantissa.find_first_of("123456789");
  const size_t dot = std::min(mantissa.find('.'), mantissa.size());
  const auto place =
      static_cast<int64_t>(dot) - static_cast<int64_t>(std::min(first, mantissa.size()));
  return place + (negative ? -power : power) > 0;
}

// Exact for integers that fit int64, else the nearest double. False when there is none.
bool toNumber(std::string_view text, Value& out) {
  const char* const end = text.data() + text.size();
  if (text.find_first_of(".eE") == std::string_view::npos) {
    int64_t integer = 0;
    if (std::from_chars(text.data(), end, integer).ec == std::errc{}) {
      out = integer;
      return true;
    }
  }
  double number = 0;
  if (std::from_chars(text.data(), end, number).ec == std::errc{}) {
    out = number;
    return true;
  }
  out = text.starts_with('-') ? -0.0 : 0.0;
  return !isHuge(text);
}

// What both handlers share: depth and duplicate keys. Keys of all open objects live in one string,
// with a FNV-1a hash each, so that the common case costs one compare of 64 bits per earlier key.
class Guard {
 public:
  explicit Guard(const Limits& limits) : limits_(limits) {}

  bool open(bool isObject) {
    if (depth_ == limits_.maxDepth) {
      return fail("nested deeper than " + std::to_string(limits_.maxDepth));
    }
    ++depth_;
    if (isObject) {
      starts_.push_back(hashes_.size());
    }
    return true;
  }
  void close(bool isObject) {
    --depth_;
    if (isObject) {
      hashes_.resize(starts_.back());
      if (hashes_.empty()) {
        text_.clear();
      }
      starts_.pop_back();
    }
  }
  bool key(std::string_view key) {
    const size_t first = starts_.back();
    // Beyond this many members a linear look is quadratic work for whoever sent the document.
    if (hashes_.size() - first >= kMaxMembers) {
      return fail("an object has more than " + std::to_string(kMaxMembers) + " members");
    }
    const Seen seen{std::hash<std::string_view>{}(key), text_.size(), key.size()};
    for (size_t i = first; i < hashes_.size(); ++i) {
      const Seen& other = hashes_[i];
      if (other.hash == seen.hash &&
          std::string_view(text_).substr(other.offset, other.length) == key) {
        return fail("duplicate key \"" + std::string(key.substr(0, 64)) + "\"");
      }
    }
    text_.append(key);
    hashes_.push_back(seen);
    return true;
  }
  bool fail(std::string why) {
    why_ = std::move(why);
    return false;
  }
  const std::string& why() const { return why_; }

 private:
  static constexpr size_t kMaxMembers = 10'000;
  struct Seen {
    size_t hash;
    size_t offset;
    size_t length;
  };
  const Limits& limits_;
  unsigned depth_ = 0;
  std::vector<size_t> starts_;
  std::vector<Seen> hashes_;
  std::string text_;
  std::string why_;
};

// rapidjson handler, see rapidjson/reader.h "Handler concept".
struct CheckHandler {
  Guard guard;
  explicit CheckHandler(const Limits& limits) : guard(limits) {}
  // NOLINTBEGIN(readability-identifier-naming): names given by RapidJSON
  bool Null() { return true; }
  bool Bool(bool) { return true; }
  bool Int(int) { return false; }  // numbers come as RawNumber
  bool Uint(unsigned) { return false; }
  bool Int64(int64_t) { return false; }
  bool Uint64(uint64_t) { return false; }
  bool Double(double) { return false; }
  bool RawNumber(const char* s, rapidjson::SizeType n, bool) {
    // Only long numbers and those with an exponent can be out of range.
    const std::string_view text(s, n);
    Value ignored;
    const bool plain = n < 300 && text.find_first_of("eE") == std::string_view::npos;
    return plain || toNumber(text, ignored) || guard.fail(kTooLarge);
  }
  bool String(const char*, rapidjson::SizeType, bool) { return true; }
  bool StartObject() { return guard.open(true); }
  bool Key(const char* s, rapidjson::SizeType n, bool) { return guard.key({s, n}); }
  bool EndObject(rapidjson::SizeType) {
    guard.close(true);
    return true;
  }
  bool StartArray() { return guard.open(false); }
  bool EndArray(rapidjson::SizeType) {
    guard.close(false);
    return true;
  }
  // NOLINTEND(readability-identifier-naming)
};

struct BuildHandler {
  Guard guard;
  Value root;
  std::vector<Value*> open;  // containers being filled; stable because only the last one grows
  std::string pendingKey;
  explicit BuildHandler(const Limits& limits) : guard(limits) {}

  Value* put(Value value) {
    if (open.empty()) {
      root = std::move(value);
      return &root;
    }
    if (Array* array = open.back()->asArray()) {
      return &array->emplace_back(std::move(value));
    }
    return &append(*open.back()->asObject(), std::move(value));
  }
  Value& append(Object& object, Value value);

  // NOLINTBEGIN(readability-identifier-naming): names given by RapidJSON
  bool Null() { return put(nullptr) != nullptr; }
  bool Bool(bool b) { return put(b) != nullptr; }
  bool Int(int) { return false; }  // numbers come as RawNumber
  bool Uint(unsigned) { return false; }
  bool Int64(int64_t) { return false; }
  bool Uint64(uint64_t) { return false; }
  bool Double(double) { return false; }
  bool RawNumber(const char* s, rapidjson::SizeType n, bool) {
    Value value;
    return (toNumber({s, n}, value) || guard.fail(kTooLarge)) && put(std::move(value)) != nullptr;
  }
  bool String(const char* s, rapidjson::SizeType n, bool) {
    return put(std::string(s, n)) != nullptr;
  }
  bool StartObject() {
    open.push_back(put(Object{}));
    return guard.open(true);
  }
  bool Key(const char* s, rapidjson::SizeType n, bool) {
    pendingKey.assign(s, n);
    return guard.key(pendingKey);
  }
  bool EndObject(rapidjson::SizeType) {
    open.pop_back();
    guard.close(true);
    return true;
  }
  bool StartArray() {
    open.push_back(put(Array{}));
    return guard.open(false);
  }
  bool EndArray(rapidjson::SizeType) {
    open.pop_back();
    guard.close(false);
    return true;
  }
  // NOLINTEND(readability-identifier-naming)
};

Value& BuildHandler::append(Object& object, Value value) {
  // The guard has refused duplicates, so set() would only repeat the look-up.
  return object.set(pendingKey, std::move(value));
}

// RapidJSON writes through the null pointer that an allocator without memory gives it: operator new
// gives none. See rapidjson/allocators.h "Allocator concept".
struct NewAllocator {
  [[maybe_unused]] static constexpr bool kNeedFree = true;  // part of the concept
  static void* Malloc(size_t size) { return size == 0 ? nullptr : ::operator new(size); }
  static void* Realloc(void* block, size_t oldSize, size_t newSize) {
    void* larger = Malloc(newSize);
    if (block != nullptr && larger != nullptr) {
      std::memcpy(larger, block, std::min(oldSize, newSize));
    }
    Free(block);
    return larger;
  }
  static void Free(void* block) { ::operator delete(block); }
};
using Reader = rapidjson::GenericReader<rapidjson::UTF8<>, rapidjson::UTF8<>, NewAllocator>;

template <class Handler>
Status run(std::string_view text, const Limits& limits, Handler& handler) {
  if (text.size() > limits.maxBytes) {
    return Error::of(ErrorCode::InvalidArgument,
                     "JSON is larger than " + std::to_string(limits.maxBytes) + " bytes");
  }
  // RapidJSON takes a NUL for the end of the text and would let anything follow it.
  if (const size_t nul = text.find('\0'); nul != std::string_view::npos) {
    return Error::of(ErrorCode::InvalidArgument, "JSON at byte " + std::to_string(nul) + ": a NUL");
  }
  // It also skips each byte of a byte order mark, alone too, which would then be embedded
  // unchecked.
  if (!text.empty() && static_cast<unsigned char>(text.front()) >= 0x80) {
    return Error::of(ErrorCode::InvalidArgument, "JSON at byte 0: no JSON begins so");
  }
  rapidjson::MemoryStream memory(text.data(), text.size());
  rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> stream(memory);
  Reader reader;
  const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, handler);
  if (!result.IsError()) {
    return {};
  }
  std::string why = result.Code() == rapidjson::kParseErrorTermination
                        ? handler.guard.why()
                        : std::string(rapidjson::GetParseError_En(result.Code()));
  return Error::of(ErrorCode::InvalidArgument,
                   "JSON at byte " + std::to_string(result.Offset()) + ": " + why);
}

void appendNumber(std::string& out, double d) {
  if (!std::isfinite(d)) {
    out += "null";
    return;
  }
  std::array<char, 32> buffer{};
  const auto [end, ec] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), d);
  const std::string_view text(buffer.data(), static_cast<size_t>(end - buffer.data()));
  out += text;
  if (text.find_first_of(".e") == std::string_view::npos) {
    out += ".0";  // stays a number with fraction when read back
  }
}

// Recursion is bounded: values are built by parse() (depth 64) or by our own code.
void append(std::string& out, const Value& value, int indent, bool pretty) {
  const auto newline = [&](int by) {
    if (pretty) {
      out += '\n';
      out.append(static_cast<size_t>(by) * 2, ' ');
    }
  };
  if (const bool* b = value.asBool()) {
    out += *b ? "true" : "false";
  } else if (const int64_t* i = value.asInt()) {
    out += std::to_string(*i);
  } else if (const double* d = value.asDouble()) {
    appendNumber(out, *d);
  } else if (const std::string* s = value.asString()) {
    appendString(out, *s);
  } else if (const Array* array = value.asArray()) {
    out += '[';
    bool first = true;
    for (const Value& item : *array) {
      out.append(first ? "" : ",");
      first = false;
      newline(indent + 1);
      append(out, item, indent + 1, pretty);
    }
    if (!array->empty()) {
      newline(indent);
    }
    out += ']';
  } else if (const Object* object = value.asObject()) {
    out += '{';
    bool first = true;
    for (const Member& member : *object) {
      out.append(first ? "" : ",");
      first = false;
      newline(indent + 1);
      appendString(out, member.first);
      out.append(pretty ? ": " : ":");
      append(out, member.second, indent + 1, pretty);
    }
    if (!object->empty()) {
      newline(indent);
    }
    out += '}';
  } else {
    out += "null";
  }
}

// Length of the valid UTF-8 sequence at s[i], 0 if there is none (RFC 3629 s.4).
size_t utf8Length(std::string_view s, size_t i) {
  const auto at = [&](size_t k) -> unsigned {
    return k < s.size() ? static_cast<unsigned char>(s[k]) : 0U;
  };
  const unsigned c = at(i);
  const auto continues = [&](size_t k) { return (at(k) & 0xC0U) == 0x80U; };
  if (c < 0x80) {
    return 1;
  }
  if (c >= 0xC2 && c <= 0xDF) {
    return continues(i + 1) ? 2 : 0;
  }
  if (c >= 0xE0 && c <= 0xEF) {
    const unsigned d = at(i + 1);
    const bool ok = continues(i + 1) && continues(i + 2) && !(c == 0xE0 && d < 0xA0) &&
                    !(c == 0xED && d >= 0xA0);
    return ok ? 3 : 0;
  }
  if (c >= 0xF0 && c <= 0xF4) {
    const unsigned d = at(i + 1);
    const bool ok = continues(i + 1) && continues(i + 2) && continues(i + 3) &&
                    !(c == 0xF0 && d < 0x90) && !(c == 0xF4 && d >= 0x90);
    return ok ? 4 : 0;
  }
  return 0;
}

}  // namespace

Value::Value(uint64_t i) {
  if (i <= static_cast<uint64_t>(INT64_MAX)) {
    v_ = static_cast<int64_t>(i);
  } else {
    v_ = static_cast<double>(i);
  }
}

double Value::toDouble() const {
  if (const int64_t* i = asInt()) {
    return static_cast<double>(*i);
  }
  const double* d = asDouble();
  return d != nullptr ? *d : 0.0;
}

const Value* Value::find(std::string_view key) const {
  const Object* object = asObject();
  return object != nullptr ? object->find(key) : nullptr;
}

std::string_view Value::typeName() const {
  constexpr std::array<std::string_view, 7> kNames{"null",   "boolean", "integer", "number",
                                                   "string", "array",   "object"};
  return kNames[v_.index()];
}

const Value* Object::find(std::string_view key) const {
  const auto it = std::find_if(members_.begin(), members_.end(),
                               [&](const Member& m) { return m.first == key; });
  return it != members_.end() ? &it->second : nullptr;
}

Value* Object::find(std::string_view key) {
  return const_cast<Value*>(std::as_const(*this).find(key));  // NOLINT: own constness
}

Value& Object::set(std::string_view key, Value value) {
  if (Value* existing = find(key)) {
    *existing = std::move(value);
    return *existing;
  }
  return members_.emplace_back(std::string(key), std::move(value)).second;
}

bool Object::erase(std::string_view key) {
  return std::erase_if(members_, [&](const Member& m) { return m.first == key; }) > 0;
}

bool Object::operator==(const Object& other) const {
  return size() == other.size() && std::all_of(begin(), end(), [&](const Member& m) {
           const Value* theirs = other.find(m.first);
           return theirs != nullptr && *theirs == m.second;
         });
}

Status check(std::string_view text, const Limits& limits) {
  if (isPlain(text, limits)) {
    return {};
  }
  CheckHandler handler(limits);
  return run(text, limits, handler);
}

Result<Value> parse(std::string_view text, const Limits& limits) {
  BuildHandler handler(limits);
  BUSBAR_TRY(run(text, limits, handler));
  return std::move(handler.root);
}

std::string write(const Value& value) {
  std::string out;
  append(out, value, 0, false);
  return out;
}

std::string writePretty(const Value& value) {
  std::string out;
  append(out, value, 0, true);
  return out;
}

void appendString(std::string& out, std::string_view s) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const auto isPlain = [](unsigned char c) {
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
  };
  out += '"';
  for (size_t i = 0; i < s.size();) {
    size_t end = i;
    while (end < s.size() && isPlain(static_cast<unsigned char>(s[end]))) {
      ++end;
    }
    out += s.substr(i, end - i);
    i = end;
    if (i == s.size()) {
      break;
    }
    const auto c = static_cast<unsigned char>(s[i]);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += s[i++];
    } else if (c < 0x20) {
      out += "\\u00";
      out += kHex[c >> 4U];
      out += kHex[c & 0xFU];
      ++i;
    } else if (const size_t n = utf8Length(s, i); n > 0) {
      out += s.substr(i, n);
      i += n;
    } else {
      out += "\xEF\xBF\xBD";
      ++i;
    }
  }
  out += '"';
}

bool isUtf8(std::string_view s) {
  for (size_t i = 0; i < s.size();) {
    const size_t n = utf8Length(s, i);
    if (n == 0) {
      return false;
    }
    i += n;
  }
  return true;
}

}  // namespace busbar::json
