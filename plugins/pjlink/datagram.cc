// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/pjlink/datagram.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstdint>
#include <utility>

#include "plugins/pjlink/codec.h"

namespace busbar::pjlink {
namespace {

using Kind = Datagram::Kind;

constexpr uint16_t kPort = 4352;
constexpr size_t kMacBytes = 17;  // "00:1b:44:11:3a:b7"
constexpr std::pair<const char*, Kind> kNames[] = {{"ACKN", Kind::Found},
                                                   {"LKUP", Kind::LinkUp},
                                                   {"ERST", Kind::Errors},
                                                   {"POWR", Kind::Power},
                                                   {"INPT", Kind::Input}};

// In lower case; empty when it is none.
std::string macOf(std::string_view text) {
  std::string mac(text);
  for (size_t i = 0; i < mac.size(); ++i) {
    mac[i] = mac[i] >= 'A' && mac[i] <= 'F' ? static_cast<char>(mac[i] - 'A' + 'a') : mac[i];
    const bool isHex = (mac[i] >= '0' && mac[i] <= '9') || (mac[i] >= 'a' && mac[i] <= 'f');
    if (i % 3 == 2 ? mac[i] != ':' : !isHex) {
      return {};
    }
  }
  return mac.size() == kMacBytes ? mac : std::string();
}

}  // namespace

std::optional<Datagram> parseDatagram(std::string_view bytes) {
  if (!bytes.empty() && bytes.back() == '\r') {
    bytes.remove_suffix(1);
  }
  if (!bytes.starts_with("%2")) {
    return std::nullopt;
  }
  for (const auto& [name, kind] : kNames) {
    Reply reply = parseReply(bytes, name);
    if (reply.kind == Reply::Kind::Value) {
      const bool hasMac = kind == Kind::Found || kind == Kind::LinkUp;
      std::string value = hasMac ? macOf(reply.value) : std::move(reply.value);
      return value.empty() ? std::nullopt : std::optional(Datagram{kind, std::move(value)});
    }
  }
  return std::nullopt;
}

std::string encodeSearch() {
  return "%2SRCH\r";
}

std::optional<std::string> parseSearchAddress(std::string_view text) {
  const size_t colon = text.find(':');
  const std::string host(text.substr(0, colon));
  uint16_t port = kPort;
  if (colon != std::string_view::npos) {
    const std::string_view digits = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc() || end != digits.data() + digits.size() || port == 0) {
      return std::nullopt;
    }
  }
  in_addr address{};
  if (host.find('\0') != std::string::npos || inet_pton(AF_INET, host.c_str(), &address) != 1) {
    return std::nullopt;
  }
  return host + ":" + std::to_string(port);
}

std::string hostOf(std::string_view peer) {
  std::string host(peer.substr(0, peer.rfind(':')));
  if (const size_t zone = host.find('%'); zone != std::string::npos) {
    host.erase(zone, host.size() - 1 - zone);  // up to the ]
  }
  return host;
}

}  // namespace busbar::pjlink
