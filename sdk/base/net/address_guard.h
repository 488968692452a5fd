// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/base/net/ip_address.h"
#include "sdk/base/result.h"

namespace busbar {

// What stands behind an address (IANA special-purpose registries, RFC 6890 and its successors).
enum class AddressKind {
  Public,
  Private,      // RFC 1918, shared space 100.64/10, unique local fc00::/7, site local fec0::/10
  Loopback,     // 127/8, ::1
  LinkLocal,    // 169.254/16, fe80::/10
  Metadata,     // where clouds hand out credentials: 169.254.169.254, fd00:ec2::254, …
  Multicast,    // 224/4, ff00::/8
  Unspecified,  // 0/8, ::
  Reserved,     // documentation, benchmarks, broadcast, and what is not given out
};
std::string_view toString(AddressKind kind);

// An IPv6 address that carries an IPv4 address (mapped, compatible, translated, 6to4, NAT64,
// Teredo, ISATAP) is judged by that one as well. Of two judgements the worse counts.
AddressKind classify(const IpAddress& address);

// Addresses with the same first bits: "10.0.0.0/8", "fd12:3456::/32", or one address.
struct AddressRange {
  IpAddress first;
  int bits = 0;
  // Nothing when it is no range, or when bits behind the first ones are set.
  static std::optional<AddressRange> parse(std::string_view text);
  bool contains(const IpAddress& address) const;
  bool operator==(const AddressRange&) const = default;
};

// Where connections may go.
struct AddressPolicy {
  // Allowed although its kind is not. `host` as Url::host() writes it. An address allows exactly
  // itself; "localhost" allows loopback; any other name allows private and link-local addresses,
  // and never loopback or metadata, so that a name that changes its address gains nothing there.
  struct Exception {
    std::string host;
    uint16_t port = 0;
    bool operator==(const Exception&) const = default;
  };

  bool privateNetworks = false;  // AddressKind::Private as well as Public
  std::vector<Exception> exceptions;
  // Allowed at every port and by every name, whatever their kind, but never multicast and
  // unspecified ones; and metadata addresses only by a range of exactly that address. An IPv6
  // address that carries an IPv4 address is in no range of IPv4.
  std::vector<AddressRange> ranges{};
  bool operator==(const AddressPolicy&) const = default;
};

// PermissionDenied, reason `http_blocked_address`, when a connection for `host` may not be opened
// to this very address. Pure. To be asked with the address that connect(2) gets: then neither a
// changed DNS answer nor a redirect goes around it. It does not protect against a public address
// that forwards to an inner one, nor against what a proxy resolves.
Status checkAddress(const AddressPolicy& policy, std::string_view host, const IpAddress& address,
                    uint16_t port);

}  // namespace busbar
