// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

// What goes over UDP in PJLink class 2: the search, and what projectors say by themselves. Source:
// JBMIA, PJLink Specifications 2.10. Whatever comes may be handed in. Nobody can tell who sent a
// datagram but by its address, which others can forge.
namespace busbar::pjlink {

struct Datagram {
  enum class Kind {
    Found,   // answers a search
    LinkUp,  // the projector's network has started
    Errors,
    Power,
    Input,
  };
  Kind kind = Kind::Found;
  std::string value;  // Found, LinkUp: MAC address in lower case; else as in a reply to a question
};
// With or without the CR that ends it.
std::optional<Datagram> parseDatagram(std::string_view bytes);

std::string encodeSearch();

// Where a search goes: "192.0.2.255" and "192.0.2.255:4352" both make the latter.
std::optional<std::string> parseSearchAddress(std::string_view text);
// Of "192.0.2.7:4352" or "[fe80::7%2]:4352", without port and zone.
std::string hostOf(std::string_view peer);

}  // namespace busbar::pjlink
