// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/events/event_hub.h"

#include <algorithm>
#include <deque>
#include <variant>

#include "api/events/event_text.h"
#include "api/http/problem.h"
#include "api/resources/page.h"

namespace busbar::api {
namespace {

constexpr auth::Access kEventsAccess{auth::Permission::ZoneRead, "control"};
constexpr size_t kDirtyBytes = 64;  // what one waiting status key costs its reader
constexpr std::string_view kBeat = ": beat\n\n";
// A routing table of more modules than this is made anew.
constexpr size_t kMaxRouting = 100'000;

}  // namespace

struct EventHub::Latest {
  std::string text;
};

// One reader: what it wants, and what waits for it.
class EventHub::Client {
 public:
  Client(EventHub& hub, auth::Authenticator& authenticator,
         std::shared_ptr<const auth::Principal> principal, EventFilter filter,
         http::EventStream stream)
      : hub_(hub),
        authenticator_(authenticator),
        principal_(std::move(principal)),
        filter_(std::move(filter)),
        stream_(std::move(stream)) {
    stream_.onDrained([this] { flush(); });
    stream_.onClosed([this] { hub_.remove(this); });
  }

  const EventFilter& filter() const { return filter_; }
  bool isDead() const { return isDead_; }

  // False: its credential holds no more, or no longer for all that this reads.
  bool isStillAllowed() {
    auth::AuthOutcome outcome = authenticator_.recheck(*principal_);
    if (!outcome.principal ||
        auth::decide(kEventsAccess, *outcome.principal, false) != auth::Verdict::Allowed) {
      return false;
    }
    principal_ = std::move(outcome.principal);
    if (!principal_->isSupport()) {
      filter_.seesProtected = false;
    }
    const bool isForSupport = filter_.wantsLog || filter_.wantsTrigger ||
                              (filter_.wantsProgress && filter_.seesEveryCall);
    return !isForSupport || principal_->isSupport();
  }

  void beginSnapshot(std::vector<std::string> moduleIds) {
    snapshot_.assign(moduleIds.begin(), moduleIds.end());
    flush();
  }

  void beat() {
    if (!isBehind_) {
      write(kBeat);
    }
  }

  // An event that no newer one replaces.
  void give(const std::string& text) {
    if (!isBehind_) {
      write(text);
      return;
    }
    pending_.emplace_back(text);
    addPending(text.size());
  }

  bool isBehind() const { return isBehind_; }

  // The value of a status key changed while this reader is behind.
  void giveLatest(const std::shared_ptr<Latest>& latest) {
    if (dirty_.emplace(latest.get(), true).second) {
      pending_.emplace_back(latest);
      addPending(kDirtyBytes);
    } else {
      ++hub_.counts_.conflated;
    }
  }

 private:
  void write(std::string_view text) {
    ++hub_.counts_.written;
    switch (stream_.write(text)) {
      case http::StreamWrite::Sent:
        return;
      case http::StreamWrite::Behind:
        isBehind_ = true;
        return;
      case http::StreamWrite::Gone:
        isBehind_ = true;  // onClosed follows
        isDead_ = true;
    }
  }

  void addPending(size_t bytes) {
    pendingBytes_ += bytes;
    if (pendingBytes_ > kMaxPendingBytes && !isDead_) {
      isDead_ = true;
      ++hub_.counts_.cut;
      hub_.loop_.defer([hub = &hub_, alive = std::weak_ptr<bool>(alive_), this] {
        if (!alive.expired()) {
          stream_.cut();
          hub->remove(this);
        }
      });
    }
  }

  void flush() {
    isBehind_ = false;
    while (!isBehind_ && !pending_.empty()) {
      const auto next = std::move(pending_.front());
      pending_.pop_front();
      if (const auto* latest = std::get_if<std::shared_ptr<Latest>>(&next)) {
        dirty_.erase(latest->get());
        pendingBytes_ -= kDirtyBytes;
        write((*latest)->text);
      } else {
        const std::string& text = std::get<std::string>(next);
        pendingBytes_ -= text.size();
        write(text);
      }
    }
    while (!isBehind_ && !snapshot_.empty()) {
      const std::string moduleId = std::move(snapshot_.front());
      snapshot_.pop_front();
      writeSnapshot(moduleId);
    }
  }

