// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/snmp/ber.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace busbar::snmp {
namespace {

constexpr uint8_t kLongTagMask = 0x1F;
constexpr size_t kMaxLengthOctets = 4;

struct Header {
  size_t headerBytes;
  size_t contentBytes;
};

// Longer forms than needed are legal in BER and common in the field, so they pass.
std::optional<Header> readHeader(std::span<const uint8_t> bytes) {
  if (bytes.size() < 2 || (bytes[0] & kLongTagMask) == kLongTagMask) {
    return std::nullopt;
  }
  const uint8_t first = bytes[1];
  if (first < 0x80) {
    return Header{2, first};
  }
  const size_t octets = first & 0x7FU;
  if (octets == 0 || octets > kMaxLengthOctets || bytes.size() < 2 + octets) {
    return std::nullopt;
  }
  size_t length = 0;
  for (size_t i = 0; i < octets; ++i) {
    length = length << 8 | bytes[2 + i];
  }
  return Header{2 + octets, length};
}

}  // namespace

std::span<const uint8_t> BerReader::fail() {
  isOk_ = false;
  rest_ = {};
  return {};
}

std::optional<uint8_t> BerReader::peekTag() const {
  if (rest_.empty()) {
    return std::nullopt;
  }
  return rest_[0];
}

std::span<const uint8_t> BerReader::takeAny(uint8_t& tag) {
  const auto header = readHeader(rest_);
  if (!header || header->contentBytes > rest_.size() - header->headerBytes) {
    return fail();
  }
  tag = rest_[0];
  const auto contents = rest_.subspan(header->headerBytes, header->contentBytes);
  rest_ = rest_.subspan(header->headerBytes + header->contentBytes);
  return contents;
}

std::span<const uint8_t> BerReader::take(uint8_t tag) {
  if (peekTag() != tag) {
    return fail();
  }
  uint8_t found = 0;
  return takeAny(found);
}

BerReader BerReader::enter(uint8_t tag) {
  const auto contents = take(tag);
  BerReader inner(contents);
  inner.isOk_ = isOk_;
  return inner;
}

int64_t BerReader::takeInteger(int64_t low, int64_t high) {
  const auto contents = take(tag::kInteger);
  const auto value = isOk_ ? berInteger(contents) : std::nullopt;
  if (!value || *value < low || *value > high) {
    fail();
    return 0;
  }
  return *value;
}

std::optional<int64_t> berInteger(std::span<const uint8_t> contents) {
  if (contents.empty() || contents.size() > sizeof(int64_t)) {
    return std::nullopt;
  }
  uint64_t value = (contents[0] & 0x80) != 0 ? ~uint64_t{0} : 0;
  for (const uint8_t octet : contents) {
    value = value << 8 | octet;
  }
  return static_cast<int64_t>(value);
}

std::optional<uint64_t> berUnsigned(std::span<const uint8_t> contents) {
  const bool hasNineOctets = contents.size() == 9 && contents[0] == 0;
  if (contents.empty() || (contents.size() > 8 && !hasNineOctets)) {
    return std::nullopt;
  }
  uint64_t value = 0;
  for (const uint8_t octet : contents) {
    value = value << 8 | octet;
  }
  return value;
}

std::optional<Oid> berOid(std::span<const uint8_t> contents) {
  if (contents.empty() || (contents.back() & 0x80) != 0) {
    return std::nullopt;
  }
  std::vector<uint32_t> arcs;
  uint64_t arc = 0;
  bool isFirstOctet = true;
  for (const uint8_t octet : contents) {
    if (isFirstOctet && octet == 0x80) {
      return std::nullopt;  // a leading zero group (X.690 8.19.2)
    }
    arc = arc << 7 | (octet & 0x7FU);
    if (arc > uint64_t{std::numeric_limits<uint32_t>::max()} + 80) {
      return std::nullopt;
    }
    isFirstOctet = (octet & 0x80) == 0;
    if (!isFirstOctet) {
      continue;
    }
    if (arcs.empty()) {
      // The first two arcs share one number (X.690 8.19.4).
      const uint64_t root = std::min<uint64_t>(arc / 40, 2);
      arcs.push_back(static_cast<uint32_t>(root));
      arc -= root * 40;
    }
    if (arc > std::numeric_limits<uint32_t>::max() || arcs.size() == Oid::kMaxArcs) {
      return std::nullopt;
    }
    arcs.push_back(static_cast<uint32_t>(arc));
    arc = 0;
  }
  return Oid::fromArcs(std::move(arcs));
}

void BerWriter::putRaw(std::span<const uint8_t> bytes) {
  reversed_.insert(reversed_.end(), bytes.rbegin(), bytes.rend());
}

void BerWriter::putLength(size_t length) {
  if (length < 0x80) {
    reversed_.push_back(static_cast<uint8_t>(length));
    return;
  }
  uint8_t octets = 0;
  for (; length != 0; length >>= 8, ++octets) {
    reversed_.push_back(static_cast<uint8_t>(length));
  }
  reversed_.push_back(0x80 | octets);
}

void BerWriter::wrap(uint8_t tag, size_t mark) {
  putLength(reversed_.size() - mark);
  reversed_.push_back(tag);
}

void BerWriter::putInteger(int64_t value, uint8_t tag) {
  const size_t mark = size();
  for (;;) {
    const auto octet = static_cast<uint8_t>(value);
    reversed_.push_back(octet);
    value >>= 8;
    const bool isSignBitSet = (octet & 0x80) != 0;
    if ((value == 0 && !isSignBitSet) || (value == -1 && isSignBitSet)) {
      break;
    }
  }
  wrap(tag, mark);
}

void BerWriter::putUnsigned(uint64_t value, uint8_t tag) {
  const size_t mark = size();
  uint8_t octet = 0;
  do {
    octet = static_cast<uint8_t>(value);
    reversed_.push_back(octet);
    value >>= 8;
  } while (value != 0);
  if ((octet & 0x80) != 0) {
    reversed_.push_back(0);
  }
  wrap(tag, mark);
}

void BerWriter::putString(std::span<const uint8_t> bytes, uint8_t tag) {
  const size_t mark = size();
  putRaw(bytes);
  wrap(tag, mark);
}

void BerWriter::putString(std::string_view text, uint8_t tag) {
  const size_t mark = size();
  reversed_.insert(reversed_.end(), text.rbegin(), text.rend());
  wrap(tag, mark);
}

void BerWriter::putNull(uint8_t tag) {
  wrap(tag, size());
}

void BerWriter::putOid(const Oid& oid) {
  const size_t mark = size();
  const auto& arcs = oid.arcs();
  for (size_t i = arcs.size() - 1; i >= 1; --i) {
    uint64_t arc = i == 1 ? uint64_t{arcs[0]} * 40 + arcs[1] : arcs[i];
    reversed_.push_back(static_cast<uint8_t>(arc & 0x7F));
    for (arc >>= 7; arc != 0; arc >>= 7) {
      reversed_.push_back(static_cast<uint8_t>(0x80 | (arc & 0x7F)));
    }
  }
  wrap(tag::kOid, mark);
}

std::vector<uint8_t> BerWriter::finish() {
  std::reverse(reversed_.begin(), reversed_.end());
  return std::exchange(reversed_, {});
}

}  // namespace busbar::snmp
