// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "plugins/snmp/oid.h"

// The part of the Basic Encoding Rules (X.690) that SNMP uses (RFC 3417 s.8): definite lengths,
// single-byte tags. Indefinite lengths and long tags are refused. Pure.
namespace busbar::snmp {

namespace tag {
inline constexpr uint8_t kInteger = 0x02;
inline constexpr uint8_t kOctetString = 0x04;
inline constexpr uint8_t kNull = 0x05;
inline constexpr uint8_t kOid = 0x06;
inline constexpr uint8_t kSequence = 0x30;
}  // namespace tag

// Reads BER out of borrowed bytes, front to back. After the first failure every read fails and
// `ok()` stays false, so that a caller may check once at the end. Never reads outside of its span.
class BerReader {
 public:
  explicit BerReader(std::span<const uint8_t> bytes) : rest_(bytes) {}

  bool ok() const { return isOk_; }
  bool isAtEnd() const { return rest_.empty(); }
  // ok() and nothing left over.
  bool isDone() const { return isOk_ && rest_.empty(); }
  // Tag of the next element without taking it; nullopt at the end.
  std::optional<uint8_t> peekTag() const;
  size_t remaining() const { return rest_.size(); }

  // Takes the next element, whatever its tag, and gives its contents. Empty on failure.
  std::span<const uint8_t> takeAny(uint8_t& tag);
  // Takes the next element, which must have this tag.
  std::span<const uint8_t> take(uint8_t tag);
  // A reader over the contents of the next element; not ok() when this one fails.
  BerReader enter(uint8_t tag);
  // INTEGER of at most 8 bytes within [low, high].
  int64_t takeInteger(int64_t low, int64_t high);

 private:
  std::span<const uint8_t> fail();

  std::span<const uint8_t> rest_;
  bool isOk_ = true;
};

// Contents octets to values; nullopt when they are not the encoding of one.
std::optional<int64_t> berInteger(std::span<const uint8_t> contents);
// Counters, gauges and ticks. Some agents drop the leading zero octet; the bits are then taken as
// unsigned.
std::optional<uint64_t> berUnsigned(std::span<const uint8_t> contents);
std::optional<Oid> berOid(std::span<const uint8_t> contents);

// Writes BER back to front, which makes every length known when it is written: put the last element
// first. A failure cannot happen but by lack of memory.
class BerWriter {
 public:
  void putRaw(std::span<const uint8_t> bytes);
  void putInteger(int64_t value, uint8_t tag = tag::kInteger);
  void putUnsigned(uint64_t value, uint8_t tag);
  void putString(std::span<const uint8_t> bytes, uint8_t tag = tag::kOctetString);
  void putString(std::string_view text, uint8_t tag = tag::kOctetString);
  void putNull(uint8_t tag = tag::kNull);
  void putOid(const Oid& oid);
  // Puts tag and length before everything that was put since size() was `mark`.
  void wrap(uint8_t tag, size_t mark);

  size_t size() const { return reversed_.size(); }
  // The bytes in order. The writer is empty afterwards.
  std::vector<uint8_t> finish();

 private:
  void putLength(size_t length);

  std::vector<uint8_t> reversed_;
};

}  // namespace busbar::snmp
