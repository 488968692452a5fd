// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sdk/base/result.h"

namespace busbar {

// The one front door for URLs that Busbar itself opens. Narrower than RFC 3986, so that no two
// parsers can read one text differently: scheme http or https, then a host name of letters, digits,
// `-` and `_`, four plain decimal numbers, or an IPv6 address in brackets without a zone. Refused
// with InvalidArgument, reason `url_refused`: userinfo, names that end in a number (`127.1`,
// `0x7f.1`, `2130706433`, `0177.0.0.1`), a trailing dot, escapes in the host, port 0 or empty,
// white space, control characters, backslashes, non-ASCII text, bad escapes. A fragment is dropped.
// The path is never normalised. Messages name the rule and never the text, which may hold secrets.
// A value; thread-compatible.
class Url {
 public:
  static constexpr size_t kMaxBytes = 8192;

  static Result<Url> parse(std::string_view text);
  // The target of a reference found in an answer from this URL (RFC 3986 s. 5.2).
  Result<Url> resolve(std::string_view reference) const;

  bool isHttps() const { return https_; }
  // In lower case; an IPv6 address in its shortest form (RFC 5952) and without brackets.
  const std::string& host() const { return host_; }
  bool hostIsName() const { return kind_ == Kind::Name; }
  uint16_t port() const { return port_; }
  // Path and query; never empty.
  const std::string& target() const { return target_; }
  // "https://example.org" or "http://[::1]:8080": the canonical origin (RFC 6454 s. 6.2). Safe to
  // show.
  const std::string& origin() const { return origin_; }
  std::string text() const { return origin_ + target_; }

 private:
  enum class Kind { Name, Ipv4, Ipv6 };
  Status parseAuthority(std::string_view authority);
  Status parseHost(std::string_view host);
  Status parsePort(std::string_view port);
  void setOrigin();

  bool https_ = false;
  Kind kind_ = Kind::Name;
  uint16_t port_ = 0;
  std::string host_;
  std::string origin_;
  std::string target_;
};

}  // namespace busbar
