// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sdk/wire/bytes.h"
#include "sdk/wire/messages.h"

// The member `error` of many frames. Shape: sdk/wire/WIRE.md "Frame".
namespace busbar::wire {

void put(Writer& w, const WireError& e);
inline WireError takeError(Reader& r) {
  WireError e;
  e.status = r.i32();
  e.code = r.str();
  e.message = r.str();
  e.flags = r.u32();
  e.retryAfterMs = r.u32();
  e.details = r.str();
  return e;
}

}  // namespace busbar::wire
