// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/trigger_instances.h"

#include <charconv>
#include <optional>

#include "api/resources/body_reader.h"
#include "api/resources/erasure.h"
#include "api/resources/grant_check.h"
#include "api/resources/list.h"
#include "api/resources/systems.h"
#include "api/resources/trigger_check.h"
#include "api/resources/trigger_shapes.h"
#include "registry/site/cascade.h"

namespace busbar::api {
namespace {

using auth::Permission;
using http::Request;
using model::TriggerInstance;
using Found = list_detail::Found<TriggerInstance>;

Refusal noInstance(std::string_view id) {
  return {notFound("trigger instance", id), {}};
}

// The instance that the path names, if it is of the system there.
const TriggerInstance* findIn(const Site& site, std::string_view systemReference,
                              std::string_view id) {
  const model::System* system = findSystem(site, systemReference);
  const TriggerInstance* instance = site.findTriggerInstance(id);
  return system != nullptr && instance != nullptr && instance->systemId == system->id ? instance
                                                                                      : nullptr;
}

InstanceView viewOf(const Context& context, const Request& request, bool isComplete = true) {
  return {context.site, context.triggerStates, isComplete, request.principal().isAdmin()};
}

// One instance, with what of its trigger does not fit its system.
json::Object shownInstance(Context& context, const TriggerInstance& instance,
                           const InstanceView& view) {
  json::Object out = toJson(instance, view);
  if (const model::Trigger* trigger = context.site.findTrigger(instance.triggerId)) {
    const auto problems = problemsIn(context.site, context.manifests, *trigger, instance.systemId);
    out.set("problems", toJson(problems));
  }
  return out;
}

ConfigWriter::Done answerInstance(Context& context, const Request& request, int status) {
  return [&context, view = viewOf(context, request), status](const auto& changes, Reply& done) {
    const auto* stored = findStored<TriggerInstance>(changes);
    done.json(status, stored == nullptr ? json::Object() : shownInstance(context, *stored, view));
  };
}

struct InstanceFilter {
  std::optional<bool> important;
  std::optional<bool> triggered;
  std::string triggerId;
  int64_t asOf = INT64_MAX;  // not changed after this

