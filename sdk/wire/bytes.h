// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

// Little-endian building blocks of wire 1. Shape: sdk/wire/WIRE.md.
namespace busbar::wire {

// Appends members to a buffer. Thread-compatible.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void u8(uint8_t v) { out_.push_back(static_cast<char>(v)); }
  void u16(uint16_t v) { raw(v); }
  void u32(uint32_t v) { raw(v); }
  void u64(uint64_t v) { raw(v); }
  void i32(int32_t v) { raw(v); }
  void i64(int64_t v) { raw(v); }
  void f64(double v) { raw(v); }
  void str(std::string_view v) {
    u32(static_cast<uint32_t>(v.size()));
    if (!v.empty()) {
      out_.append(v);
    }
  }
  // Integers of any width one after the other, in one step: for frames that are sent often.
  template <class... T>
  void raw(T... v) {
    static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
                  "big-endian hosts need byte swaps here");
    char bytes[(sizeof(T) + ...)];
    size_t at = 0;
    ((std::memcpy(bytes + at, &v, sizeof v), at += sizeof v), ...);
    out_.append(bytes, sizeof bytes);
  }

 private:
  std::string& out_;
};

// Takes members from a buffer. After the first member that does not fit every further one is zero
// or empty and ok() is false. Strings are views into the buffer. Thread-compatible.
class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) {}

  uint8_t u8() { return raw<uint8_t>(); }
  uint16_t u16() { return raw<uint16_t>(); }
  uint32_t u32() { return raw<uint32_t>(); }
  uint64_t u64() { return raw<uint64_t>(); }
  int32_t i32() { return raw<int32_t>(); }
  int64_t i64() { return raw<int64_t>(); }
  double f64() { return raw<double>(); }
  std::string_view str() {
    const size_t n = u32();
    if (n > in_.size()) {
      fail();
      return {};
    }
    const std::string_view s = in_.substr(0, n);
    in_.remove_prefix(n);
    return s;
  }
  // A count of elements of at least `minBytes` each; fails when the rest cannot hold so many, so
  // that a count from a peer never sizes memory.
  uint32_t count(size_t minBytes) {
    const uint32_t n = u32();
    if (minBytes != 0 && n > in_.size() / minBytes) {
      fail();
      return 0;
    }
    return n;
  }
  bool ok() const { return ok_; }
  bool done() const { return ok_ && in_.empty(); }

 private:
  template <class T>
  T raw() {
    T v{};
    if (in_.size() < sizeof v) {
      fail();
      return v;
    }
    std::memcpy(&v, in_.data(), sizeof v);
    in_.remove_prefix(sizeof v);
    return v;
  }
  void fail() {
    ok_ = false;
    in_ = {};
  }
  std::string_view in_;
  bool ok_ = true;
};

}  // namespace busbar::wire
