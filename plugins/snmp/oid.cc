// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/snmp/oid.h"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

namespace busbar::snmp {
namespace {

std::string join(const std::vector<uint32_t>& arcs, size_t from) {
  std::string text;
  for (size_t i = from; i < arcs.size(); ++i) {
    if (i != from) {
      text.push_back('.');
    }
    text += std::to_string(arcs[i]);
  }
  return text;
}

}  // namespace

std::optional<Oid> Oid::fromArcs(std::vector<uint32_t> arcs) {
  if (arcs.size() < 2 || arcs.size() > kMaxArcs || arcs[0] > 2 || (arcs[0] < 2 && arcs[1] >= 40)) {
    return std::nullopt;
  }
  Oid oid;
  oid.arcs_ = std::move(arcs);
  return oid;
}

std::optional<Oid> Oid::fromText(std::string_view text) {
  if (text.starts_with('.')) {
    text.remove_prefix(1);
  }
  std::vector<uint32_t> arcs;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    uint32_t arc = 0;
    const auto [next, error] = std::from_chars(at, end, arc);
    if (error != std::errc() || arcs.size() == kMaxArcs) {
      return std::nullopt;
    }
    arcs.push_back(arc);
    at = next;
    if (at != end) {
      const bool isDotBeforeArc = *at == '.' && at + 1 != end;
      if (!isDotBeforeArc) {
        return std::nullopt;
      }
      ++at;
    }
  }
  return fromArcs(std::move(arcs));
}

std::string Oid::toText() const {
  return join(arcs_, 0);
}

bool Oid::isWithin(const Oid& root) const {
  return arcs_.size() >= root.arcs_.size() &&
         std::equal(root.arcs_.begin(), root.arcs_.end(), arcs_.begin());
}

std::string Oid::indexBelow(const Oid& root) const {
  return isWithin(root) ? join(arcs_, root.arcs_.size()) : std::string();
}

}  // namespace busbar::snmp
