// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "host/service/service.h"

namespace busbar {

// A module as a service sees it, that keeps what is sent to it.
class RecordedModule final : public ServiceClient {
 public:
  struct Event {
    uint32_t type = 0;
    uint64_t token = 0;
    bool ends = false;
    std::string source, key, doc;
    int32_t status = 0;
    std::string code, message;
  };

  const std::string& moduleId() const override { return id; }
  const std::string& systemId() const override { return system; }
  const std::string& timeZone() const override { return zone; }
  const std::string& uri() const override { return address; }
  const Connection& connection() const override { return configured; }
  const Epoch& epoch() const override { return epochNow; }
  const Origin* originOf(uint64_t parent) const override {
    const auto it = origins.find(parent);
    return it == origins.end() ? nullptr : &it->second;
  }
  void send(const wire::ServiceEvent& m) override {
    events.push_back({m.type, m.token, m.ends, std::string(m.source), std::string(m.key),
                      std::string(m.doc), m.error.status, std::string(m.error.code),
                      std::string(m.error.message)});
  }
  void send(const wire::HttpPart& m) override { parts.emplace_back(m.bytes); }
  size_t unsentBytes() const override { return unsent; }
  void log(int, std::string message) override { lines.push_back(std::move(message)); }

  // What came with `token`, in order.
  std::vector<Event> of(uint64_t token) const {
    std::vector<Event> found;
    for (const Event& event : events) {
      if (event.token == token) {
        found.push_back(event);
      }
    }
    return found;
  }

  std::string id = "mod-self";
  std::string system = "sys-1";
  std::string zone = "UTC";
  std::string address;
  Connection configured;
  Epoch epochNow = "e1";
  std::map<uint64_t, Origin> origins{{0, Origin{{{}, model::UserRole::Support, {}}, 0}}};
  size_t unsent = 0;
  std::vector<Event> events;
  std::vector<std::string> parts;
  std::vector<std::string> lines;
};

}  // namespace busbar
