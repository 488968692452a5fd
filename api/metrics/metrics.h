// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "api/events/event_hub.h"
#include "api/http/front/front.h"
#include "api/http/router/router.h"
#include "api/resources/context.h"
#include "sdk/base/callback.h"

namespace busbar::api {

// /livez, /readyz and /metrics. Nothing is counted here: numbers that others keep as plain counters
// are read when somebody asks, at most four times a second: anybody may ask, and the figures of
// many runners take milliseconds to read. Names: api/README.md. Loop-only.
class Metrics {
 public:
  // All must outlive this; this must outlive the router's use of its routes.
  Metrics(Context& context, const EventHub& events) : context_(context), events_(events) {}
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  void addRoutes(http::Router& router);
  // Adds a front's numbers under the label `front`; `stats` must work until the last scrape.
  void addFront(std::string name, Callback<http::FrontStats()> stats);
  // A further thing that must be well for /readyz to say so.
  void addReadyCheck(std::string name, Callback<Status()> check);
  // A figure of what the composition root owns; a counter if its name ends in _total.
  void addFigure(std::string name, std::string help, Callback<double()> value);
  // From now on /readyz says 503, so that a balancer sends no more here.
  void setStopping() { isStopping_ = true; }

 private:
  struct Figure {
    std::string name;
    std::string help;
    Callback<double()> value;
  };
  void ready(http::Request& request, http::Responder responder);
  const std::string& scraped(const http::Router& router);
  std::string scrape(const http::Router& router);

  Context& context_;
  const EventHub& events_;
  std::vector<std::pair<std::string, Callback<http::FrontStats()>>> fronts_;
  std::vector<std::pair<std::string, Callback<Status()>>> checks_;
  std::vector<Figure> figures_;
  bool isStopping_ = false;
  std::string kept_;  // the last scrape
  Instant keptUntil_{};
};

}  // namespace busbar::api
