// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/front/responder.h"

#include "api/http/problem.h"
#include "sdk/base/result.h"

namespace busbar::http {

void Responder::send(Response response) {
  BUSBAR_CHECK(sink_);  // exactly once
  const SinkRef sink = std::move(sink_);
  sink->respond(std::move(response));
}

EventStream Responder::stream(Response head) {
  BUSBAR_CHECK(sink_ && head.body().empty());
  sink_->beginStream(std::move(head));
  return EventStream(std::move(sink_));
}

UpgradedConnection Responder::upgrade(Response head, UpgradeListener& listener) {
  BUSBAR_CHECK(sink_ && head.status() == 101 && head.body().empty());
  sink_->beginUpgrade(std::move(head), listener);
  return UpgradedConnection(std::move(sink_));
}

void Responder::abandon() {
  if (sink_) {
    const SinkRef sink = std::move(sink_);
    sink->respond(problem(500, "no_answer", "the server gave no answer to this request"));
  }
}

}  // namespace busbar::http
