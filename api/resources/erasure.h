// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/resources/context.h"

namespace busbar::api {

// Answers a DELETE. `plan` says what goes; with `?dry_run=true` that is listed and nothing is done:
// {dry_run, would_delete: [{type, id, name?, parent_id?}], would_change: [the same]}. Else it is
// carried out and `done` answers; 202 without a body when there is none.
void eraseRows(Context& context, const http::Request& request, Reply reply, ConfigWriter::Plan plan,
               ConfigWriter::Done done = nullptr);

// The same for one row and all that goes with it.
void eraseRow(Context& context, const http::Request& request, Reply reply, model::Table table,
              std::string id);

}  // namespace busbar::api
