// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include <busbar/driver.h>

namespace busbar::runner {

// The requests to services of the host that one instance has open, by the driver's tokens.
// Thread-compatible.
class OpenRequests {
 public:
  static constexpr size_t kMax = 256;

  // E_INVALID: token 0, or open already (unless `replaces`). E_AGAIN: kMax are open.
  busbar_status open(busbar_id token, busbar_id parentCall, bool replaces);
  // False when it is not open.
  bool end(busbar_id token);
  bool isOpen(busbar_id token) const;
  // Ends what was asked on behalf of `call`; returns the tokens.
  std::vector<busbar_id> endCall(busbar_id call);
  void clear() { requests_.clear(); }
  size_t size() const { return requests_.size(); }

 private:
  struct Request {
    busbar_id token;
    busbar_id parentCall;
  };
  std::vector<Request> requests_;
};

}  // namespace busbar::runner
