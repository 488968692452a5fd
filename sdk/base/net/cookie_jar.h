// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>

namespace busbar {

// The cookies of one caller, in memory, by libcurl's engine (RFC 6265, with Debian's list of public
// suffixes). Handed to each request that fills and sends them; never use one jar for two parties.
// Loop-only.
class CookieJar {
 public:
  static constexpr size_t kMaxCookies =
      100;  // more than that: the answer fails, the jar is emptied

  static std::shared_ptr<CookieJar> create();
  CookieJar(const CookieJar&) = delete;
  CookieJar& operator=(const CookieJar&) = delete;
  ~CookieJar();

  void* share() const { return share_; }  // CURLSH*

 private:
  explicit CookieJar(void* share) : share_(share) {}
  void* share_;
};

}  // namespace busbar
