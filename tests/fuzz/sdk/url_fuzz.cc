// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sdk/base/net/address_guard.h"
#include "sdk/base/net/url.h"

namespace {

// What was let in must read the same again, and an address must be written in one way only.
void check(const busbar::Url& url) {
  const auto again = busbar::Url::parse(url.text());
  // The canonical form of a host can be longer than what came, up to the limit of the whole.
  if (url.text().size() <= busbar::Url::kMaxBytes) {
    BUSBAR_CHECK(again.ok());
    BUSBAR_CHECK(again->text() == url.text() && again->origin() == url.origin());
  }
  BUSBAR_CHECK(url.port() != 0 && !url.target().empty() && url.target()[0] == '/');
  BUSBAR_CHECK(url.text().find_first_of("\\ \t\r\n") == std::string::npos);
  BUSBAR_CHECK(url.origin().find('@') == std::string::npos);
  const auto address = busbar::IpAddress::parse(url.host());
  BUSBAR_CHECK(address.has_value() == !url.hostIsName());
  if (address) {
    BUSBAR_CHECK(address->text() == url.host());
    (void)busbar::checkAddress({}, url.host(), *address, url.port());
  }
}

}  // namespace

// The first line is a URL, the rest a reference from there.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t split = input.find('\n');
  const auto url = busbar::Url::parse(input.substr(0, split));
  if (!url.ok()) {
    return 0;
  }
  check(*url);
  if (split != std::string_view::npos) {
    if (const auto next = url->resolve(input.substr(split + 1)); next.ok()) {
      check(*next);
    }
  }
  return 0;
}
