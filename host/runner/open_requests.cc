// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/runner/open_requests.h"

#include <algorithm>

namespace busbar::runner {

OpenRequests::Opened OpenRequests::open(busbar_id token, busbar_id parentCall, bool replaces) {
  if (token == 0) {
    return {BUSBAR_E_INVALID};
  }
  const auto it = std::find_if(requests_.begin(), requests_.end(),
                               [token](const Request& r) { return r.token == token; });
  if (it != requests_.end() && !replaces) {
    return {BUSBAR_E_INVALID};
  }
  if (it != requests_.end()) {
    const uint64_t replaced = it->id;
    *it = {token, parentCall, ++lastId_};
    return {BUSBAR_OK, lastId_, replaced};
  }
  if (requests_.size() == kMax) {
    return {BUSBAR_E_AGAIN};
  }
  requests_.push_back({token, parentCall, ++lastId_});
  return {BUSBAR_OK, lastId_};
}

uint64_t OpenRequests::end(busbar_id token) {
  const auto it = std::find_if(requests_.begin(), requests_.end(),
                               [token](const Request& r) { return r.token == token; });
  if (it == requests_.end()) {
    return 0;
  }
  const uint64_t id = it->id;
  requests_.erase(it);
  return id;
}

busbar_id OpenRequests::take(uint64_t id, bool ends) {
  const auto it = std::find_if(requests_.begin(), requests_.end(),
                               [id](const Request& r) { return r.id == id; });
  if (it == requests_.end()) {
    return 0;
  }
  const busbar_id token = it->token;
  if (ends) {
    requests_.erase(it);
  }
  return token;
}

std::vector<uint64_t> OpenRequests::endCall(busbar_id call) {
  std::vector<uint64_t> ended;
  if (call != 0) {
    std::erase_if(requests_, [&](const Request& r) {
      if (r.parentCall == call) {
        ended.push_back(r.id);
      }
      return r.parentCall == call;
    });
  }
  return ended;
}

}  // namespace busbar::runner
