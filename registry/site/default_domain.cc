// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/site/default_domain.h"

#include <utility>

namespace busbar {

std::vector<ConfigWrite> planDefaultDomain(const Site& site, model::IdGenerator& ids) {
  std::vector<ConfigWrite> writes;
  std::string domainId;
  if (const model::Domain* present = site.defaultDomain()) {
    domainId = present->id;
  } else {
    model::Domain domain;
    domain.id = ids.next(model::Table::Domain);
    domain.name = "Localhost";
    domain.domain = "localhost";
    domain.description = "Answers for every host that no other domain is named for";
    domainId = domain.id;
    writes.push_back({ConfigWrite::Kind::Insert, std::move(domain)});
  }
  for (const model::User* user : site.users()) {
    if (user->domainId.empty()) {
      model::User moved = *user;
      moved.domainId = domainId;
      writes.push_back({ConfigWrite::Kind::Update, std::move(moved)});
    }
  }
  return writes;
}

}  // namespace busbar