  // All of one module at once: its keys are bounded by the host.
  void writeSnapshot(const std::string& moduleId) {
    if (hub_.site_.findModule(moduleId) == nullptr) {
      return;
    }
    std::string text;
    if (filter_.wantsModule) {
      text += toSnapshotText(hub_.nextId_++, moduleId, hub_.host_.health(moduleId));
    }
    if (filter_.wantsState) {
      if (const auto entries = hub_.host_.state(moduleId)) {
        for (const StateEntry& entry : *entries) {
          text += toSnapshotText(hub_.nextId_++, moduleId, entry);
        }
      }
    }
    if (!text.empty()) {
      write(text);
    }
  }

  EventHub& hub_;
  auth::Authenticator& authenticator_;
  std::shared_ptr<const auth::Principal> principal_;  // shared with the authenticator's cache
  EventFilter filter_;
  http::EventStream stream_;
  bool isBehind_ = false;
  bool isDead_ = false;
  size_t pendingBytes_ = 0;
  std::deque<std::variant<std::string, std::shared_ptr<Latest>>> pending_;
  std::unordered_map<const Latest*, bool> dirty_;
  std::deque<std::string> snapshot_;  // modules still to be told of
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

EventHub::EventHub(EventLoop& loop, Site& site, HostClient& host)
    : loop_(loop), site_(site), host_(host) {}

EventHub::~EventHub() {
  *isAlive_ = false;
  loop_.cancel(beatTimer_);
  hostSubscription_.reset();
  clients_.clear();
}

EventHub::Counts EventHub::counts() const {
  Counts counts = counts_;
  counts.streams = clients_.size();
  return counts;
}

void EventHub::addRoutes(http::Router& router) {
  router.add(http::Method::Get, "/api/busbar/v1/events", kEventsAccess,
             [this, &router](http::Request& request, http::Responder responder) {
               open(router, request, std::move(responder));
             });
}

void EventHub::open(http::Router& router, http::Request& request, http::Responder responder) {
  auto filter = EventFilter::parse(request, site_);
  if (!filter) {
    responder.send(http::problem(filter.error(), request));
    return;
  }
  if (const auto bad = findBadFlag(request, {"snapshot"})) {
    responder.send(http::problem(bad->error, request, bad->extra));
    return;
  }
  if (clients_.size() >= kMaxStreams) {
    responder.send(http::problem(Error::because(ErrorCode::Unavailable, "too_many_streams",
                                                "too many event streams are open"),
                                 request));
    return;
  }
  std::vector<std::string> snapshot;
  if (flagOf(request, "snapshot", false)) {
    for (const model::Module* mod : site_.modules()) {
      if (filter->covers(site_, mod->id)) {
        snapshot.push_back(mod->id);
      }
    }
  }
  http::Response head(200);
  head.setBody("text/event-stream", "");
  head.set("Cache-Control", "no-store");
  head.set("X-Accel-Buffering", "no");
  http::EventStream stream = responder.stream(std::move(head));
  if (!stream.isOpen()) {
    return;
  }
  stream.write(": open\n\n");
  clients_.push_back(std::make_unique<Client>(*this, router.authenticator(),
                                              request.sharedPrincipal(), std::move(*filter),
                                              std::move(stream)));
  forgetRouting();
  if (!hostSubscription_) {
    hostSubscription_ = host_.subscribe([this](const HostEvent& event) { onEvent(event); });
    siteSubscription_ = site_.subscribe(
        [this](const ConfigChange& change, const model::Record*) { onSiteChange(change); });
  }
  if (beatTimer_ == 0) {
    beatTimer_ = loop_.runAfter(kHeartbeat, [this] { beat(); });
  }
  clients_.back()->beginSnapshot(std::move(snapshot));
}

void EventHub::onSiteChange(const ConfigChange& change) {
  forgetRouting();
  if (std::holds_alternative<model::User>(change.record) ||
      std::holds_alternative<model::ApiKey>(change.record)) {
    recheckSoon();
  }
}

void EventHub::recheckSoon() {
  if (clients_.empty() || std::exchange(willRecheck_, true)) {
    return;
  }
  loop_.defer([this, isAlive = isAlive_] {
    if (*isAlive) {
      willRecheck_ = false;
      recheckAll();
    }
  });
}

void EventHub::recheckAll() {
  forgetRouting();
  std::vector<Client*> refused;
  for (const auto& client : clients_) {
    if (!client->isDead() && !client->isStillAllowed()) {
      refused.push_back(client.get());
    }
  }
  for (Client* client : refused) {
    remove(client);
  }
}

const std::vector<EventHub::Client*>& EventHub::clientsOf(std::string_view moduleId) {
  std::string key(moduleId);
  const auto known = routing_.find(key);
  if (known != routing_.end()) {
    return known->second;
  }
  if (routing_.size() >= kMaxRouting) {
    forgetRouting();
  }
  std::vector<Client*> clients;
  for (const auto& client : clients_) {
    if (client->filter().covers(site_, moduleId)) {
      clients.push_back(client.get());
    }
  }
  return routing_.emplace(std::move(key), std::move(clients)).first->second;
}

void EventHub::onTriggerState(std::string_view instanceId, std::string_view systemId,
                              std::string_view stateJson) {
  std::string text;
  std::shared_ptr<Latest> latest;
  for (const auto& client : clients_) {
    if (client->isDead() || !client->filter().coversTrigger(systemId)) {
      continue;
    }
    if (text.empty()) {
      ++counts_.events;
      text = toTriggerText(nextId_++, instanceId, systemId, stateJson);
    }
    giveNewest(*client, instanceId, "", text, latest);
  }
}

// At once to a reader that keeps up; towards another one it takes the place of an older value.
void EventHub::giveNewest(Client& client, std::string_view subject, std::string_view key,
                          const std::string& text, std::shared_ptr<Latest>& latest) {
  if (!client.isBehind()) {
    client.give(text);
    return;
  }
  if (!latest) {
    auto& slot = latest_[Key(subject, key)];
    latest = slot.lock();
    if (!latest) {
      latest = std::make_shared<Latest>();  // shared by the readers that wait for it
      slot = latest;
    }
    latest->text = text;
  }
  client.giveLatest(latest);
}

void EventHub::onEvent(const HostEvent& event) {
  ++counts_.events;
  const auto& clients = clientsOf(event.moduleId);
  std::string text;
  std::shared_ptr<Latest> latest;
  const bool conflates = event.kind == HostEvent::Kind::State && event.conflates;
  for (Client* client : clients) {
    if (client->isDead() || !client->filter().wants(event)) {
      continue;
    }
    if (text.empty()) {
      text = toEventText(nextId_++, event);
    }
    if (conflates) {
      giveNewest(*client, event.moduleId, event.state->key, text, latest);
    } else {
      client->give(text);
    }
  }
}

void EventHub::remove(Client* client) {
  const auto it = std::find_if(clients_.begin(), clients_.end(),
                               [client](const auto& own) { return own.get() == client; });
  if (it == clients_.end()) {
    return;
  }
  const std::unique_ptr<Client> last = std::move(*it);
  clients_.erase(it);
  forgetRouting();
  if (clients_.empty()) {
    hostSubscription_.reset();
    siteSubscription_ = Site::Subscription();
    loop_.cancel(beatTimer_);
    beatTimer_ = 0;
    latest_.clear();
  }
}

void EventHub::beat() {
  beatTimer_ = loop_.runAfter(kHeartbeat, [this] { beat(); });
  recheckAll();
  std::erase_if(latest_, [](const auto& entry) { return entry.second.expired(); });
  for (const auto& client : clients_) {
    client->beat();
  }
}

}  // namespace busbar::api
