// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/link/peer_filter.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace busbar {
namespace {

using wire::PeerAddress;

constexpr std::array<uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

PeerAddress plain(const PeerAddress& peer) {
  PeerAddress out = peer;
  if (peer.family == 6 && std::equal(kMapped.begin(), kMapped.end(), peer.bytes.begin())) {
    out.family = 4;
    out.bytes.fill(0);
    std::copy_n(peer.bytes.begin() + 12, 4, out.bytes.begin());
  }
  return out;
}

bool sharesPrefix(const PeerAddress& a, const PeerAddress& b, int prefix) {
  const auto whole = static_cast<ptrdiff_t>(prefix / 8);
  if (!std::equal(a.bytes.begin(), a.bytes.begin() + whole, b.bytes.begin())) {
    return false;
  }
  const int rest = prefix % 8;
  const auto mask = static_cast<uint8_t>(0xff00U >> static_cast<unsigned>(rest));
  const auto at = static_cast<size_t>(whole);
  return rest == 0 || (a.bytes[at] & mask) == (b.bytes[at] & mask);
}

}  // namespace

Status PeerFilter::add(std::string_view text) {
  const auto wrong = [text](const char* rule) {
    return Error::of(ErrorCode::InvalidArgument, std::string(text.substr(0, 64)) + " " + rule);
  };
  const size_t slash = text.find('/');
  const std::string host(text.substr(0, slash));
  Block block{};
  block.address.family = host.find(':') == std::string::npos ? 4 : 6;
  const int most = block.address.family == 4 ? 32 : 128;
  if (inet_pton(block.address.family == 4 ? AF_INET : AF_INET6, host.c_str(),
                block.address.bytes.data()) != 1) {
    return wrong("is not an address or a block of them (192.0.2.0/24)");
  }
  block.prefix = most;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), block.prefix);
    if (error != std::errc() || end != digits.data() + digits.size() || block.prefix < 0 ||
        block.prefix > most) {
      return wrong(most == 32 ? "needs a prefix of 0 to 32" : "needs a prefix of 0 to 128");
    }
  }
  for (int bit = block.prefix; bit < most; ++bit) {
    if ((block.address.bytes[static_cast<size_t>(bit / 8)] & (0x80U >> (bit % 8))) != 0) {
      return wrong("has bits set behind its prefix");
    }
  }
  blocks_.push_back(block);
  return {};
}

void PeerFilter::add(const PeerAddress& address) {
  Block block{plain(address), 0};
  block.prefix = block.address.family == 4 ? 32 : 128;
  blocks_.push_back(block);
}

bool PeerFilter::hasFamily(uint8_t family) const {
  return std::any_of(blocks_.begin(), blocks_.end(),
                     [family](const Block& block) { return block.address.family == family; });
}

int PeerFilter::prefixOf(const PeerAddress& peer) const {
  const PeerAddress who = plain(peer);
  int longest = -1;
  for (const Block& block : blocks_) {
    if (block.address.family == who.family && sharesPrefix(block.address, who, block.prefix)) {
      longest = std::max(longest, block.prefix);
    }
  }
  return longest;
}

}  // namespace busbar
