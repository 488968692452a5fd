// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/domains.h"

#include "api/resources/answer_row.h"
#include "api/resources/body_reader.h"
#include "api/resources/erasure.h"
#include "api/resources/identity_shapes.h"
#include "api/resources/list.h"
#include "api/resources/tenancy.h"

namespace busbar::api {
namespace {

using auth::Permission;
using http::Request;

model::FieldErrors readDomain(BodyReader& body, model::Domain& domain) {
  body.read("name", domain.name);
  body.read("domain", domain.domain);
  body.read("description", domain.description);
  body.read("login_url", domain.loginUrl);
  body.read("logout_url", domain.logoutUrl);
  body.readDocument("config", domain.config, "{}");
  body.readDocument("internals", domain.internals, "{}");
  body.read("email_domains", domain.emailDomains);
  body.ignore({"id", "created_at", "updated_at", "version", "dom"});
  model::FieldErrors errors = body.finish("domain");
  model::normalise(domain);
  for (model::FieldError& error : model::validate(domain)) {
    errors.push_back(std::move(error));
  }
  return errors;
}

// Answers 404 itself, also for a domain that the caller does not see.
const model::Domain* findDomain(Context& context, Request& request, Reply& reply) {
  const model::Domain* domain = context.site.findDomain(request.param("id"));
  if (domain == nullptr || !seesDomain(context.site, request, domain->id)) {
    reply.fail(notFound("domain", request.param("id")));
    return nullptr;
  }
  return domain;
}

void listDomains(Context& context, Request& request, Reply reply) {
  auto page = toPage(request);
  if (const Refusal* refusal = std::get_if<Refusal>(&page)) {
    reply.fail(*refusal);
    return;
  }
  const bool isAdmin = request.principal().isAdmin();
  const std::string own(callerDomainId(context.site, request));
  sendList<model::Domain>(
      context, std::move(reply),
      {"authority", std::get<Page>(page),
       [isAdmin, own](const model::Domain& row) { return isAdmin || row.id == own; },
       [isAdmin](const model::Domain& row) { return toJson(row, isAdmin); }});
}

void showDomain(Context& context, Request& request, Reply reply) {
  if (const model::Domain* domain = findDomain(context, request, reply)) {
    reply.json(200, toJson(*domain, request.principal().isAdmin()));
  }
}

void createDomain(Context& context, Request& request, Reply reply) {
  auto body = BodyReader::parse(request.body());
  if (!body) {
    reply.fail(body.error());
    return;
  }
  model::Domain domain;
  if (const auto errors = readDomain(*body, domain); !errors.empty()) {
    reply.fail(invalidFields(errors));
    return;
  }
  domain.id = context.ids.next(model::Table::Domain);
  context.writer.run(
      std::move(reply), actorOf(request),
      [domain]() -> Outcome { return ConfigWriter::Writes{{ConfigWrite::Kind::Insert, domain}}; },
      answerRow<model::Domain>(201, true));
}

void updateDomain(Context& context, Request& request, Reply reply) {
  auto body = BodyReader::parse(request.body());
  if (!body) {
    reply.fail(body.error());
    return;
  }
  context.writer.run(
      std::move(reply), actorOf(request),
      [&context, id = std::string(request.param("id")), body = std::move(*body)]() -> Outcome {
        const model::Domain* present = context.site.findDomain(id);
        if (present == nullptr) {
          return Refusal{notFound("domain", id), {}};
        }
        model::Domain changed = *present;
        BodyReader reader = body;
        if (const auto errors = readDomain(reader, changed); !errors.empty()) {
          return invalidFields(errors);
        }
        return ConfigWriter::Writes{{ConfigWrite::Kind::Update, std::move(changed)}};
      },
      answerRow<model::Domain>(200, true));
}

void eraseDomain(Context& context, Request& request, Reply reply) {
  eraseRow(context, request, std::move(reply), model::Table::Domain,
           std::string(request.param("id")));
}

}  // namespace

void addDomainRoutes(http::Router& router, Context& context) {
  Routes routes(router, context, kEngine, "domains");
  routes.get("/domains", Permission::Support, listDomains);
  routes.post("/domains", Permission::Admin, createDomain);
  routes.get("/domains/:id", Permission::Support, showDomain);
  routes.update("/domains/:id", Permission::Admin, updateDomain);
  routes.erase("/domains/:id", Permission::Admin, eraseDomain);
}

}  // namespace busbar::api
