// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/base/net/address_guard.h"
#include "sdk/base/net/url.h"
#include "sdk/base/result.h"

namespace busbar {

// How a server proves who it is. None is for commissioning; whoever offers it shows it by this name
// wherever the connection is shown, as "verify_none".
enum class HttpVerify {
  Full,     // chain, dates and name; a pin comes on top
  PinOnly,  // the pinned key alone: for devices with certificates of their own making
  None,
};
std::string_view toString(HttpVerify verify);  // "full", "pin_only", "verify_none"

struct HttpProxyOptions {
  std::string host;  // as in a URL; http only, CONNECT for https
  uint16_t port = 0;
  std::string user;  // basic authentication; empty for none
  std::string password;
};

struct HttpProfileOptions {
  std::vector<std::string> origins;  // "https://api.example.org"; empty: any that `addresses` allow
  AddressPolicy addresses;

  HttpVerify verify = HttpVerify::Full;
  std::string caPem;              // instead of the system's authorities; certificates, PEM
  std::string pinnedKey;          // "sha256//BASE64" of the server's public key (publicKeyPin)
  std::string clientCertificate;  // PEM, its chain behind it; needs `origins`
  std::string clientKey;          // PEM, not encrypted
  std::optional<HttpProxyOptions> proxy;

  size_t maxConnectionsPerOrigin = 8;
  size_t maxConnections = 32;
  size_t maxQueued = 256;
};

// What one party (a module, the webhooks, the identity provider) may reach and how it trusts.
// Requests of one profile share connections; those of two never do, so neither trust nor
// credentials leak from one to the other. Immutable; shared between its owner and the client, which
// drops the connections of one that nobody else holds. Thread-safe.
class HttpProfile {
 public:
  // InvalidArgument with the field: a bad origin, certificate, key, pin or proxy.
  static Result<std::shared_ptr<const HttpProfile>> create(HttpProfileOptions options);

  const HttpProfileOptions& options() const { return options_; }
  // PermissionDenied, reason `http_origin_not_allowed` or `http_blocked_address`.
  Status allows(const Url& url) const;
  // Asked with the address that a socket is about to connect to.
  Status allowsConnect(const Url& url, const IpAddress& address, uint16_t port) const;

 private:
  explicit HttpProfile(HttpProfileOptions options) : options_(std::move(options)) {}
  HttpProfileOptions options_;
  AddressPolicy proxyAddresses_;
};

}  // namespace busbar
