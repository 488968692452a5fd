// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/base/json.h"
#include "sdk/base/result.h"

// What an admin says about a module's connections, in its settings under the key "busbar": for the
// host only, never seen by the driver. Like every top-level key it is replaced as a whole by a
// later document of the chain (registry/settings/merge.h).
namespace busbar {

inline constexpr std::string_view kConnectionKey = "busbar";

// How the other side of a TLS connection is known.
enum class TlsVerify {
  Full,  // its chain leads to `ca`, else to the site's, and it bears the name that was asked for
  Pin,   // its certificate is the one pinned; chain, name and dates do not count
  None,  // anybody; shown wherever the module is shown
};

struct TlsTrust {
  TlsVerify verify = TlsVerify::Full;
  std::string pin;          // "sha256//BASE64" of the certificate's public key (RFC 7469 s.2.4)
  std::string ca;           // PEM; empty: the site's
  std::string certificate;  // PEM of ours, with `key`; empty: none
  std::string key;          // PEM, secret
  std::string serverName;   // instead of the address that is connected to
  bool operator==(const TlsTrust&) const = default;
};

// One link, by its role in the manifest.
struct LinkAddress {
  std::string host;                // empty: the module's own address
  uint16_t port = 0;               // 0: as host/module/link_set.h says
  std::string interfaceAddress;    // of ours: to listen at, or to send multicast from
  std::string group;               // multicast group to join
  std::vector<std::string> peers;  // who may talk to a listening link: addresses or CIDR blocks
  bool operator==(const LinkAddress&) const = default;
};

struct HttpProxy {
  std::string url;  // "http://proxy.example:3128"
  std::string username;
  std::string password;  // secret
  bool operator==(const HttpProxy&) const = default;
};

struct Connection {
  TlsTrust tls;
  std::map<std::string, LinkAddress, std::less<>> links;
  std::vector<std::string> httpOrigins;  // allowed besides that of the module's own address
  std::optional<HttpProxy> httpProxy;
  std::string timeZone;             // IANA name; empty: the system's, a zone's, the server's
  std::vector<std::string> denied;  // extensions that the driver does not get although it asks
  bool operator==(const Connection&) const = default;

  // Reads the value of the key. InvalidArgument; `field` is the pointer behind "/busbar".
  // Whether names, origins and PEM make sense is checked where they are used.
  static Result<Connection> parse(const json::Value& value);

  const LinkAddress* findLink(std::string_view role) const;
  // The members that must be masked in logs.
  std::vector<std::string> secrets() const;
};

}  // namespace busbar