  bool matches(const TriggerInstance& row, const triggers::TriggerStates* states) const {
    const auto state = states == nullptr ? std::nullopt : states->stateOf(row.id);
    const bool isTriggered = state && state->triggered;
    return (!important || row.important == *important) &&
           (!triggered || isTriggered == *triggered) &&
           (triggerId.empty() || row.triggerId == triggerId) && row.updatedAt <= asOf;
  }
};

std::variant<InstanceFilter, Refusal> toInstanceFilter(const Request& request) {
  if (auto bad = findBadFlag(request, {"complete", "important", "triggered"})) {
    return std::move(*bad);
  }
  InstanceFilter filter;
  if (request.query("important")) {
    filter.important = flagOf(request, "important", false);
  }
  if (request.query("triggered")) {
    filter.triggered = flagOf(request, "triggered", false);
  }
  filter.triggerId = request.query("trigger_id").value_or("");
  if (const auto text = request.query("as_of")) {
    const auto time = std::from_chars(text->data(), text->data() + text->size(), filter.asOf);
    if (time.ec != std::errc() || time.ptr != text->data() + text->size()) {
      return badParameter("as_of", "must be a time in seconds since 1970");
    }
  }
  return filter;
}

// The rows of the system that the list has; with hits, only of the triggers that these name.
std::vector<Found> rowsOf(const Site& site, const std::string& systemId,
                          List<TriggerInstance>& list, const std::vector<Search::Hit>* hits) {
  std::vector<Found> rows;
  const auto add = [&](const TriggerInstance& row, double rank) {
    if (row.systemId == systemId && list.matches(row)) {
      rows.push_back({&row, rank});
    }
  };
  if (hits == nullptr) {
    for (const std::string& id : site.instancesOfSystem(systemId)) {
      add(*site.findTriggerInstance(id), 0);
    }
    return rows;
  }
  for (const Search::Hit& hit : *hits) {
    for (const std::string& id : site.instancesOfTrigger(hit.id)) {
      add(*site.findTriggerInstance(id), hit.rank);
    }
  }
  return rows;
}

void listInstancesOfSystem(Context& context, Request& request, Reply reply) {
  const model::System* system = findSystem(context.site, request.param("id"));
  auto page = toPage(request);
  auto filter = toInstanceFilter(request);
  for (const Refusal* refusal : {std::get_if<Refusal>(&page), std::get_if<Refusal>(&filter)}) {
    if (refusal != nullptr) {
      reply.fail(*refusal);
      return;
    }
  }
  if (system == nullptr) {
    reply.fail(noSystem(request.param("id")));
    return;
  }
  const auto view = viewOf(context, request, flagOf(request, "complete", true));
  List<TriggerInstance> list{
      "trig", std::get<Page>(std::move(page)),
      [filter = std::get<InstanceFilter>(std::move(filter)), states = context.triggerStates](
          const TriggerInstance& row) { return filter.matches(row, states); },
      [view](const TriggerInstance& row) { return toJson(row, view); }};
  if (list.page.search.isAll()) {
    auto rows = rowsOf(context.site, system->id, list, nullptr);
    list_detail::sendRows(context.site, reply, list, std::move(rows));
    return;
  }
  // A search is for what the triggers say.
  const SearchQuery query = std::move(list.page.search);
  context.search.find(model::Table::Trigger, query, context.loop.now() + list_detail::kSearchLimit,
                      [&site = context.site, systemId = system->id, reply = std::move(reply),
                       list = std::make_unique<List<TriggerInstance>>(std::move(list))](
                          Result<Search::Hits> hits) mutable {
                        if (!hits.ok()) {
                          reply.fail(hits.error());
                          return;
                        }
                        list_detail::sendRows(site, reply, *list,
                                              rowsOf(site, systemId, *list, hits->get()));
                      });
}

void showInstance(Context& context, Request& request, Reply reply) {
  if (const auto bad = findBadFlag(request, {"complete"})) {
    reply.fail(*bad);
    return;
  }
  const auto* instance = findIn(context.site, request.param("id"), request.param("trig_id"));
  if (instance == nullptr) {
    reply.fail(noInstance(request.param("trig_id")));
    return;
  }
  const auto view = viewOf(context, request, flagOf(request, "complete", true));
  reply.json(200, shownInstance(context, *instance, view));
}

// The members that may be written, on creation all but `important`, which is the trigger's.
model::FieldErrors readInstance(BodyReader& body, TriggerInstance& instance) {
  body.read("enabled", instance.enabled);
  body.read("exec_enabled", instance.execEnabled);
  body.read("playlists", instance.playlists);
  // PlaceOS's client has one class for triggers and their instances.
  body.ignore({"id",
               "created_at",
               "updated_at",
               "version",
               "name",
               "description",
               "important",
               "trigger_id",
               "control_system_id",
               "zone_id",
               "webhook_secret",
               "triggered",
               "trigger_count",
               "problems",
               "control_system",
               "system_id",
               "system_name",
               "activated_count",
               "debounce_period",
               "enable_webhook",
               "any_match",
               "supported_methods",
               "conditions",
               "actions",
               "webhook",
               "max_firings",
               "period_ms",
               "_actions",
               "_conditions"});
  auto errors = body.finish("trigger instance");
  model::normalise(instance);
  for (model::FieldError& error : model::validate(instance)) {
    errors.push_back(std::move(error));
  }
  return errors;
}

void createInstance(Context& context, Request& request, Reply reply) {
  auto body = BodyReader::parse(request.body());
  if (!body) {
    reply.fail(body.error());
    return;
  }
  context.writer.run(
      std::move(reply), actorOf(request),
      [&context, reference = std::string(request.param("id")), body = std::move(*body),
       fresh = newTriggerInstance(context.ids)]() -> Outcome {
        const model::System* system = findSystem(context.site, reference);
        if (system == nullptr) {
          return noSystem(reference);
        }
        TriggerInstance instance = fresh;
        instance.systemId = system->id;
        BodyReader reader = body;
        reader.require("trigger_id");
        reader.read("trigger_id", instance.triggerId);
        if (const auto errors = readInstance(reader, instance); !errors.empty()) {
          return invalidFields(errors);
        }
        const model::Trigger* trigger = context.site.findTrigger(instance.triggerId);
        if (trigger == nullptr) {
          return invalidField("trigger_id", "names no trigger");
        }
        instance.important = trigger->important;
        return ConfigWriter::Writes{{ConfigWrite::Kind::Insert, std::move(instance)}};
      },
      answerInstance(context, request, 201));
}

// What says where an instance belongs is taken back from clients, but never changed.
void checkUnchanged(BodyReader& body, const TriggerInstance& present) {
  const std::pair<const char*, const std::string&> members[] = {
      {"trigger_id", present.triggerId},
      {"control_system_id", present.systemId},
      {"zone_id", present.zoneId}};
  for (const auto& [name, value] : members) {
    std::string given = value;
    body.read(name, given);
    if (given != value) {
      body.fail(name, "must not change: make a new instance");
    }
  }
}

void updateInstance(Context& context, Request& request, Reply reply) {
  auto body = BodyReader::parse(request.body());
  if (!body) {
    reply.fail(body.error());
    return;
  }
  context.writer.run(
      std::move(reply), actorOf(request),
      [&context, reference = std::string(request.param("id")),
       id = std::string(request.param("trig_id")), body = std::move(*body)]() -> Outcome {
        const TriggerInstance* present = findIn(context.site, reference, id);
        if (present == nullptr) {
          return noInstance(id);
        }
        TriggerInstance changed = *present;
        BodyReader reader = body;
        reader.read("important", changed.important);
        checkUnchanged(reader, *present);
        if (const auto errors = readInstance(reader, changed); !errors.empty()) {
          return invalidFields(errors);
        }
        return ConfigWriter::Writes{{ConfigWrite::Kind::Update, std::move(changed)}};
      },
      answerInstance(context, request, 200));
}

void eraseInstance(Context& context, Request& request, Reply reply) {
  eraseRows(context, request, std::move(reply),
            [&context, reference = std::string(request.param("id")),
             id = std::string(request.param("trig_id"))]() -> Outcome {
              if (findIn(context.site, reference, id) == nullptr) {
                return noInstance(id);
              }
              auto planned = planErase(context.site, model::Table::TriggerInstance, id);
              if (!planned) {
                return Refusal{planned.error(), {}};
              }
              return std::move(*planned);
            });
}

void renewInstanceSecret(Context& context, Request& request, Reply reply) {
  context.writer.run(
      std::move(reply), actorOf(request),
      [&context, id = std::string(request.param("id")), secret = newWebhookSecret()]() -> Outcome {
        const TriggerInstance* present = context.site.findTriggerInstance(id);
        if (present == nullptr) {
          return noInstance(id);
        }
        TriggerInstance changed = *present;
        changed.webhookSecret = secret;
        return ConfigWriter::Writes{{ConfigWrite::Kind::Update, std::move(changed)}};
      },
      answerInstance(context, request, 200));
}

}  // namespace

void addTriggerInstanceRoutes(http::Router& router, Context& context) {
  Routes routes(router, context, kEngine, "system_triggers");
  routes.get("/systems/:id/triggers", Permission::ZoneRead, listInstancesOfSystem);
  routes.post("/systems/:id/triggers", Permission::ZoneCreate, createInstance, zonesOfSystem);
  routes.get("/systems/:id/triggers/:trig_id", Permission::ZoneRead, showInstance);
  routes.update("/systems/:id/triggers/:trig_id", Permission::ZoneUpdate, updateInstance,
                zonesOfSystem);
  routes.erase("/systems/:id/triggers/:trig_id", Permission::ZoneDelete, eraseInstance,
               zonesOfSystem);
  Routes own(router, context, kBusbar, "triggers");
  own.post("/trigger_instances/:id/secret", Permission::Admin, renewInstanceSecret);
}

}  // namespace busbar::api
