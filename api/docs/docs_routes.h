// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/http/router/router.h"
#include "registry/site/site.h"

namespace busbar::docs {

// GET /api/openapi.yaml, and at /api/docs a page that shows it and lets a person try calls, with
// its files. Public, as the program is: nothing of a site is in them but, in the page, the id of
// the application that the page may sign in as. The page loads nothing from elsewhere and may stand
// in no frame. `site` must outlive the routes.
void addDocsRoutes(http::Router& router, const Site& site);

}  // namespace busbar::docs
