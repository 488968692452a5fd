// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/net/address_guard.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace busbar {
namespace {

struct Range4 {
  uint32_t first;
  int bits;
  AddressKind kind;
};

constexpr uint32_t quad(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

// The first match counts.
constexpr Range4 kRanges4[] = {
    {quad(169, 254, 169, 254), 32, AddressKind::Metadata},  // most clouds
    {quad(169, 254, 170, 2), 32, AddressKind::Metadata},    // AWS containers
    {quad(169, 254, 170, 23), 32, AddressKind::Metadata},   // AWS pods
    {quad(100, 100, 100, 200), 32, AddressKind::Metadata},  // Alibaba
    {quad(168, 63, 129, 16), 32, AddressKind::Metadata},    // Azure
    {quad(192, 0, 0, 192), 32, AddressKind::Metadata},      // Oracle
    {quad(0, 0, 0, 0), 8, AddressKind::Unspecified},
    {quad(10, 0, 0, 0), 8, AddressKind::Private},
    {quad(100, 64, 0, 0), 10, AddressKind::Private},
    {quad(127, 0, 0, 0), 8, AddressKind::Loopback},
    {quad(169, 254, 0, 0), 16, AddressKind::LinkLocal},
    {quad(172, 16, 0, 0), 12, AddressKind::Private},
    {quad(192, 0, 0, 0), 24, AddressKind::Reserved},
    {quad(192, 0, 2, 0), 24, AddressKind::Reserved},
    {quad(192, 88, 99, 0), 24, AddressKind::Reserved},
    {quad(192, 168, 0, 0), 16, AddressKind::Private},
    {quad(198, 18, 0, 0), 15, AddressKind::Reserved},
    {quad(198, 51, 100, 0), 24, AddressKind::Reserved},
    {quad(203, 0, 113, 0), 24, AddressKind::Reserved},
    {quad(224, 0, 0, 0), 4, AddressKind::Multicast},
    {quad(240, 0, 0, 0), 4, AddressKind::Reserved},
};

AddressKind classify4(uint32_t address) {
  for (const Range4& range : kRanges4) {
    if ((address ^ range.first) >> (32 - range.bits) == 0) {
      return range.kind;
    }
  }
  return AddressKind::Public;
}

// How many leading bits two addresses share.
bool startsWith(const IpAddress& address, const IpAddress& prefix, int bits) {
  for (int i = 0; i < bits; i += 8) {
    const auto at = static_cast<size_t>(i / 8);
    const unsigned mask = bits - i >= 8 ? 0xff : 0xffU << (8 - (bits - i)) & 0xff;
    if (((address.bytes()[at] ^ prefix.bytes()[at]) & mask) != 0) {
      return false;
    }
  }
  return true;
}

struct Range6 {
  const char* first;
  int bits;
  AddressKind kind;
};

constexpr Range6 kRanges6[] = {
    {"fd00:ec2::254", 128, AddressKind::Metadata},       // AWS
    {"fd00:ec2::23", 128, AddressKind::Metadata},        // AWS pods
    {"fd20:ce::254", 128, AddressKind::Metadata},        // Google
    {"fd00:c1::a9fe:a9fe", 128, AddressKind::Metadata},  // Oracle
    {"::", 128, AddressKind::Unspecified},
    {"::1", 128, AddressKind::Loopback},
    {"fe80::", 10, AddressKind::LinkLocal},
    {"fec0::", 10, AddressKind::Private},
    {"fc00::", 7, AddressKind::Private},
    {"ff00::", 8, AddressKind::Multicast},
    {"2001:db8::", 32, AddressKind::Reserved},
    {"3fff::", 20, AddressKind::Reserved},
    {"64:ff9b:1::", 48, AddressKind::Reserved},  // NAT64 of a site, RFC 8215: embeds anywhere
    {"64:ff9b::", 96, AddressKind::Public},      // NAT64, judged by what it carries
    {"2001::", 32, AddressKind::Public},         // Teredo, the same
    {"2001::", 23, AddressKind::Reserved},
    {"::ffff:0:0", 96, AddressKind::Public},    // mapped, the same
    {"::ffff:0:0:0", 96, AddressKind::Public},  // translated, the same
    {"::", 96, AddressKind::Public},            // compatible, the same
    {"2000::", 3, AddressKind::Public},
};

struct Parsed6 {
  IpAddress first;
  int bits;
  AddressKind kind;
};

const std::array<Parsed6, std::size(kRanges6)>& ranges6() {
  static const auto kParsed = [] {
    std::array<Parsed6, std::size(kRanges6)> out{};
    for (size_t i = 0; i < out.size(); ++i) {
      out[i] = {*IpAddress::parse(kRanges6[i].first), kRanges6[i].bits, kRanges6[i].kind};
    }
    return out;
  }();
  return kParsed;
}

AddressKind worse(AddressKind a, AddressKind b) {
  return a == AddressKind::Public ? b : a;
}

// The kind of the IPv4 addresses inside of an IPv6 one; Public when there is none.
AddressKind classifyEmbedded(const IpAddress& address) {
  const auto in = [&address](const char* prefix, int bits) {
    return startsWith(address, *IpAddress::parse(prefix), bits);
  };
  const bool atTheEnd = in("::ffff:0:0", 96) || in("::ffff:0:0:0", 96) || in("64:ff9b::", 96) ||
                        (in("::", 96) && address.word(12) > 1) ||
                        (address.word(8) & ~0x0200'0000U) == 0x5efe;  // ISATAP, RFC 5214 s. 6.1
  AddressKind kind = AddressKind::Public;
  if (atTheEnd) {
    kind = classify4(address.word(12));
  }
  if (in("2002::", 16)) {  // RFC 3056
    kind = worse(kind, classify4(address.word(2)));
  }
  if (in("2001::", 32)) {  // RFC 4380 s. 4: server, and the client with its bits turned over
    kind = worse(kind, worse(classify4(~address.word(12)), classify4(address.word(4))));
  }
  return kind;
}

bool isForbiddenAlways(AddressKind kind) {
  return kind == AddressKind::Multicast || kind == AddressKind::Unspecified;
}

bool allows(const AddressPolicy::Exception& exception, std::string_view host,
            const IpAddress& address, uint16_t port, AddressKind kind) {
  if (exception.host != host || exception.port != port || isForbiddenAlways(kind)) {
    return false;
  }
  if (const auto literal = IpAddress::parse(exception.host)) {
    return *literal == address;
  }
  if (exception.host == "localhost") {
    return kind == AddressKind::Loopback;
  }
  return kind == AddressKind::Private || kind == AddressKind::LinkLocal;
}

bool allows(const AddressRange& range, const IpAddress& address, AddressKind kind) {
  return range.contains(address) && !isForbiddenAlways(kind) &&
         (kind != AddressKind::Metadata || range.first == address);
}

}  // namespace

std::optional<AddressRange> AddressRange::parse(std::string_view text) {
  const size_t slash = text.find('/');
  const auto first = IpAddress::parse(text.substr(0, slash));
  if (!first) {
    return std::nullopt;
  }
  AddressRange range{*first, first->isIpv6() ? 128 : 32};
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const int most = range.bits;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), range.bits);
    if (digits.empty() || read.ec != std::errc() || read.ptr != digits.data() + digits.size() ||
        range.bits < 0 || range.bits > most) {
      return std::nullopt;
    }
  }
  const auto bytes = first->bytes();
  for (int bit = range.bits; bit < (first->isIpv6() ? 128 : 32); ++bit) {
    if ((bytes[static_cast<size_t>(bit / 8)] & (0x80U >> (bit % 8))) != 0) {
      return std::nullopt;
    }
  }
  return range;
}

