// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/resources/body_reader.h"
#include "api/resources/context.h"

namespace busbar::api {

// What is wrong with the form of the members of a trigger's document; what they mean is for
// checkTrigger().
model::FieldErrors readTrigger(BodyReader& body, model::Trigger& trigger);

// /triggers: conditions and actions.
void addTriggerRoutes(http::Router& router, Context& context);

}  // namespace busbar::api
