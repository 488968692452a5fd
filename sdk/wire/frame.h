// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

// Frames of wire 1. Shape: sdk/wire/WIRE.md "Frame".
namespace busbar::wire {

inline constexpr uint32_t kWireVersion = 1;
inline constexpr size_t kHeaderBytes = 16;
inline constexpr size_t kMaxToRunnerBytes = 2U << 20U;
inline constexpr size_t kMaxToHostBytes = (5U << 20U) / 4;
inline constexpr unsigned kMaxFds = 4;

enum class Type : uint16_t {
  Hello = 1,
  Create = 2,
  Start = 3,
  Stop = 4,
  Destroy = 5,
  Settings = 6,
  LinkUp = 7,
  LinkDown = 8,
  Execute = 9,
  Cancel = 10,
  LogLevel = 11,
  Shutdown = 12,
  ServiceEvent = 13,
  HttpPart = 14,
  Ready = 64,
  Created = 65,
  Started = 66,
  Stopped = 67,
  Destroyed = 68,
  SettingsDone = 69,
  Complete = 70,
  Progress = 71,
  State = 72,
  Log = 73,
  LinkLost = 74,
  LinkRequest = 75,
  Failed = 76,
  HttpRequest = 77,
  StoreRequest = 78,
  ModuleCall = 79,
  Subscribe = 80,
  Schedule = 81,
  Release = 82,
  HttpTaken = 83,
};

// One frame as a view into a receive buffer.
struct Frame {
  Type type{};
  unsigned fdCount = 0;
  uint64_t id = 0;
  std::string_view payload;
};

// Appends a frame: construct, append members to `out`, and the destructor patches the length.
class FrameBuilder {
 public:
  FrameBuilder(std::string& out, Type type, uint64_t id, unsigned fdCount = 0);
  FrameBuilder(const FrameBuilder&) = delete;
  FrameBuilder& operator=(const FrameBuilder&) = delete;
  ~FrameBuilder();

 private:
  std::string& out_;
  size_t start_;
};

// Appends a frame whose payload size is known: one growth of `out`, then members that must fill it
// exactly. For frames that are sent often.
class FrameInPlace {
 public:
  FrameInPlace(std::string& out, Type type, uint64_t id, size_t payloadBytes);
  FrameInPlace(const FrameInPlace&) = delete;
  FrameInPlace& operator=(const FrameInPlace&) = delete;
  ~FrameInPlace() { assert(at_ == end_); }

  template <class... T>
  void raw(T... v) {
    ((std::memcpy(at_, &v, sizeof v), at_ += sizeof v), ...);
  }
  void str(std::string_view v) {
    raw(static_cast<uint32_t>(v.size()));
    if (!v.empty()) {
      std::memcpy(at_, v.data(), v.size());
      at_ += v.size();
    }
  }

 private:
  char* at_;
  const char* end_;
};

// Splits a stream into frames. Thread-compatible.
class FrameReader {
 public:
  // `maxPayloadBytes` and whether fds may be announced depend on the direction.
  FrameReader(size_t maxPayloadBytes, bool fdsAllowed)
      : maxPayloadBytes_(maxPayloadBytes), fdsAllowed_(fdsAllowed) {}

  // Room for at least `bytes` more; valid until the next call.
  char* prepare(size_t bytes);
  void commit(size_t bytes) { end_ += bytes; }
  size_t room() const { return buffer_.size() - end_; }

  enum class Next { Frame, NeedMore, Error };
  // The view in `frame` holds until prepare() is called.
  Next next(Frame& frame);
  // Why next() said Error: "frame of 3000000 bytes, limit 1310720".
  const std::string& error() const { return error_; }
  size_t buffered() const { return end_ - begin_; }

 private:
  size_t maxPayloadBytes_;
  bool fdsAllowed_;
  std::string buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
  std::string error_;
};

}  // namespace busbar::wire
