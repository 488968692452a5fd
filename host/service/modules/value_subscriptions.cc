// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/service/modules/value_subscriptions.h"

#include <algorithm>
#include <utility>

#include <busbar/driver.h>

namespace busbar {
namespace {

constexpr size_t kBytesPerValue = 64;  // what holds it, besides its text

}  // namespace

struct ValueSubscriptions::Subscription {
  uint64_t token = 0;
  std::string target;
  std::string key;
  bool ended = false;  // told so; taken away at the next flush
  std::vector<std::unique_ptr<Source>> sources;
};

class ValueSubscriptions::Source final : public ModuleHub::Watcher {
 public:
  Source(ValueSubscriptions& owner, Subscription& of, const Place& place)
      : subscription(of), name(place.name), moduleId(place.moduleId), owner_(owner) {
    if (!moduleId.empty()) {
      owner_.hub_.watch(moduleId, subscription.key, *this);
    }
  }
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  ~Source() {
    forgetWaiting();
    if (!moduleId.empty()) {
      owner_.hub_.unwatch(moduleId, subscription.key, *this);
    }
  }
  void valueChanged(const StateEntry& entry, bool conflates) override {
    owner_.changed(*this, entry, conflates);
  }
  bool isWaiting() const { return stale || !waiting.empty(); }
  void forgetWaiting() {
    for (const std::string& json : waiting) {
      owner_.waitingBytes_ -= json.size() + kBytesPerValue;
    }
    waiting.clear();
    stale = false;
  }

  Subscription& subscription;
  const std::string name;
  const std::string moduleId;  // empty: no module has that name now
  bool stale = false;          // the module does not know the newest value
  std::deque<std::string> waiting;

 private:
  ValueSubscriptions& owner_;
};

ValueSubscriptions::ValueSubscriptions(ModuleHub& hub, ServiceClient& client,
                                       Callback<void()> stalled)
    : hub_(hub), client_(client), stalled_(std::move(stalled)) {}

ValueSubscriptions::~ValueSubscriptions() = default;

void ValueSubscriptions::add(const wire::Subscribe& request, const SystemMembers& members) {
  auto& subscription = subscriptions_.emplace_back(std::make_unique<Subscription>());
  subscription->token = request.head.token;
  subscription->target = request.target;
  subscription->key = request.key;
  remap(*subscription, members);
}

bool ValueSubscriptions::release(uint64_t token) {
  return std::erase_if(subscriptions_,
                       [token](const auto& known) { return known->token == token; }) != 0;
}

bool ValueSubscriptions::contains(uint64_t token) const {
  return std::any_of(subscriptions_.begin(), subscriptions_.end(),
                     [token](const auto& known) { return known->token == token && !known->ended; });
}

void ValueSubscriptions::systemChanged(const SystemMembers& members) {
  for (const auto& subscription : subscriptions_) {
    if (!subscription->ended) {
      remap(*subscription, members);
    }
  }
}

// The modules that the target means now, by name; one without id when it means none.
std::vector<ValueSubscriptions::Place> ValueSubscriptions::placesOf(
    const Subscription& subscription, const SystemMembers& members) const {
  std::vector<Place> places;
  if (isInterface(subscription.target)) {
    for (const SystemMember& member : members) {
      if (member.moduleId != client_.moduleId() && implements(member, subscription.target)) {
        places.push_back({member.name, member.moduleId});
      }
    }
    return places;
  }
  const model::Module* mod = hub_.resolve(client_.systemId(), subscription.target);
  const auto member = std::find_if(members.begin(), members.end(), [mod](const auto& candidate) {
    return mod != nullptr && candidate.moduleId == mod->id;
  });
  if (member != members.end()) {
    places.push_back({member->name, member->moduleId});
  } else {
    places.push_back({subscription.target, {}});
  }
  return places;
}

void ValueSubscriptions::remap(Subscription& subscription, const SystemMembers& members) {
  const std::vector<Place> places = placesOf(subscription, members);
  std::vector<std::unique_ptr<Source>> gone;
  std::erase_if(subscription.sources, [&](std::unique_ptr<Source>& source) {
    const bool stays = std::any_of(places.begin(), places.end(), [&](const Place& place) {
      return place.name == source->name && place.moduleId == source->moduleId;
    });
    if (!stays) {
      gone.push_back(std::move(source));
    }
    return !stays;
  });
  for (const auto& source : gone) {
    const bool hasHeir = std::any_of(places.begin(), places.end(), [&](const Place& place) {
      return place.name == source->name;
    });
    if (!hasHeir && !source->moduleId.empty()) {
      send(subscription, source->name, {});
    }
  }
  for (const Place& place : places) {
    const bool known = std::any_of(subscription.sources.begin(), subscription.sources.end(),
                                   [&](const auto& source) { return source->name == place.name; });
    if (!known) {
      subscription.sources.push_back(std::make_unique<Source>(*this, subscription, place));
      sendPresent(*subscription.sources.back());
    }
  }
}

void ValueSubscriptions::sendPresent(Source& source) {
  if (isSlow()) {
    source.stale = true;
    stalled_();
    return;
  }
  source.stale = false;
  const auto present = source.moduleId.empty()
                           ? Result<std::string>(std::string())
                           : hub_.host().stateKey(source.moduleId, source.subscription.key);
  send(source.subscription, source.name, present.ok() ? *present : std::string());
}

void ValueSubscriptions::send(const Subscription& subscription, std::string_view source,
                              std::string_view json) {
  wire::ServiceEvent event;
  event.type = BUSBAR_EV_VALUE;
  event.token = subscription.token;
  event.source = source;
  event.key = subscription.key;
  event.doc = json;
  client_.send(event);
}

void ValueSubscriptions::changed(Source& source, const StateEntry& entry, bool conflates) {
  if (source.subscription.ended) {
    return;
  }
  if (!source.isWaiting() && !isSlow()) {
    send(source.subscription, source.name, entry.json);
  } else if (conflates) {
    source.stale = true;
    stalled_();
  } else if (waitingBytes_ + entry.json.size() + kBytesPerValue > kMaxWaitingBytes) {
    end(source.subscription);
  } else {
    waitingBytes_ += entry.json.size() + kBytesPerValue;
    source.waiting.push_back(entry.json);
    stalled_();
  }
}

void ValueSubscriptions::end(Subscription& subscription) {
  subscription.ended = true;
  for (const auto& source : subscription.sources) {
    source->forgetWaiting();
  }
  refuse(client_, BUSBAR_EV_VALUE, subscription.token, BUSBAR_E_AGAIN, "subscriber_too_slow",
         "values of " + subscription.target + " " + subscription.key +
             " came faster than this module took them; subscribe again");
  stalled_();
}

bool ValueSubscriptions::flush(Source& source) {
  while (!source.waiting.empty() && !isSlow()) {
    const std::string json = std::move(source.waiting.front());
    source.waiting.pop_front();
    waitingBytes_ -= json.size() + kBytesPerValue;
    send(source.subscription, source.name, json);
  }
  if (source.waiting.empty() && source.stale && !isSlow()) {
    sendPresent(source);
  }
  return !source.isWaiting();
}

bool ValueSubscriptions::flush() {
  std::erase_if(subscriptions_, [](const auto& subscription) { return subscription->ended; });
  bool allGone = true;
  for (const auto& subscription : subscriptions_) {
    for (const auto& source : subscription->sources) {
      allGone = flush(*source) && allGone;
    }
  }
  return allGone;
}

}  // namespace busbar
