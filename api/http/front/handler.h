// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>

#include "api/http/front/request.h"
#include "api/http/front/responder.h"
#include "sdk/base/clock.h"

namespace busbar::http {

inline constexpr size_t kDefaultBodyLimitBytes = 1 << 20;

// What to do with a request whose head is checked and whose body is unread.
struct Admission {
  size_t bodyLimitBytes = kDefaultBodyLimitBytes;  // a longer body is answered 413
  std::optional<Response> refusal;                 // answers without reading the body
};

// What the front serves; the router is one. Called on the loop. Must not throw.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual Admission admit(Request& request) = 0;
  // `request` is valid until this returns.
  virtual void handle(Request& request, Responder responder) = 0;
  // An answer was made `took` after its head had arrived: for counting. `route` is what admit()
  // left in Request::route(), null when it refused or never saw the request.
  virtual void served(void* /*route*/, int /*status*/, Nanoseconds /*took*/) {}
};

}  // namespace busbar::http
