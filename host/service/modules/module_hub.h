// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "host/client/host_client.h"
#include "registry/site/site.h"
#include "sdk/base/event_loop.h"

namespace busbar {

// One module of a system, by the name that it has there.
struct SystemMember {
  std::string name;  // "Display_1"
  std::string moduleId;
  std::vector<std::string> interfaces;  // "powerable/1"
};
using SystemMembers = std::vector<SystemMember>;

// A target is a name, "Display_1", or an interface, "powerable/1".
bool isInterface(std::string_view target);
bool implements(const SystemMember& member, std::string_view interface);

// What the modules services of one host share: who is in a system, and the host's events by module
// and key. One subscription to the host, and only while a service is there; a state update that
// nobody watches costs one look-up. Loop-only.
class ModuleHub {
 public:
  struct Context {
    EventLoop& loop;
    HostClient& host;
    const Site& site;
    // The interfaces that a driver implements.
    Callback<std::vector<std::string>(const model::Driver& driver)> interfacesOf;
  };
  // Told at the end of a turn in which the system changed: members, their names, interfaces,
  // running, connected.
  class Follower {
   public:
    virtual void systemChanged() = 0;

   protected:
    ~Follower() = default;
  };
  // Told of each value of one key. Must not watch or unwatch from within.
  class Watcher {
   public:
    virtual void valueChanged(const StateEntry& entry, bool conflates) = 0;

   protected:
    ~Watcher() = default;
  };

  explicit ModuleHub(Context context);
  ModuleHub(const ModuleHub&) = delete;
  ModuleHub& operator=(const ModuleHub&) = delete;
  ~ModuleHub();

  // After the site shows the change.
  void siteChanged(const ConfigChange& change);

  void follow(const std::string& systemId, Follower& follower);
  void unfollow(const std::string& systemId, Follower& follower);
  void watch(const std::string& moduleId, const std::string& key, Watcher& watcher);
  void unwatch(const std::string& moduleId, const std::string& key, Watcher& watcher);

  // In the order of the system; empty when it is gone.
  SystemMembers membersOf(std::string_view systemId);
  // The module that "Display_1" or "Display" means; nullptr when there is none.
  const model::Module* resolve(std::string_view systemId, std::string_view slug) const {
    return context_.site.resolve(systemId, slug);
  }
  HostClient& host() { return context_.host; }
  EventLoop& loop() { return context_.loop; }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };
  template <class T>
  using ByText = std::unordered_map<std::string, T, Hash, std::equal_to<>>;

  void onEvent(const HostEvent& event);
  void onState(const HostEvent& event);
  void touchSystemsOf(std::string_view moduleId);
  void touch(const std::string& systemId);
  void tellFollowers();

  Context context_;
  ByText<std::vector<Follower*>> followers_;                    // by system
  ByText<ByText<std::vector<Watcher*>>> watchers_;              // by module, then key
  std::set<std::string, std::less<>> touched_;                  // systems
  std::unique_ptr<Subscription> subscription_;                  // while there are followers
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for the deferred task
};

}  // namespace busbar
