// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

namespace busbar {

// What the links of a host have in common. Loop-only.
class LinkShares {
 public:
  // `siteCaFile`: PEM of those whom the site trusts; empty: whom the system trusts.
  explicit LinkShares(std::string siteCaFile) : siteCaFile_(std::move(siteCaFile)) {}
  LinkShares(const LinkShares&) = delete;
  LinkShares& operator=(const LinkShares&) = delete;

 private:
  std::string siteCaFile_;
};

}  // namespace busbar
