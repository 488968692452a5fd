// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/erasure.h"

#include "api/resources/page.h"
#include "registry/model/record_json.h"
#include "registry/site/cascade.h"

namespace busbar::api {
namespace {

json::Object rowJson(const model::Record& record) {
  const json::Object document = model::toDocument(record);
  json::Object out;
  out.set("type", model::toString(model::tableOf(record)));
  out.set("id", model::commonOf(record).id);
  for (const char* member : {"name", "parent_id"}) {
    const json::Value* value = document.find(member);
    if (value != nullptr && value->asString() != nullptr && !value->asString()->empty()) {
      out.set(member, *value);
    }
  }
  return out;
}

json::Object previewOf(const Site& site, const ConfigWriter::Writes& writes) {
  json::Array gone;
  json::Array changed;
  for (const ConfigWrite& write : writes) {
    json::Object row = rowJson(write.record);
    if (const auto* mod = std::get_if<model::Module>(&write.record)) {
      row.set("name", site.resolvedName(*mod));
    }
    (write.kind == ConfigWrite::Kind::Erase ? gone : changed).emplace_back(std::move(row));
  }
  json::Object out;
  out.set("dry_run", true);
  out.set("would_delete", std::move(gone));
  out.set("would_change", std::move(changed));
  return out;
}

}  // namespace

void eraseRows(Context& context, const http::Request& request, Reply reply, ConfigWriter::Plan plan,
               ConfigWriter::Done done) {
  if (const auto bad = findBadFlag(request, {"dry_run"})) {
    reply.fail(*bad);
    return;
  }
  if (flagOf(request, "dry_run", false)) {
    auto planned = plan();
    if (const Refusal* refusal = std::get_if<Refusal>(&planned)) {
      reply.fail(*refusal);
      return;
    }
    reply.json(200, previewOf(context.site, std::get<ConfigWriter::Writes>(planned)));
    return;
  }
  if (!done) {
    done = [](const auto&, Reply& answer) { answer.empty(202); };
  }
  context.writer.run(std::move(reply), actorOf(request), std::move(plan), std::move(done));
}

void eraseRow(Context& context, const http::Request& request, Reply reply, model::Table table,
              std::string id) {
  eraseRows(context, request, std::move(reply),
            [&context, table, id = std::move(id)]() -> std::variant<ConfigWriter::Writes, Refusal> {
              auto planned = planErase(context.site, table, id);
              if (!planned) {
                return Refusal{planned.error(), {}};
              }
              return std::move(*planned);
            });
}

}  // namespace busbar::api
