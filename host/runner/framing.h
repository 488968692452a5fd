// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sdk/base/result.h"

namespace busbar::runner {

// How received bytes become frames. Shape: manifest.schema.json "framing".
struct FramingRule {
  enum class Kind : uint8_t { None, Delimiter, Length, Fixed, IdleGap, Driver };
  Kind kind = Kind::None;
  bool keepDelimiter = false;
  bool bigEndian = true;
  uint8_t sizeBytes = 0;  // Length: of the field
  uint32_t offset = 0;    // Length: of the field
  int32_t add = 0;        // Length: frame length minus field value
  uint32_t fixedBytes = 0;
  uint32_t gapMs = 0;
  std::string delimiter;

  // An empty text is kind None. InvalidArgument naming the member that is wrong.
  static Result<FramingRule> parse(std::string_view json);
  bool operator==(const FramingRule& other) const = default;
};

// Cuts a stream into frames by a rule. Bytes are lent with push() and not copied unless they end
// within a frame. Thread-compatible.
//
//   framer.push(bytes, now);
//   while (framer.next(frame) == Framer::Next::Frame) { … }
//   framer.keep();
class Framer {
 public:
  enum class Next : uint8_t {
    Frame,
    NeedMore,
    AskDriver,  // kind Driver: `frame` holds all that is buffered; go on with answer()
    TooLong,    // a frame longer than the limit: the stream is lost
    Malformed,  // a length that cannot be, or a driver that answers nonsense: the stream is lost
  };

  Framer(FramingRule rule, size_t maxFrameBytes)
      : rule_(std::move(rule)), maxFrameBytes_(maxFrameBytes) {}

  // From now on another rule; bytes that are buffered stay.
  void setRule(FramingRule rule);
  // Lends `bytes` until keep(), which must come before the next push().
  void push(std::string_view bytes, int64_t nowNs);
  // The view holds until the next call of a non-const member.
  Next next(std::string_view& frame);
  // What the driver's frame() said about the bytes of AskDriver; Frame fills `frame`.
  Next answer(int64_t said, std::string_view& frame);
  // Whether frame() may say so of that many bytes; else the answer is Malformed.
  static bool fits(int64_t said, size_t bufferedBytes);
  bool asksDriver() const { return rule_.kind == FramingRule::Kind::Driver; }
  // Copies what was pushed and not taken.
  void keep();
  // When the silence after the last bytes ends a frame; INT64_MAX: nothing to end.
  int64_t gapEndsNs() const;
  // Takes the frame that silence, or the end of the stream, ended.
  bool takeRest(std::string_view& frame);
  void clear();

 private:
  std::string_view rest() const {
    return lent_.empty() ? std::string_view(buffer_).substr(taken_) : lent_;
  }
  std::string_view take(size_t bytes);
  Next cut(size_t frameBytes, size_t dropBytes, std::string_view& frame);
  Next nextDelimited(std::string_view& frame);
  Next nextByLength(std::string_view& frame);

  FramingRule rule_;
  size_t maxFrameBytes_;
  std::string buffer_;     // kept from earlier pushes
  size_t taken_ = 0;       // of buffer_
  std::string_view lent_;  // of the present push, when buffer_ was empty
  size_t searched_ = 0;    // of rest(): holds no delimiter
  int64_t lastNs_ = 0;
};

}  // namespace busbar::runner
