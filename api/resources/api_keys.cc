// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/api_keys.h"

#include <algorithm>
#include <optional>

#include "api/auth/api_key.h"
#include "api/auth/scopes.h"
#include "api/resources/body_reader.h"
#include "api/resources/erasure.h"
#include "api/resources/list.h"
#include "api/resources/shape_parts.h"
#include "api/resources/shapes.h"
#include "api/resources/tenancy.h"
#include "api/resources/user_fields.h"

namespace busbar::api {
namespace {

using auth::Permission;
using http::Request;
using model::UserRole;

constexpr int64_t kMaxTtlSeconds = int64_t{100} * 365 * 24 * 3600;
constexpr int64_t kPseudoTokenAgeSeconds = 300;
constexpr int64_t kPseudoTokenLifeSeconds = 3600;

// "Panel 3" -> "panel-3@keys.local": the user that a key gets when it names none.
std::string emailFor(std::string_view name) {
  std::string local;
  for (const char c : name.substr(0, 48)) {
    const bool isUpper = c >= 'A' && c <= 'Z';
    const bool isKept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_';
    local += isUpper ? static_cast<char>(c - 'A' + 'a') : isKept ? c : '-';
  }
  return (local.empty() ? std::string("key") : local).append(kKeyUserHost);
}

std::optional<UserRole> roleOf(const json::Value& value) {
  if (value.isNull()) {
    return UserRole::User;
  }
  if (const std::string* name = value.asString()) {
    return *name == "admin_support" ? std::optional(UserRole::Admin) : model::toUserRole(*name);
  }
  const int64_t* number = value.asInt();
  if (number == nullptr || *number < 0 || *number > 3) {
    return std::nullopt;
  }
  return *number == 3 ? UserRole::Admin : static_cast<UserRole>(*number);
}

void readKeyRole(BodyReader& body, std::string_view name, UserRole& role) {
  if (const json::Value* value = body.find(name)) {
    if (const auto parsed = roleOf(*value)) {
      role = *parsed;
    } else {
      body.fail(name, "must be user, support or admin");
    }
  }
}

void readKey(BodyReader& body, model::ApiKey& key, int64_t now) {
  body.read("name", key.name);
  body.read("description", key.description);
  readKeyRole(body, "role", key.permissions);
  readKeyRole(body, "permissions", key.permissions);
  body.read("scopes", key.scopes);
  for (const std::string& scope : key.scopes) {
    if (!auth::isScope(scope)) {
      body.fail("scopes", "must hold known scopes; GET /scopes lists them");
      break;
    }
  }
  body.read("expires_at", key.expiresAt);
  int64_t ttl = 0;
  body.read("ttl", ttl);
  if (ttl < 0 || ttl > kMaxTtlSeconds) {
    body.fail("ttl", "must be seconds, 1 to 100 years");
  } else if (ttl > 0) {
    const int64_t end = now + ttl;
    key.expiresAt = key.expiresAt == 0 ? end : std::min(key.expiresAt, end);
  }
  body.ignore({"id", "created_at", "updated_at", "version", "x_api_key", "user", "authority",
               "authority_id", "saved_secret", "last_used_at"});
}

json::Object shownKey(const Context& context, const model::ApiKey& key) {
  return toJson(key, context.site,
                context.keyUsage == nullptr ? key.lastUsedAt : context.keyUsage->lastUsed(key));
}

void listKeys(Context& context, Request& request, Reply reply) {
  auto page = toPage(request);
  if (const Refusal* refusal = std::get_if<Refusal>(&page)) {
    reply.fail(*refusal);
    return;
  }
  sendList<model::ApiKey>(
      context, std::move(reply),
      {"api_key", std::get<Page>(page),
       [&site = context.site,
        domains = DomainFilter(context.site, request)](const model::ApiKey& row) {
         const model::User* user = site.findUser(row.userId);
         return user != nullptr && domains.lists(user->domainId);
       },
       [&context](const model::ApiKey& row) { return shownKey(context, row); }});
}

void showKey(Context& context, Request& request, Reply reply) {
  const model::ApiKey* key = context.site.findApiKey(request.param("id"));
  if (key == nullptr) {
    reply.fail(notFound("API key", request.param("id")));
    return;
  }
  reply.json(200, shownKey(context, *key));
}

// What a new key needs for the user that it gets when it names none.
struct NewUser {
  std::string id;
  std::string domainId;
};

// The user that a new key belongs to, and the write that makes or raises it, if any.
Outcome planCreate(Context& context, model::ApiKey key, const NewUser& fresh) {
  ConfigWriter::Writes writes;
  const model::User* user = key.userId.empty()
                                ? context.site.findUserByEmail(fresh.domainId, emailFor(key.name))
                                : context.site.findUser(key.userId);
  if (user == nullptr && !key.userId.empty()) {
    return invalidField("user_id", "names no user");
  }
  if (user == nullptr) {
    model::User made;
    made.id = fresh.id;
    made.domainId = fresh.domainId;
    made.name = key.name;
    made.email = emailFor(key.name);
    made.role = key.permissions;
    model::normalise(made);
    key.userId = made.id;
    writes.push_back({ConfigWrite::Kind::Insert, std::move(made)});
  } else if (user->role < key.permissions) {
    if (!key.userId.empty()) {
      return invalidField("permissions", "must not be above the role of the user, which is " +
                                             std::string(model::toString(user->role)));
    }
    model::User raised = *user;
    raised.role = key.permissions;
    writes.push_back({ConfigWrite::Kind::Update, std::move(raised)});
  }
  if (user != nullptr) {
    key.userId = user->id;
  }
  if (const auto errors = model::validate(key); !errors.empty()) {
    return invalidFields(errors);
  }
  writes.push_back({ConfigWrite::Kind::Insert, std::move(key)});
  return writes;
}

void createKey(Context& context, Request& request, Reply reply) {
  auto body = BodyReader::parse(request.body());
  if (!body) {
    reply.fail(body.error());
    return;
  }
  model::ApiKey key;
  body->require("name");
  body->read("user_id", key.userId);
  readKey(*body, key, nowSeconds(context));
  model::normalise(key);
  auto errors = body->finish("API key");
  if (errors.empty() && key.name.empty()) {
    errors.push_back({"name", "must not be blank"});
  }
  if (!errors.empty()) {
    reply.fail(invalidFields(errors));
    return;
  }
  key.id = context.ids.next(model::Table::ApiKey);
  auth::NewApiKey secret = auth::generateApiKey(key.id);
  key.secretHash = secret.secretHash;
  context.writer.run(
      std::move(reply), actorOf(request),
      [&context, key,
       fresh = NewUser{context.ids.next(model::Table::User),
                       std::string(callerDomainId(context.site, request))}]() {
        return planCreate(context, key, fresh);
      },
      [&context, text = std::move(secret.text)](const auto& changes, Reply& done) {
        const model::ApiKey* stored = findStored<model::ApiKey>(changes);
        json::Object out = stored == nullptr ? json::Object() : shownKey(context, *stored);
        out.set("x_api_key", text);
        http::Response response = http::Response::json(201, json::Value(std::move(out)));
        response.set("Cache-Control", "no-store");
        done.send(std::move(response));
      });
}

void updateKey(Context& context, Request& request, Reply reply) {
  auto body = BodyReader::parse(request.body());
  if (!body) {
    reply.fail(body.error());
    return;
  }
  context.writer.run(
      std::move(reply), actorOf(request),
      [&context, id = std::string(request.param("id")), body = std::move(*body)]() -> Outcome {
        const model::ApiKey* present = context.site.findApiKey(id);
        if (present == nullptr) {
          return Refusal{notFound("API key", id), {}};
        }
        model::ApiKey changed = *present;
        BodyReader reader = body;
        reader.read("user_id", changed.userId);
        if (changed.userId != present->userId) {
          reader.fail("user_id", "must not change: make a new key");
          changed.userId = present->userId;
        }
        readKey(reader, changed, nowSeconds(context));
        model::normalise(changed);
        auto errors = reader.finish("API key");
        for (model::FieldError& error : model::validate(changed)) {
          errors.push_back(std::move(error));
        }
        const model::User* user = context.site.findUser(changed.userId);
        if (user != nullptr && changed.permissions > user->role) {
          errors.push_back({"permissions", "must not be above the role of the user, which is " +
                                               std::string(model::toString(user->role))});
        }
        if (!errors.empty()) {
          return invalidFields(errors);
        }
        return ConfigWriter::Writes{{ConfigWrite::Kind::Update, std::move(changed)}};
      },
      [&context](const auto& changes, Reply& done) {
        const model::ApiKey* stored = findStored<model::ApiKey>(changes);
        done.json(200, stored == nullptr ? json::Object() : shownKey(context, *stored));
      });
}

void eraseKey(Context& context, Request& request, Reply reply) {
  eraseRow(context, request, std::move(reply), model::Table::ApiKey,
           std::string(request.param("id")));
}

// What the credential of this request stands for, in the members of an access token.
void inspect(Context& context, Request& request, Reply reply) {
  const auth::Principal& principal = request.principal();
  const model::User* user = context.site.findUser(principal.userId);
  const model::Domain* domain = context.site.findDomain(callerDomainId(context.site, request));
  const int64_t now = nowSeconds(context);
  json::Object who;
  who.set("n", user == nullptr ? principal.userId : user->name);
  who.set("e", user == nullptr ? std::string() : user->email);
  who.set("p", static_cast<int>(principal.role));
  who.set("r", toArray(principal.groups));
  json::Object out;
  out.set("iss", "POS");
  out.set("iat", now - kPseudoTokenAgeSeconds);
  out.set("exp", now + kPseudoTokenLifeSeconds);
  out.set("jti", principal.credentialId.empty() ? principal.userId : principal.credentialId);
  out.set("aud",
          domain == nullptr ? model::hostOf(request.header("Host").value_or("")) : domain->domain);
  out.set("sub", principal.userId);
  out.set("scope", toArray(principal.scopes));
  out.set("u", std::move(who));
  reply.json(200, std::move(out));
}

}  // namespace

void addApiKeyRoutes(http::Router& router, Context& context) {
  Routes routes(router, context, kEngine, "api_keys");
  routes.get("/api_keys", Permission::Admin, listKeys);
  routes.post("/api_keys", Permission::Admin, createKey);
  routes.get("/api_keys/inspect", Permission::User, inspect);
  routes.get("/api_keys/:id", Permission::Admin, showKey);
  routes.update("/api_keys/:id", Permission::Admin, updateKey);
  routes.erase("/api_keys/:id", Permission::Admin, eraseKey);
}

}  // namespace busbar::api
