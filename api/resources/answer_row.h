// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>
#include <vector>

#include "api/resources/config_writer.h"
#include "api/resources/identity_shapes.h"
#include "api/resources/shapes.h"
#include "api/resources/trigger_shapes.h"

namespace busbar::api {

// Answers a change with the row of that kind as it was stored, shown by toJson(row, more...); with
// an empty object when nothing was to be changed. What is not to be copied goes in by std::ref.
template <class Row, class... More>
ConfigWriter::Done answerRow(int status, More... more) {
  return
      [status, ... held = std::move(more)](const std::vector<ConfigChange>& changes, Reply& reply) {
        const Row* stored = findStored<Row>(changes);
        reply.json(status, stored == nullptr ? json::Object() : toJson(*stored, held...));
      };
}

}  // namespace busbar::api
