// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/docs/asset.h"

// The files of the reference, put into the program by the build.
namespace busbar::docs::files {

Asset page();
Asset style();
Asset script();
Asset rapidocStyle();
Asset rapidoc();         // empty when built with BUSBAR_API_DOCS=OFF
Asset rapidocLicense();  // likewise
Asset description();     // api/openapi.yaml

}  // namespace busbar::docs::files
