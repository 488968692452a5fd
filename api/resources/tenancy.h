// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "api/http/front/request.h"
#include "registry/site/site.h"

// Who sees the rows of which domain. Admins run the whole site, so that one of them can make the
// first users of another domain; to everybody else the rows of other domains do not exist.
namespace busbar::api {

// The caller's domain: that of the user, else the default one; "" when there is none yet.
inline std::string_view callerDomainId(const Site& site, const http::Request& request) {
  return site.domainIdOf(request.principal().domainId);
}

inline bool seesDomain(const Site& site, const http::Request& request, std::string_view domainId) {
  return request.principal().isAdmin() ||
         site.domainIdOf(domainId) == callerDomainId(site, request);
}

// The domains that a list is about: `authority_id` for admins, all of them when it is absent;
// always the own one for others. Outlives its request; the site must outlive it.
class DomainFilter {
 public:
  DomainFilter(const Site& site, const http::Request& request)
      : site_(site),
        wanted_(request.principal().isAdmin() ? request.query("authority_id").value_or("")
                                              : callerDomainId(site, request)),
        isOpen_(request.principal().isAdmin() && wanted_.empty()) {}

  bool lists(std::string_view domainId) const {
    return isOpen_ || site_.domainIdOf(domainId) == wanted_;
  }

 private:
  const Site& site_;
  std::string wanted_;
  bool isOpen_;
};

}  // namespace busbar::api
