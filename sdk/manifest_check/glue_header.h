// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sdk/base/result.h"
#include "sdk/manifest/manifest.h"

namespace busbar {

// The C++ header busbar_manifest.hpp of a driver: names and JSON types of its functions, parameters
// and status keys as constants, against which the C++ glue checks the driver's own types when it
// compiles. InvalidArgument when two status keys would become the same C++ name.
Result<std::string> glueHeader(const Manifest& manifest);

}  // namespace busbar
