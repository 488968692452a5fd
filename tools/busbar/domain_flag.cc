// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/domain_flag.h"

#include "tools/busbar/resolve.h"

namespace busbar::cli {

Flag domainFlag() {
  return {"--domain", "Domain, by id, name or host", "DOMAIN", {}};
}

Status putDomain(Client& client, const Arguments& arguments, const char* member,
                 json::Object& body) {
  if (!arguments.has("domain")) {
    return {};
  }
  auto id = resolveDomain(client, arguments.text("domain"));
  if (!id) {
    return id.error();
  }
  body.set(member, *id);
  return {};
}

}  // namespace busbar::cli
