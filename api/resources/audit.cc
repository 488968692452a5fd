// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/audit.h"

#include <algorithm>
#include <charconv>

#include "api/resources/page.h"
#include "api/resources/shape_parts.h"

namespace busbar::api {
namespace {

using auth::Permission;
using http::Request;

constexpr size_t kMaxExported = 10'000;
constexpr Milliseconds kReadLimit{30'000};
constexpr Milliseconds kVerifyLimit{300'000};

void setDocument(json::Object& out, std::string_view name, const std::string& text) {
  if (text.empty()) {
    return;
  }
  auto value = json::parse(text, {16 << 20, 64});
  out.set(name, value ? std::move(*value) : json::Value(text));
}

json::Object entryToJson(const AuditEntry& entry) {
  json::Object out = changeToJson(entry);
  setText(out, "credential", entry.credential);
  setText(out, "peer", entry.peer);
  setText(out, "trace_id", entry.traceId);
  out.set("hash", entry.hash);
  return out;
}

std::optional<Refusal> readNumber(const Request& request, std::string_view name, int64_t& out) {
  const auto text = request.query(name);
  if (!text) {
    return std::nullopt;
  }
  const auto parsed = std::from_chars(text->data(), text->data() + text->size(), out);
  if (parsed.ec != std::errc() || parsed.ptr != text->data() + text->size()) {
    return badParameter(name, "must be an integer");
  }
  return std::nullopt;
}

// `since` and `until` are milliseconds since 1970.
std::variant<AuditFilter, Refusal> toAuditFilter(const Request& request, const Page& page) {
  AuditFilter filter;
  for (const auto& [name, out] :
       {std::pair("since", &filter.sinceMs), std::pair("until", &filter.untilMs),
        std::pair("after", &filter.afterSequence)}) {
    if (auto refusal = readNumber(request, name, *out)) {
      return std::move(*refusal);
    }
  }
  filter.userId = request.query("user_id").value_or("");
  filter.subject = request.query("id").value_or("");
  filter.record = request.query("type").value_or("");
  filter.action = request.query("action").value_or("");
  filter.limit = page.limit;
  filter.offset = page.offset;
  return filter;
}

// Page and filter, or nothing when it has answered already.
std::optional<std::pair<Page, AuditFilter>> readQuery(const Request& request, Reply& reply) {
  auto page = toPage(request);
  if (const Refusal* refusal = std::get_if<Refusal>(&page)) {
    reply.fail(*refusal);
    return std::nullopt;
  }
  auto filter = toAuditFilter(request, std::get<Page>(page));
  if (const Refusal* refusal = std::get_if<Refusal>(&filter)) {
    reply.fail(*refusal);
    return std::nullopt;
  }
  return std::pair(std::get<Page>(std::move(page)), std::get<AuditFilter>(std::move(filter)));
}

void listAudit(Context& context, Request& request, Reply reply) {
  auto query = readQuery(request, reply);
  if (!query) {
    return;
  }
  context.audit.listAudit(
      query->second, context.loop.now() + kReadLimit,
      [page = std::move(query->first), reply = std::move(reply)](Result<AuditPage> found) mutable {
        if (!found) {
          reply.fail(found.error());
          return;
        }
        json::Array out;
        for (const AuditEntry& entry : found->entries) {
          out.emplace_back(entryToJson(entry));
        }
        const size_t shown = out.size();
        auto response = http::Response::json(200, json::Value(std::move(out)));
        setPageHeaders(response, "audit", page, shown, static_cast<size_t>(found->total));
        reply.send(std::move(response));
      });
}

// Oldest first, an object a line, so that a file grows by what is new: `after` is the sequence of
// the last line that one has.
void exportLines(Context& context, Request& request, Reply reply) {
  auto query = readQuery(request, reply);
  if (!query) {
    return;
  }
  AuditFilter filter = std::move(query->second);
  filter.oldestFirst = true;
  filter.limit = request.query("limit") ? std::min(filter.limit, kMaxExported) : kMaxExported;
  context.audit.listAudit(std::move(filter), context.loop.now() + kReadLimit,
                          [reply = std::move(reply)](Result<AuditPage> found) mutable {
                            if (!found) {
                              reply.fail(found.error());
                              return;
                            }
                            std::string lines;
                            for (const AuditEntry& entry : found->entries) {
                              lines += json::write(entryToJson(entry)) + "\n";
                            }
                            http::Response response(200);
                            response.setBody("application/x-ndjson", std::move(lines));
                            reply.send(std::move(response));
                          });
}

void verify(Context& context, Request&, Reply reply) {
  context.audit.verifyAudit(context.loop.now() + kVerifyLimit,
                            [reply = std::move(reply)](Result<AuditVerdict> verdict) mutable {
                              if (!verdict) {
                                reply.fail(verdict.error());
                                return;
                              }
                              json::Object out;
                              out.set("sound", verdict->isSound());
                              out.set("entries", verdict->entries);
                              out.set("first", verdict->first);
                              out.set("last", verdict->last);
                              out.set("last_hash", verdict->lastHash);
                              if (!verdict->isSound()) {
                                out.set("broken_at", verdict->brokenAt);
                                out.set("problem", verdict->problem);
                              }
                              reply.json(200, std::move(out));
                            });
}

}  // namespace

json::Object changeToJson(const AuditEntry& entry) {
  json::Object out;
  out.set("sequence", entry.sequence);
  out.set("time", entry.timeMs);
  out.set("action", entry.action);
  setText(out, "type", entry.record);
  setText(out, "id", entry.subject);
  setText(out, "user_id", entry.userId);
  setDocument(out, "before", entry.before);
  setDocument(out, "after", entry.after);
  return out;
}

void addAuditRoutes(http::Router& router, Context& context) {
  Routes routes(router, context, kBusbar, "audit");
  routes.get("/audit", Permission::Admin, listAudit);
  routes.get("/audit/export", Permission::Admin, exportLines);
  routes.get("/audit/verify", Permission::Admin, verify);
}

}  // namespace busbar::api
