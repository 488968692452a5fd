// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/runner/framing.h"

#include <algorithm>

#include "sdk/base/json.h"

namespace busbar::runner {
namespace {

constexpr size_t kMaxDelimiterBytes = 16;
constexpr size_t kKeepBytes = 4096;  // capacity that an empty buffer keeps

Error wrong(const char* field, const char* why) {
  return Error::at(ErrorCode::InvalidArgument, field, std::string("framing: ") + field + " " + why);
}

// In size_t, so that INT64_MIN is no special case.
size_t magnitude(int64_t said) {
  return said > 0 ? static_cast<size_t>(said) : size_t{0} - static_cast<size_t>(said);
}

Result<int64_t> number(const json::Value& rule, const char* field, int64_t least, int64_t most) {
  const json::Value* value = rule.find(field);
  const int64_t* i = value != nullptr ? value->asInt() : nullptr;
  if (i == nullptr || *i < least || *i > most) {
    return wrong(field, "is missing or out of range");
  }
  return *i;
}

int hexDigit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

Status parseDelimiter(const json::Value& source, FramingRule& rule) {
  const json::Value* hex = source.find("delimiter_hex");
  const std::string* digits = hex != nullptr ? hex->asString() : nullptr;
  if (digits == nullptr || digits->empty() || digits->size() % 2 != 0 ||
      digits->size() > 2 * kMaxDelimiterBytes) {
    return wrong("delimiter_hex", "must hold 1 to 16 bytes in hexadecimal");
  }
  for (size_t i = 0; i < digits->size(); i += 2) {
    const int high = hexDigit((*digits)[i]);
    const int low = hexDigit((*digits)[i + 1]);
    if (high < 0 || low < 0) {
      return wrong("delimiter_hex", "is not hexadecimal");
    }
    rule.delimiter.push_back(static_cast<char>(high * 16 + low));
  }
  if (const json::Value* keep = source.find("keep"); keep != nullptr) {
    if (keep->asBool() == nullptr) {
      return wrong("keep", "is not a boolean");
    }
    rule.keepDelimiter = *keep->asBool();
  }
  rule.kind = FramingRule::Kind::Delimiter;
  return {};
}

Status parseLength(const json::Value& source, FramingRule& rule) {
  const auto offset = number(source, "offset", 0, 1024);
  BUSBAR_TRY(offset);
  const auto size = number(source, "size", 1, 4);
  BUSBAR_TRY(size);
  if (*size == 3) {
    return wrong("size", "must be 1, 2 or 4");
  }
  rule.offset = static_cast<uint32_t>(*offset);
  rule.sizeBytes = static_cast<uint8_t>(*size);
  if (const json::Value* order = source.find("order"); order != nullptr) {
    const std::string* name = order->asString();
    if (name == nullptr || (*name != "big" && *name != "little")) {
      return wrong("order", "must be \"big\" or \"little\"");
    }
    rule.bigEndian = *name == "big";
  }
  if (source.find("add") != nullptr) {
    const auto add = number(source, "add", -65536, 65536);
    BUSBAR_TRY(add);
    rule.add = static_cast<int32_t>(*add);
  }
  rule.kind = FramingRule::Kind::Length;
  return {};
}

}  // namespace

Result<FramingRule> FramingRule::parse(std::string_view text) {
  FramingRule rule;
  if (text.empty()) {
    return rule;
  }
  const auto source = json::parse(text, {4096, 4});
  BUSBAR_TRY(source);
  const json::Value* type = source->find("type");
  const std::string* name = type != nullptr ? type->asString() : nullptr;
  if (name == nullptr) {
    return wrong("type", "is missing");
  }
  if (*name == "none") {
    return rule;
  }
  if (*name == "driver") {
    rule.kind = Kind::Driver;
  } else if (*name == "delimiter") {
    BUSBAR_TRY(parseDelimiter(*source, rule));
  } else if (*name == "length") {
    BUSBAR_TRY(parseLength(*source, rule));
  } else if (*name == "fixed") {
    const auto bytes = number(*source, "bytes", 1, 1 << 20);
    BUSBAR_TRY(bytes);
    rule.kind = Kind::Fixed;
    rule.fixedBytes = static_cast<uint32_t>(*bytes);
  } else if (*name == "idle_gap") {
    const auto gap = number(*source, "gap_ms", 1, 60'000);
    BUSBAR_TRY(gap);
    rule.kind = Kind::IdleGap;
    rule.gapMs = static_cast<uint32_t>(*gap);
  } else {
    return wrong("type", "is unknown");
  }
  return rule;
}

void Framer::setRule(FramingRule rule) {
  rule_ = std::move(rule);
  searched_ = 0;
}

void Framer::push(std::string_view bytes, int64_t nowNs) {
  lastNs_ = nowNs;
  if (buffer_.size() == taken_) {
    buffer_.clear();
    taken_ = 0;
    lent_ = bytes;
  } else {
    buffer_.append(bytes);
  }
}

void Framer::keep() {
  if (!lent_.empty()) {
    buffer_.assign(lent_);
    taken_ = 0;
    lent_ = {};
  } else if (taken_ > 0) {
    buffer_.erase(0, taken_);
    taken_ = 0;
  }
  if (buffer_.empty() && buffer_.capacity() > kKeepBytes) {
    std::string().swap(buffer_);
  }
}

void Framer::clear() {
  lent_ = {};
  std::string().swap(buffer_);
  taken_ = searched_ = 0;
}

std::string_view Framer::take(size_t bytes) {
  const std::string_view head = rest().substr(0, bytes);
  if (lent_.empty()) {
    taken_ += bytes;
  } else {
    lent_.remove_prefix(bytes);
  }
  searched_ = 0;
  return head;
}

// A frame of `frameBytes`, then `dropBytes` that belong to nobody; both are there.
Framer::Next Framer::cut(size_t frameBytes, size_t dropBytes, std::string_view& frame) {
  frame = take(frameBytes + dropBytes).substr(0, frameBytes);
  return Next::Frame;
}

Framer::Next Framer::nextDelimited(std::string_view& frame) {
  const std::string_view have = rest();
  const size_t at = have.find(rule_.delimiter, searched_);
  const size_t extra = rule_.keepDelimiter ? rule_.delimiter.size() : 0;
  if (at == std::string_view::npos) {
    const size_t overlap = rule_.delimiter.size() - 1;
    searched_ = have.size() > overlap ? have.size() - overlap : 0;
    return searched_ + extra > maxFrameBytes_ ? Next::TooLong : Next::NeedMore;
  }
  if (at + extra > maxFrameBytes_) {
    return Next::TooLong;
  }
  return cut(at + extra, rule_.delimiter.size() - extra, frame);
}

Framer::Next Framer::nextByLength(std::string_view& frame) {
  const std::string_view have = rest();
  const size_t head = size_t{rule_.offset} + rule_.sizeBytes;
  if (have.size() < head) {
    return Next::NeedMore;
  }
  uint32_t value = 0;
  for (size_t i = 0; i < rule_.sizeBytes; ++i) {
    const size_t at = rule_.bigEndian ? i : rule_.sizeBytes - 1 - i;
    value = value << 8U | static_cast<unsigned char>(have[rule_.offset + at]);
  }
  const int64_t total = int64_t{value} + rule_.add;
  if (total < static_cast<int64_t>(head)) {
    return Next::Malformed;
  }
  if (total > static_cast<int64_t>(maxFrameBytes_)) {
    return Next::TooLong;
  }
  const auto bytes = static_cast<size_t>(total);
  return have.size() < bytes ? Next::NeedMore : cut(bytes, 0, frame);
}

Framer::Next Framer::next(std::string_view& frame) {
  const std::string_view have = rest();
  if (have.empty()) {
    return Next::NeedMore;
  }
  switch (rule_.kind) {
    case FramingRule::Kind::None:
      return cut(std::min(have.size(), maxFrameBytes_), 0, frame);
    case FramingRule::Kind::Delimiter:
      return nextDelimited(frame);
    case FramingRule::Kind::Length:
      return nextByLength(frame);
    case FramingRule::Kind::Fixed:
      if (rule_.fixedBytes > maxFrameBytes_) {
        return Next::TooLong;
      }
      return have.size() < rule_.fixedBytes ? Next::NeedMore : cut(rule_.fixedBytes, 0, frame);
    case FramingRule::Kind::IdleGap:
      return have.size() > maxFrameBytes_ ? Next::TooLong : Next::NeedMore;
    case FramingRule::Kind::Driver:
      frame = have;
      return Next::AskDriver;
  }
  return Next::Malformed;
}

bool Framer::fits(int64_t said, size_t bufferedBytes) {
  return magnitude(said) <= bufferedBytes;
}

Framer::Next Framer::answer(int64_t said, std::string_view& frame) {
  const std::string_view have = rest();
  if (said == 0) {
    return have.size() >= maxFrameBytes_ ? Next::TooLong : Next::NeedMore;
  }
  if (!fits(said, have.size())) {
    return Next::Malformed;
  }
  const size_t bytes = magnitude(said);
  if (said > 0) {
    return bytes > maxFrameBytes_ ? Next::TooLong : cut(bytes, 0, frame);
  }
  static_cast<void>(take(bytes));
  return next(frame);
}

int64_t Framer::gapEndsNs() const {
  return rule_.kind == FramingRule::Kind::IdleGap && !rest().empty()
             ? lastNs_ + int64_t{rule_.gapMs} * 1'000'000
             : INT64_MAX;
}

bool Framer::takeRest(std::string_view& frame) {
  if (rule_.kind != FramingRule::Kind::IdleGap || rest().empty()) {
    return false;
  }
  frame = take(rest().size());
  return true;
}

}  // namespace busbar::runner
