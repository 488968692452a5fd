// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/wire/frame.h"

#include <algorithm>
#include <cstring>

#include "sdk/wire/bytes.h"

namespace busbar::wire {
namespace {

constexpr size_t kReadBytes = 64U << 10U;
constexpr size_t kKeepBytes = 256U << 10U;  // a larger buffer is given back once it is empty

}  // namespace

FrameBuilder::FrameBuilder(std::string& out, Type type, uint64_t id, unsigned fdCount)
    : out_(out), start_(out.size()) {
  Writer(out_).raw(uint32_t{0}, static_cast<uint16_t>(type), static_cast<uint8_t>(fdCount),
                   uint8_t{0}, id);
}

FrameBuilder::~FrameBuilder() {
  const auto bytes = static_cast<uint32_t>(out_.size() - start_ - kHeaderBytes);
  std::memcpy(out_.data() + start_, &bytes, sizeof bytes);
}

FrameInPlace::FrameInPlace(std::string& out, Type type, uint64_t id, size_t payloadBytes) {
  const size_t start = out.size();
  out.resize(start + kHeaderBytes + payloadBytes);
  at_ = out.data() + start;
  end_ = out.data() + out.size();
  raw(static_cast<uint32_t>(payloadBytes), static_cast<uint16_t>(type), uint8_t{0}, uint8_t{0}, id);
}

char* FrameReader::prepare(size_t bytes) {
  bytes = std::max(bytes, kReadBytes);
  if (begin_ == end_) {
    begin_ = end_ = 0;
    if (buffer_.size() > kKeepBytes) {
      buffer_ = std::string();
    }
  }
  if (buffer_.size() - end_ < bytes && begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() - end_ < bytes) {
    buffer_.resize(end_ + bytes);
  }
  return buffer_.data() + end_;
}

FrameReader::Next FrameReader::next(Frame& frame) {
  if (!error_.empty()) {
    return Next::Error;
  }
  const std::string_view have(buffer_.data() + begin_, end_ - begin_);
  if (have.size() < kHeaderBytes) {
    return Next::NeedMore;
  }
  Reader r(have.substr(0, kHeaderBytes));
  const size_t payload = r.u32();
  const auto type = r.u16();
  const unsigned fds = r.u8();
  const unsigned flags = r.u8();
  if (payload > maxPayloadBytes_) {
    error_ =
        "frame of " + std::to_string(payload) + " bytes, limit " + std::to_string(maxPayloadBytes_);
  } else if (fds > (fdsAllowed_ ? kMaxFds : 0)) {
    error_ = "frame announces " + std::to_string(fds) + " file descriptors";
  } else if (flags != 0) {
    error_ = "frame has unknown flags";
  }
  if (!error_.empty()) {
    return Next::Error;
  }
  if (have.size() - kHeaderBytes < payload) {
    return Next::NeedMore;
  }
  frame.type = static_cast<Type>(type);
  frame.fdCount = fds;
  frame.id = r.u64();
  frame.payload = have.substr(kHeaderBytes, payload);
  begin_ += kHeaderBytes + payload;
  return Next::Frame;
}

}  // namespace busbar::wire
