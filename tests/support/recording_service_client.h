// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "host/service/service.h"

namespace busbar {

// A module as services see it, that keeps what they send. Everything it answers can be set.
class RecordingServiceClient final : public ServiceClient {
 public:
  struct Part {
    uint64_t token = 0;
    uint32_t flags = 0;
    uint32_t status = 0;
    std::string url, headers, bytes;
  };
  struct Event {
    uint32_t type = 0;
    uint64_t token = 0;
    bool ends = false;
    std::string source, key, doc;
    int32_t status = 0;
    std::string code, message;
  };

  const std::string& moduleId() const override { return moduleId_; }
  const std::string& systemId() const override { return systemId_; }
  const std::string& timeZone() const override { return timeZone_; }
  const std::string& uri() const override { return uri_; }
  const Connection& connection() const override { return connection_; }
  const Epoch& epoch() const override { return epoch_; }
  const Origin* originOf(uint64_t parent) const override {
    return parent == 0 || parent == openCall_ ? &origin_ : nullptr;
  }
  void send(const wire::ServiceEvent& m) override {
    events_.push_back({m.type, m.token, m.ends, std::string(m.source), std::string(m.key),
                       std::string(m.doc), m.error.status, std::string(m.error.code),
                       std::string(m.error.message)});
  }
  void send(const wire::HttpPart& m) override {
    parts_.push_back({m.token, m.flags, m.httpStatus, std::string(m.url), std::string(m.headers),
                      std::string(m.bytes)});
  }
  size_t unsentBytes() const override { return unsent_; }
  void log(int, std::string message) override { log_.push_back(std::move(message)); }

  std::string moduleId_ = "mod-1";
  std::string systemId_;
  std::string timeZone_ = "UTC";
  std::string uri_;
  Connection connection_;
  Epoch epoch_ = "e1";
  Origin origin_{};
  uint64_t openCall_ = 0;
  size_t unsent_ = 0;
  std::vector<Event> events_;
  std::vector<Part> parts_;
  std::vector<std::string> log_;
};

}  // namespace busbar