bool AddressRange::contains(const IpAddress& address) const {
  return address.isIpv6() == first.isIpv6() && startsWith(address, first, bits);
}

std::string_view toString(AddressKind kind) {
  switch (kind) {
    case AddressKind::Public:
      return "public";
    case AddressKind::Private:
      return "private";
    case AddressKind::Loopback:
      return "loopback";
    case AddressKind::LinkLocal:
      return "link-local";
    case AddressKind::Metadata:
      return "cloud metadata";
    case AddressKind::Multicast:
      return "multicast";
    case AddressKind::Unspecified:
      return "unspecified";
    case AddressKind::Reserved:
      return "reserved";
  }
  return "unknown";
}

AddressKind classify(const IpAddress& address) {
  if (!address.isIpv6()) {
    return classify4(address.ipv4());
  }
  for (const Parsed6& range : ranges6()) {
    if (startsWith(address, range.first, range.bits)) {
      return worse(range.kind, classifyEmbedded(address));
    }
  }
  return worse(AddressKind::Reserved, classifyEmbedded(address));
}

Status checkAddress(const AddressPolicy& policy, std::string_view host, const IpAddress& address,
                    uint16_t port) {
  const AddressKind kind = classify(address);
  if (kind == AddressKind::Public || (kind == AddressKind::Private && policy.privateNetworks) ||
      std::any_of(
          policy.exceptions.begin(), policy.exceptions.end(),
          [&](const auto& exception) { return allows(exception, host, address, port, kind); }) ||
      std::any_of(policy.ranges.begin(), policy.ranges.end(),
                  [&](const auto& range) { return allows(range, address, kind); })) {
    return {};
  }
  return Error::because(ErrorCode::PermissionDenied, "http_blocked_address",
                        "connect to " + std::string(host) + ":" + std::to_string(port) +
                            " is not allowed: " + address.text() + " is a " +
                            std::string(toString(kind)) +
                            " address; allow this host and port by name if that is meant");
}

}  // namespace busbar
