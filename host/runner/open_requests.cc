// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/runner/open_requests.h"

#include <algorithm>

namespace busbar::runner {

busbar_status OpenRequests::open(busbar_id token, busbar_id parentCall, bool replaces) {
  if (token == 0) {
    return BUSBAR_E_INVALID;
  }
  const auto it = std::find_if(requests_.begin(), requests_.end(),
                               [token](const Request& r) { return r.token == token; });
  if (it != requests_.end()) {
    it->parentCall = replaces ? parentCall : it->parentCall;
    return replaces ? BUSBAR_OK : BUSBAR_E_INVALID;
  }
  if (requests_.size() == kMax) {
    return BUSBAR_E_AGAIN;
  }
  requests_.push_back({token, parentCall});
  return BUSBAR_OK;
}

bool OpenRequests::end(busbar_id token) {
  return std::erase_if(requests_, [token](const Request& r) { return r.token == token; }) != 0;
}

bool OpenRequests::isOpen(busbar_id token) const {
  return std::any_of(requests_.begin(), requests_.end(),
                     [token](const Request& r) { return r.token == token; });
}

std::vector<busbar_id> OpenRequests::endCall(busbar_id call) {
  std::vector<busbar_id> ended;
  if (call != 0) {
    std::erase_if(requests_, [&](const Request& r) {
      if (r.parentCall == call) {
        ended.push_back(r.token);
      }
      return r.parentCall == call;
    });
  }
  return ended;
}

}  // namespace busbar::runner
