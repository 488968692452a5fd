// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/resources/context.h"

namespace busbar::api {

// /webhook/:id/notify: sets a trigger off from outside, without a credential but the secret or a
// signature. A wrong secret, a method that the trigger does not take and an instance that is not
// there or disabled all answer the same 404. No answer, log or record holds the secret.
void addWebhookRoutes(http::Router& router, Context& context);

// Takes a delivery again that an admin has looked at: the same facts, a new record of it.
void replayDelivery(Context& context, const TriggerDelivery& delivery, Reply reply);

}  // namespace busbar::api
