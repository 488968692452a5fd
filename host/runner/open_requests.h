// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <busbar/driver.h>

namespace busbar::runner {

// The requests to services of the host that one instance has open. The driver knows them by its
// tokens, which it may use again; on the wire each has an id that is never used twice, so that what
// is still under way for an earlier use of a token is not taken for the present one.
// Thread-compatible.
class OpenRequests {
 public:
  static constexpr size_t kMax = 256;

  struct Opened {
    busbar_status status = BUSBAR_OK;
    uint64_t id = 0;
    uint64_t replaced = 0;  // the id of what `token` was before; 0: nothing
  };
  // E_INVALID: token 0, or open already (unless `replaces`). E_AGAIN: kMax are open.
  Opened open(busbar_id token, busbar_id parentCall, bool replaces);
  // Ends what is open as `token`; its id, or 0 when nothing is.
  uint64_t end(busbar_id token);
  // An event of the host: the token of `id`, or 0 when it is not open any more.
  busbar_id take(uint64_t id, bool ends);
  // Ends what was asked on behalf of `call`; returns the ids.
  std::vector<uint64_t> endCall(busbar_id call);
  void clear() { requests_.clear(); }
  size_t size() const { return requests_.size(); }

 private:
  struct Request {
    busbar_id token;
    busbar_id parentCall;
    uint64_t id;
  };
  std::vector<Request> requests_;
  uint64_t lastId_ = 0;
};

}  // namespace busbar::runner
