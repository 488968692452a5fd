// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/resources/context.h"

namespace busbar::api {

// /systems/:id/… by module name: types, functions, state and calls. The scope is `control`.
void addControlRoutes(http::Router& router, Context& context);

// A module's state as status key -> JSON text, which is how PlaceOS's clients read it.
Result<json::Object> stateTexts(Context& context, std::string_view moduleId);
// One status value as JSON text; "null" when it is unset.
Result<std::string> stateText(Context& context, std::string_view moduleId, std::string_view key);

}  // namespace busbar::api
