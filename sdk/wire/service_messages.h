// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sdk/wire/messages.h"

// The frames by which a driver uses the services of its host: HTTP, store, schedule, other modules.
// Rules as in messages.h. Shape: sdk/wire/WIRE.md "Services".
namespace busbar::wire {

// What every request begins with. `deadlineNs` is that of the parent call, INT64_MAX without one.
struct RequestHead {
  uint64_t token = 0;
  uint64_t parentCall = 0;  // 0: none
  int64_t deadlineNs = INT64_MAX;
};

struct HttpRequest {
  RequestHead head;
  uint32_t flags = 0;  // BUSBAR_HTTP_STREAM, …
  uint32_t timeoutMs = 0, maxBytes = 0, maxRedirects = 0;
  std::string_view method, url, headers, auth, body;
};

struct StoreRequest {
  RequestHead head;
  uint32_t operation = 0;  // BUSBAR_STORE_…
  std::string_view key, value;
};

struct ModuleCall {
  RequestHead head;
  uint32_t timeoutMs = 0;
  std::string_view target, function, args;
};

struct Subscribe {
  RequestHead head;
  std::string_view target, key;
};

struct Schedule {
  RequestHead head;
  uint32_t flags = 0;  // BUSBAR_SCHEDULE_…
  int64_t atNs = 0;
  std::string_view cron, timeZone;
};

// The driver has taken so many bytes of a streamed body: as many more may come.
struct HttpTaken {
  uint64_t token = 0;
  uint32_t bytes = 0;
};

// `ends`: the token is free again.
struct ServiceEvent {
  uint32_t type = 0;  // BUSBAR_EV_…
  uint64_t token = 0;
  bool ends = false;
  std::string_view source, key, doc;
  WireError error;
};

// BUSBAR_HTTP_END ends the token.
struct HttpPart {
  uint64_t token = 0;
  uint32_t flags = 0;  // BUSBAR_HTTP_HEAD, …
  uint32_t httpStatus = 0;
  std::string_view url, headers, bytes;
};

void encode(std::string& out, uint64_t instance, const HttpRequest& m);
void encode(std::string& out, uint64_t instance, const StoreRequest& m);
void encode(std::string& out, uint64_t instance, const ModuleCall& m);
void encode(std::string& out, uint64_t instance, const Subscribe& m);
void encode(std::string& out, uint64_t instance, const Schedule& m);
void encode(std::string& out, uint64_t instance, const HttpTaken& m);
void encodeRelease(std::string& out, uint64_t instance, uint64_t token);
void encode(std::string& out, uint64_t instance, const ServiceEvent& m);
void encode(std::string& out, uint64_t instance, const HttpPart& m);

bool decode(std::string_view payload, HttpRequest& m);
bool decode(std::string_view payload, StoreRequest& m);
bool decode(std::string_view payload, ModuleCall& m);
bool decode(std::string_view payload, Subscribe& m);
bool decode(std::string_view payload, Schedule& m);
bool decode(std::string_view payload, HttpTaken& m);
bool decodeRelease(std::string_view payload, uint64_t& token);
bool decode(std::string_view payload, ServiceEvent& m);
bool decode(std::string_view payload, HttpPart& m);

}  // namespace busbar::wire
