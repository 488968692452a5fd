// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/service/modules/module_hub.h"
#include "host/service/service.h"

namespace busbar {

// The calls to other modules that one module has under way. Each ends with one CALL event, unless
// it is released. What runs is cancelled when it is released and when this object goes. Loop-only.
class ModuleCalls {
 public:
  ModuleCalls(ModuleHub& hub, ServiceClient& client) : hub_(hub), client_(client) {}
  ModuleCalls(const ModuleCalls&) = delete;
  ModuleCalls& operator=(const ModuleCalls&) = delete;
  ~ModuleCalls();

  // Begins a call of one module.
  void one(const wire::ModuleCall& call, const std::string& moduleId);
  // Begins a call of each, at the same time; the results are gathered in that order.
  void each(const wire::ModuleCall& call, const std::vector<const SystemMember*>& members);
  // False when there is no such call.
  bool release(uint64_t token);
  bool contains(uint64_t token) const;
  size_t size() const { return running_.size() - free_.size(); }

 private:
  // One module that is called.
  struct Part {
    HostClient::CallId id = 0;
    std::string name;
    std::string json;  // of what it answered
    Error failure;     // valid when `failed`
    bool failed = false;
  };
  struct Running {
    uint64_t serial = 0;
    HostClient::CallId id = 0;  // of a call of one module
    size_t open = 0;            // answers to come; 0: this place is free
    std::vector<Part> parts;    // of a call over an interface
  };

  // False: refused, and the event is sent.
  bool prepare(const wire::ModuleCall& call, ExecuteRequest& request);
  Running& add(uint64_t token, size_t parts);
  uint64_t tokenOf(const Running& call) const;
  void execute(uint64_t serial, size_t part, ExecuteRequest request);
  void ended(uint64_t serial, size_t part, Result<ExecuteReply> reply);
  void gathered(uint64_t token, const std::vector<Part>& parts);
  void answer(uint64_t token, std::string_view json, const Error* failure);
  void cancel(const Running& call);
  void remove(Running& call);
  Running* find(uint64_t serial);  // nullptr when it has ended
  Running* findToken(uint64_t token);

  ModuleHub& hub_;
  ServiceClient& client_;
  // Places that are used again. A serial is its place and how often serials were given, so that one
  // of an ended call finds nothing. The tokens lie close together: each request looks through them.
  std::vector<Running> running_;
  std::vector<uint64_t> tokens_;  // by place; 0: free
  std::vector<uint32_t> free_;
  uint32_t lastSerial_ = 0;
  bool executing_ = false;  // a reply within it is a refusal of the host
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for replies that come later
};

}  // namespace busbar
