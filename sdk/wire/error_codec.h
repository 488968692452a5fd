// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sdk/wire/bytes.h"
#include "sdk/wire/messages.h"

// The member `error` of many frames. Shape: sdk/wire/WIRE.md "Frame".
namespace busbar::wire {

void put(Writer& w, const WireError& e);
WireError takeError(Reader& r);

}  // namespace busbar::wire
