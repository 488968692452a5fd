// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/resources/context.h"

namespace busbar::api {

// /drivers: installed drivers. Their rows come to be by installation
// (POST /api/busbar/v1/drivers/install, only over the control socket, because it names a folder of
// this machine); here they are read, described anew, reloaded and removed.
void addDriverRoutes(http::Router& router, Context& context);

}  // namespace busbar::api
