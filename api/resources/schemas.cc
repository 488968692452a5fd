// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/schemas.h"

#include "api/resources/answer_row.h"
#include "api/resources/body_reader.h"
#include "api/resources/erasure.h"
#include "api/resources/list.h"
#include "api/resources/shapes.h"

namespace busbar::api {
namespace {

using auth::Permission;
using http::Request;

model::FieldErrors readSchema(BodyReader& body, model::Schema& schema) {
  body.read("name", schema.name);
  body.read("description", schema.description);
  if (const json::Value* given = body.find("schema")) {
    const std::string* text = given->asString();  // clients of PlaceOS send it back as text
    auto parsed = text == nullptr ? Result<json::Value>(*given) : json::parse(*text);
    if (parsed.ok()) {
      schema.schema = std::move(*parsed);
    } else {
      body.fail("schema", "must be a JSON schema: " + parsed.error().message);
    }
  }
  body.ignore({"id", "created_at", "updated_at", "version"});
  auto errors = body.finish("schema");
  model::normalise(schema);
  for (model::FieldError& error : model::validate(schema)) {
    errors.push_back(std::move(error));
  }
  return errors;
}

void listSchemas(Context& context, Request& request, Reply reply) {
  auto page = toPage(request);
  if (const Refusal* refusal = std::get_if<Refusal>(&page)) {
    reply.fail(*refusal);
    return;
  }
  sendList<model::Schema>(
      context, std::move(reply),
      {"json_schema", std::get<Page>(std::move(page)), [](const model::Schema&) { return true; },
       [](const model::Schema& row) { return toJson(row); }});
}

void showSchema(Context& context, Request& request, Reply reply) {
  const model::Schema* schema = context.site.findSchema(request.param("id"));
  if (schema == nullptr) {
    reply.fail(notFound("schema", request.param("id")));
    return;
  }
  reply.json(200, toJson(*schema));
}

void createSchema(Context& context, Request& request, Reply reply) {
  auto body = BodyReader::parse(request.body());
  if (!body) {
    reply.fail(body.error());
    return;
  }
  model::Schema schema;
  if (const auto errors = readSchema(*body, schema); !errors.empty()) {
    reply.fail(invalidFields(errors));
    return;
  }
  schema.id = context.ids.next(model::Table::Schema);
  context.writer.run(
      std::move(reply), actorOf(request),
      [schema]() -> Outcome { return ConfigWriter::Writes{{ConfigWrite::Kind::Insert, schema}}; },
      answerRow<model::Schema>(201));
}

void updateSchema(Context& context, Request& request, Reply reply) {
  auto body = BodyReader::parse(request.body());
  if (!body) {
    reply.fail(body.error());
    return;
  }
  context.writer.run(
      std::move(reply), actorOf(request),
      [&context, id = std::string(request.param("id")), body = std::move(*body)]() -> Outcome {
        const model::Schema* present = context.site.findSchema(id);
        if (present == nullptr) {
          return Refusal{notFound("schema", id), {}};
        }
        model::Schema changed = *present;
        BodyReader reader = body;
        if (const auto errors = readSchema(reader, changed); !errors.empty()) {
          return invalidFields(errors);
        }
        return ConfigWriter::Writes{{ConfigWrite::Kind::Update, std::move(changed)}};
      },
      answerRow<model::Schema>(200));
}

void eraseSchema(Context& context, Request& request, Reply reply) {
  eraseRow(context, request, std::move(reply), model::Table::Schema,
           std::string(request.param("id")));
}

}  // namespace

void addSchemaRoutes(http::Router& router, Context& context) {
  Routes routes(router, context, kEngine, "schema");
  routes.get("/schema", Permission::Support, listSchemas);
  routes.post("/schema", Permission::Admin, createSchema);
  routes.get("/schema/:id", Permission::Support, showSchema);
  routes.update("/schema/:id", Permission::Admin, updateSchema);
  routes.erase("/schema/:id", Permission::Admin, eraseSchema);
}

}  // namespace busbar::api
