// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/service/modules/modules_service.h"

#include <utility>

#include <busbar/driver.h>

#include "sdk/base/json.h"

namespace busbar {
namespace {

// How often a module that took no events is looked at again.
constexpr Milliseconds kRetryPeriod{5};

std::string quoted(std::string_view text) {
  return "\"" + std::string(text.substr(0, 128)) + "\"";
}

// Shape: busbar/driver.h "busbar.modules/1".
std::string toJson(const SystemMembers& members, std::string_view self, HostClient& host) {
  json::Array list;
  for (const SystemMember& member : members) {
    if (member.moduleId == self) {
      continue;
    }
    const ModuleHealth health = host.health(member.moduleId);
    json::Object entry;
    entry.set("name", member.name);
    entry.set("id", member.moduleId);
    entry.set("interfaces", json::Array(member.interfaces.begin(), member.interfaces.end()));
    entry.set("running", health.running);
    entry.set("connected", health.connected);
    list.emplace_back(std::move(entry));
  }
  return json::write(json::Value(std::move(list)));
}

}  // namespace

ModulesService::ModulesService(ModuleHub& hub, ServiceClient& client)
    : hub_(hub),
      client_(client),
      systemId_(client.systemId()),
      members_(hub.membersOf(systemId_)),
      calls_(hub, client),
      values_(hub, client, [this] { retryLater(); }) {
  hub_.follow(systemId_, *this);
  announce();
}

ModulesService::~ModulesService() {
  hub_.loop().cancel(retryTimer_);
  hub_.unfollow(systemId_, *this);
}

bool ModulesService::request(const wire::Frame& frame, std::string& why) {
  const auto admit = [&](uint64_t token, uint32_t eventType) {
    if (calls_.size() + values_.size() < kMaxOpen) {
      return true;
    }
    refuse(client_, eventType, token, BUSBAR_E_AGAIN, "too_many_requests",
           "256 calls and subscriptions of this module are open");
    return false;
  };
  wire::ModuleCall call;
  wire::Subscribe subscription;
  const bool isCall = frame.type == wire::Type::ModuleCall;
  if (isCall ? !wire::decode(frame.payload, call) : !wire::decode(frame.payload, subscription)) {
    why = isCall ? "malformed module_call frame" : "malformed subscribe frame";
    return false;
  }
  const uint64_t token = isCall ? call.head.token : subscription.head.token;
  if (token == 0 || isOpen(token)) {
    why = "a request with a token that is 0 or open";
    return false;
  }
  if (isCall && admit(token, BUSBAR_EV_CALL)) {
    this->call(call);
  } else if (!isCall && admit(token, BUSBAR_EV_VALUE)) {
    subscribe(subscription);
  }
  return true;
}

void ModulesService::call(const wire::ModuleCall& m) {
  if (isInterface(m.target)) {
    callInterface(m);
    return;
  }
  const model::Module* mod = hub_.resolve(systemId_, m.target);
  if (mod == nullptr) {
    refuse(client_, BUSBAR_EV_CALL, m.head.token, BUSBAR_E_NOTFOUND, "module_not_found",
           "the system has no module " + quoted(m.target));
  } else if (mod->id == client_.moduleId()) {
    refuse(client_, BUSBAR_EV_CALL, m.head.token, BUSBAR_E_STATE, "call_loop",
           quoted(m.target) + " is the calling module itself");
  } else {
    calls_.one(m, mod->id);
  }
}

void ModulesService::callInterface(const wire::ModuleCall& m) {
  std::vector<const SystemMember*> targets;
  for (const SystemMember& member : members_) {
    if (member.moduleId != client_.moduleId() && implements(member, m.target)) {
      targets.push_back(&member);
    }
  }
  if (targets.empty()) {
    refuse(client_, BUSBAR_EV_CALL, m.head.token, BUSBAR_E_NOTFOUND, "module_not_found",
           "no other module of the system implements " + quoted(m.target));
    return;
  }
  calls_.each(m, targets);
}

void ModulesService::subscribe(const wire::Subscribe& m) {
  if (m.target.empty() || m.key.empty()) {
    refuse(client_, BUSBAR_EV_VALUE, m.head.token, BUSBAR_E_INVALID, "bad_subscription",
           "a subscription needs a target and a key");
    return;
  }
  values_.add(m, members_);
}

void ModulesService::release(uint64_t token) {
  if (!calls_.release(token)) {
    values_.release(token);
  }
}

void ModulesService::systemChanged() {
  members_ = hub_.membersOf(systemId_);
  announce();
  values_.systemChanged(members_);
}

void ModulesService::announce() {
  announceLater_ = client_.unsentBytes() > ValueSubscriptions::kMaxUnsentBytes;
  if (announceLater_) {
    retryLater();
    return;
  }
  std::string list = toJson(members_, client_.moduleId(), hub_.host());
  if (list == announced_) {
    return;
  }
  announced_ = std::move(list);
  wire::ServiceEvent event;
  event.type = BUSBAR_EV_MODULES;
  event.doc = announced_;
  client_.send(event);
}

void ModulesService::retryLater() {
  if (retryTimer_ != 0) {
    return;
  }
  retryTimer_ = hub_.loop().runAfter(kRetryPeriod, [this] {
    retryTimer_ = 0;
    if (announceLater_) {
      announce();
    }
    if (!values_.flush()) {
      retryLater();
    }
  });
}

ServiceProvider modulesProvider(ModuleHub& hub) {
  ServiceProvider provider;
  provider.extension = "busbar.modules/1";
  provider.frames = {wire::Type::ModuleCall, wire::Type::Subscribe};
  provider.atStart = true;
  provider.make = [&hub](ServiceClient& client) -> std::unique_ptr<Service> {
    return std::make_unique<ModulesService>(hub, client);
  };
  return provider;
}

}  // namespace busbar
