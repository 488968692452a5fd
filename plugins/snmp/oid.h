// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace busbar::snmp {

// An object identifier: 2 to 128 numbers (RFC 2578 s.3.5). The default one is 0.0. Value type.
class Oid {
 public:
  static constexpr size_t kMaxArcs = 128;

  Oid() : arcs_{0, 0} {}
  // nullopt unless 2 to 128 arcs, the first 0 to 2, the second below 40 under 0 and 1.
  static std::optional<Oid> fromArcs(std::vector<uint32_t> arcs);
  // "1.3.6.1.2.1.1.5.0", with or without a leading dot. Names are not known here.
  static std::optional<Oid> fromText(std::string_view text);

  const std::vector<uint32_t>& arcs() const { return arcs_; }
  std::string toText() const;
  bool isWithin(const Oid& root) const;  // itself, or below it
  // The arcs below `root`, dotted: "1.2"; empty unless isWithin(root).
  std::string indexBelow(const Oid& root) const;
  auto operator<=>(const Oid& other) const = default;

 private:
  std::vector<uint32_t> arcs_;
};

}  // namespace busbar::snmp
