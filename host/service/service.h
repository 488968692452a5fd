// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/client/host_client.h"
#include "registry/settings/connection.h"
#include "sdk/base/event_loop.h"
#include "sdk/wire/service_messages.h"

namespace busbar {

// The module as its services see it. Loop-only; outlives them.
class ServiceClient {
 public:
  virtual const std::string& moduleId() const = 0;
  virtual const std::string& systemId() const = 0;  // logic modules only; else empty
  virtual const std::string& timeZone() const = 0;
  virtual const std::string& uri() const = 0;  // the module's own address as an URL, or empty
  virtual const Connection& connection() const = 0;
  virtual const Epoch& epoch() const = 0;
  // Of the call `parent`; 0: of the system itself, no user and role support. nullptr when the call
  // has ended: what is asked for on its behalf then must not happen.
  virtual const Origin* originOf(uint64_t parent) const = 0;
  // Goes out at the end of the turn. `ends` frees the token.
  virtual void send(const wire::ServiceEvent& event) = 0;
  virtual void send(const wire::HttpPart& part) = 0;
  // Bytes that the runner has not taken yet: a service that streams waits while there are many.
  virtual size_t unsentBytes() const = 0;
  // A line in the module's log.
  virtual void log(int level, std::string message) = 0;

 protected:
  ~ServiceClient() = default;
};

// One service for one running module: made at its first request, gone when the module stops; what
// is under way then ends without a word. Loop-only.
class Service {
 public:
  virtual ~Service() = default;
  // A request, well formed as a frame only. False: it breaks the protocol, `why` says how, and the
  // runner is killed. Every other failure is an event with the token.
  virtual bool request(const wire::Frame& frame, std::string& why) = 0;
  // The driver gave it up; an unknown token is fine.
  virtual void release(uint64_t token) = 0;
  // The module's settings, time zone or system changed.
  virtual void configured() {}
};

// How a service is made, and which frames are its.
struct ServiceProvider {
  std::string extension;  // "busbar.http/1": the permission that the manifest must have
  std::vector<wire::Type> frames;
  bool atStart = false;  // made when the module starts, for it speaks first
  Callback<std::unique_ptr<Service>(ServiceClient& client)> make;
};
using ServiceProviders = std::vector<ServiceProvider>;

// What a driver sees of one of our errors: a BUSBAR_E_….
int32_t statusOf(ErrorCode code);

// An event that ends `token` with a failure. `code` and `message` must outlive the call only.
void refuse(ServiceClient& client, uint32_t eventType, uint64_t token, int32_t status,
            std::string_view code, std::string_view message);
// The same from an error of ours: its code becomes a BUSBAR_E_…, its reason the code.
void refuse(ServiceClient& client, uint32_t eventType, uint64_t token, const Error& error);

}  // namespace busbar
