// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
// A rule, a size of pieces and a stream: the frames are within the limit and do not depend on how
// the stream was cut.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "host/runner/framing.h"

namespace {

using busbar::runner::Framer;
using busbar::runner::FramingRule;

constexpr size_t kMaxFrame = 100;

// A frame() as drivers write it: a length byte; a zero is dropped.
int64_t driverFrame(std::string_view have) {
  const auto n = static_cast<unsigned char>(have.front());
  if (n == 0) {
    return -1;
  }
  return have.size() < n ? 0 : n;
}

struct Outcome {
  std::vector<std::string> frames;
  bool lost = false;
};

Outcome cut(const FramingRule& rule, std::string_view stream, size_t piece) {
  Outcome out;
  Framer framer(rule, kMaxFrame);
  while (!stream.empty() && !out.lost) {
    const std::string lent(stream.substr(0, piece));  // on the heap: a view kept too long shows
    stream.remove_prefix(lent.size());
    framer.push(lent, 0);
    for (bool more = true; more;) {
      std::string_view frame;
      Framer::Next next = framer.next(frame);
      while (next == Framer::Next::AskDriver) {
        next = framer.answer(driverFrame(frame), frame);
      }
      more = next == Framer::Next::Frame;
      if (more) {
        if (frame.size() > kMaxFrame) {
          std::abort();
        }
        out.frames.emplace_back(frame);
      } else {
        out.lost = next != Framer::Next::NeedMore;
      }
    }
    framer.keep();
  }
  return out;
}

FramingRule ruleOf(uint8_t a, uint8_t b, uint8_t c) {
  FramingRule rule;
  rule.kind = static_cast<FramingRule::Kind>(1 + a % 5);
  rule.keepDelimiter = (b & 1U) != 0;
  rule.bigEndian = (b & 2U) != 0;
  rule.sizeBytes = static_cast<uint8_t>(1U << (b >> 2U) % 3);
  rule.offset = c % 8;
  rule.add = c - 128;
  rule.fixedBytes = 1 + c % 120;
  rule.gapMs = 1;
  rule.delimiter = std::string(1 + b % 3, static_cast<char>('a' + c % 3));
  return rule;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 4) {
    return 0;
  }
  const FramingRule rule = ruleOf(data[0], data[1], data[2]);
  const std::string_view stream(reinterpret_cast<const char*>(data) + 4, size - 4);
  const Outcome bytewise = cut(rule, stream, 1);
  const Outcome pieces = cut(rule, stream, 1U + data[3]);
  // A driver asked again and again may give up at another point; whatever came before is the same.
  if (bytewise.frames != pieces.frames) {
    std::abort();
  }
  static_cast<void>(FramingRule::parse(stream));
  return 0;
}
