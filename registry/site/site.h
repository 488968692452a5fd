// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "registry/model/records.h"
#include "registry/store/config_store.h"
#include "sdk/base/callback.h"

namespace busbar {

// The whole configuration in memory: every reader's view of it, as of one position of the change
// log. Made from a snapshot and kept current by the store's changes. Returned pointers are valid
// until the next reset() or apply(). Loop-only.
class Site {
 public:
  // `before` is the row as it was; nullptr for an insert. Called after the site shows the change.
  using Listener = Callback<void(const ConfigChange& change, const model::Record* before)>;
  // Ends the subscription when destroyed. May outlive the site.
  class Subscription {
   public:
    Subscription() = default;
    Subscription(Subscription&&) = default;
    Subscription& operator=(Subscription&&) = default;

   private:
    friend class Site;
    std::shared_ptr<Listener> listener_;  // the site holds a weak_ptr
  };

  Site() = default;
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  // Loads the store's snapshot, then follows its changes. The site must outlive the store.
  void follow(ConfigStore& store, Instant deadline, Callback<void(Status)> done);
  // Replaces everything. Listeners are kept and not called.
  void reset(const ConfigSnapshot& snapshot);
  void apply(const ConfigChange& change);
  uint64_t position() const { return position_; }
  [[nodiscard]] Subscription subscribe(Listener listener);

  const model::Driver* findDriver(std::string_view id) const { return find(drivers_, id); }
  const model::Module* findModule(std::string_view id) const { return find(modules_, id); }
  const model::System* findSystem(std::string_view id) const { return find(systems_, id); }
  const model::Zone* findZone(std::string_view id) const { return find(zones_, id); }
  const model::Settings* findSettings(std::string_view id) const { return find(settings_, id); }
  const model::User* findUser(std::string_view id) const { return find(users_, id); }
  const model::ApiKey* findApiKey(std::string_view id) const { return find(apiKeys_, id); }
  const model::Domain* findDomain(std::string_view id) const { return find(domains_, id); }
  const model::OauthApp* findOauthApp(std::string_view id) const { return find(apps_, id); }
  const model::Group* findGroup(std::string_view id) const { return find(groups_, id); }
  const model::GroupUser* findGroupUser(std::string_view id) const { return find(groupUsers_, id); }
  const model::GroupZone* findGroupZone(std::string_view id) const { return find(groupZones_, id); }
  const model::GroupInvitation* findGroupInvitation(std::string_view id) const {
    return find(invitations_, id);
  }
  const model::Metadata* findMetadata(std::string_view id) const { return find(metadata_, id); }
  const model::Schema* findSchema(std::string_view id) const { return find(schemas_, id); }
  const model::Trigger* findTrigger(std::string_view id) const { return find(triggers_, id); }
  const model::TriggerInstance* findTriggerInstance(std::string_view id) const {
    return find(instances_, id);
  }
  // Any of them, by its table.
  bool contains(model::Table table, std::string_view id) const;

  // Every row, by id, which is the order of creation.
  std::vector<const model::Driver*> drivers() const { return sorted(drivers_); }
  std::vector<const model::Module*> modules() const { return sorted(modules_); }
  std::vector<const model::System*> systems() const { return sorted(systems_); }
  std::vector<const model::Zone*> zones() const { return sorted(zones_); }
  std::vector<const model::User*> users() const { return sorted(users_); }
  std::vector<const model::ApiKey*> apiKeys() const { return sorted(apiKeys_); }
  std::vector<const model::Domain*> domains() const { return sorted(domains_); }
  std::vector<const model::OauthApp*> oauthApps() const { return sorted(apps_); }
  std::vector<const model::Group*> groups() const { return sorted(groups_); }
  std::vector<const model::GroupUser*> groupUsers() const { return sorted(groupUsers_); }
  std::vector<const model::GroupZone*> groupZones() const { return sorted(groupZones_); }
  std::vector<const model::GroupInvitation*> groupInvitations() const {
    return sorted(invitations_);
  }
  std::vector<const model::Metadata*> metadata() const { return sorted(metadata_); }
  std::vector<const model::Settings*> settings() const { return sorted(settings_); }
  std::vector<const model::Schema*> schemas() const { return sorted(schemas_); }
  std::vector<const model::Trigger*> triggers() const { return sorted(triggers_); }
  std::vector<const model::TriggerInstance*> triggerInstances() const { return sorted(instances_); }

  // The same for code that serves every table.
  template <class Row>
  const Row* findRow(std::string_view id) const {
    return find(this->*rows(static_cast<const Row*>(nullptr)), id);
  }
  template <class Row>
  std::vector<const Row*> all() const {
    return sorted(this->*rows(static_cast<const Row*>(nullptr)));
  }

  // The oldest domain; nullptr before the first one is made.
  const model::Domain* defaultDomain() const;
  // The domain that answers for a host (model::hostOf), the default one when none has that name.
  const model::Domain* domainForHost(std::string_view lowerHost) const;
  const model::Domain* findDomainByHost(std::string_view lowerHost) const;
  // An empty id means the default domain, in rows and in what asks here; "" when there is none yet.
  std::string_view domainIdOf(std::string_view domainId) const;
  std::string_view domainIdOf(const model::User& user) const { return domainIdOf(user.domainId); }

  // In one domain; all three compare exactly.
  const model::User* findUserByEmail(std::string_view domainId, std::string_view lowerEmail) const;
  const model::User* findUserByLoginName(std::string_view domainId, std::string_view name) const;
  const model::User* findUserByStaffId(std::string_view domainId, std::string_view staffId) const;
  const model::OauthApp* findOauthAppByUid(std::string_view domainId, std::string_view uid) const;
  const model::GroupUser* findGroupUser(std::string_view groupId, std::string_view userId) const;
  const model::GroupZone* findGroupZone(std::string_view groupId, std::string_view zoneId) const;
  const model::ApiKey* findApiKeyByHash(std::string_view secretHash) const;
  // The first system (by id) with that e-mail address.
  const model::System* findSystemByEmail(std::string_view lowerEmail) const;

  // Ids in order of creation; an empty set when there is none.
  using Ids = std::set<std::string, std::less<>>;
  const Ids& modulesOfDriver(std::string_view driverId) const;
  const Ids& systemsOfModule(std::string_view moduleId) const;
  const Ids& logicModulesOfSystem(std::string_view systemId) const;
  const Ids& systemsOfZone(std::string_view zoneId) const;
  const Ids& childrenOfZone(std::string_view zoneId) const;
  const Ids& apiKeysOfUser(std::string_view userId) const;
  const Ids& appsOfDomain(std::string_view domainId) const;
  const Ids& groupsOfDomain(std::string_view domainId) const;
  const Ids& childrenOfGroup(std::string_view groupId) const;
  const Ids& instancesOfTrigger(std::string_view triggerId) const;
  const Ids& instancesOfSystem(std::string_view systemId) const;
  const Ids& instancesOfZone(std::string_view zoneId) const;     // which it made
  const Ids& triggersOfSystem(std::string_view systemId) const;  // which belong to it
  const Ids& zonesOfTrigger(std::string_view triggerId) const;   // whose lists have it
  std::vector<const model::User*> usersOfDomain(std::string_view domainId) const;
  std::vector<const model::GroupUser*> usersOfGroup(std::string_view groupId) const;
  std::vector<const model::GroupUser*> groupsOfUser(std::string_view userId) const;
  std::vector<const model::GroupZone*> zonesOfGroup(std::string_view groupId) const;
  std::vector<const model::GroupZone*> groupsOfZone(std::string_view zoneId) const;
  std::vector<const model::GroupInvitation*> invitationsOfGroup(std::string_view groupId) const;
  // The documents of one parent, lowest level first.
  std::vector<const model::Settings*> settingsOf(std::string_view parentId) const;

  // By name.
  std::vector<const model::Metadata*> metadataOf(std::string_view parentId) const;
  const model::Metadata* findMetadata(std::string_view parentId, std::string_view name) const;

  // The name a module has in its systems: its custom name, else the driver's module name.
  std::string_view resolvedName(const model::Module& mod) const;
  // The module a slug means in a system: "Display_2", or "Display" for the first. The number is
  // what follows the last underscore if that is an integer. nullptr when the system or the module
  // is absent.
  const model::Module* resolve(std::string_view systemId, std::string_view slug) const;
  // Resolved name -> module ids in the order of the system's list. nullptr when there is no such
  // system.
  using Names = std::map<std::string, std::vector<const model::Module*>, std::less<>>;
  const Names* namesOf(std::string_view systemId) const;

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };
  template <class T>
  using ById = std::unordered_map<std::string, T, Hash, std::equal_to<>>;
  using Index = ById<Ids>;

  template <class T>
  static const T* find(const ById<T>& rows, std::string_view id) {
    const auto it = rows.find(id);
    return it == rows.end() ? nullptr : &it->second;
  }
  template <class T>
  static std::vector<const T*> sorted(const ById<T>& rows);
  static const Ids& idsIn(const Index& index, std::string_view key);
  template <class T>
  static std::vector<const T*> rowsIn(const ById<T>& rows, const Index& index,
                                      std::string_view key);
  // Two members as one key; neither holds a line feed.
  static std::string pairKey(std::string_view first, std::string_view second);
  const model::User* userBy(const ById<std::string>& index, std::string_view domainId,
                            std::string_view value) const;
  static void link(Index& index, const std::string& key, const std::string& id, bool add);

  // Adds (or takes away) a row's entries in the indexes.
  void index(const model::Driver&, bool) {}
  void index(const model::Module& mod, bool add);
  void index(const model::System& system, bool add);
  void index(const model::Zone& zone, bool add);
  void index(const model::Settings& settings, bool add);
  void index(const model::User& user, bool add);
  void index(const model::ApiKey& key, bool add);
  void index(const model::Domain& domain, bool add);
  void index(const model::OauthApp& app, bool add);
  void index(const model::Group& group, bool add);
  void index(const model::GroupUser& membership, bool add);
  void index(const model::GroupZone& grant, bool add);
  void index(const model::GroupInvitation& invitation, bool add);
  static void linkOne(ById<std::string>& index, const std::string& key, const std::string& id,
                      bool add);
  void index(const model::Metadata& metadata, bool add);
  void index(const model::Schema&, bool) {}
  void index(const model::Trigger& trigger, bool add);
  void index(const model::TriggerInstance& instance, bool add);
  // Forgets the cached names that a change of the row may alter.
  void forgetNames(const model::Record& record);
  static ById<model::Driver> Site::* rows(const model::Driver*) { return &Site::drivers_; }
  static ById<model::Module> Site::* rows(const model::Module*) { return &Site::modules_; }
  static ById<model::System> Site::* rows(const model::System*) { return &Site::systems_; }
  static ById<model::Zone> Site::* rows(const model::Zone*) { return &Site::zones_; }
  static ById<model::Settings> Site::* rows(const model::Settings*) { return &Site::settings_; }
  static ById<model::User> Site::* rows(const model::User*) { return &Site::users_; }
  static ById<model::ApiKey> Site::* rows(const model::ApiKey*) { return &Site::apiKeys_; }
  static ById<model::Domain> Site::* rows(const model::Domain*) { return &Site::domains_; }
  static ById<model::OauthApp> Site::* rows(const model::OauthApp*) { return &Site::apps_; }
  static ById<model::Group> Site::* rows(const model::Group*) { return &Site::groups_; }
  static ById<model::GroupUser> Site::* rows(const model::GroupUser*) { return &Site::groupUsers_; }
  static ById<model::GroupZone> Site::* rows(const model::GroupZone*) { return &Site::groupZones_; }
  static ById<model::GroupInvitation> Site::* rows(const model::GroupInvitation*) {
    return &Site::invitations_;
  }
  static ById<model::Metadata> Site::* rows(const model::Metadata*) { return &Site::metadata_; }
  static ById<model::Schema> Site::* rows(const model::Schema*) { return &Site::schemas_; }
  static ById<model::Trigger> Site::* rows(const model::Trigger*) { return &Site::triggers_; }
  static ById<model::TriggerInstance> Site::* rows(const model::TriggerInstance*) {
    return &Site::instances_;
  }
  // Stores or removes one row; returns what stood there before.
  std::unique_ptr<model::Record> put(const ConfigChange& change);

  uint64_t position_ = 0;
  ById<model::Driver> drivers_;
  ById<model::Module> modules_;
  ById<model::System> systems_;
  ById<model::Zone> zones_;
  ById<model::Settings> settings_;
  ById<model::User> users_;
  ById<model::ApiKey> apiKeys_;
  ById<model::Domain> domains_;
  ById<model::OauthApp> apps_;
  ById<model::Group> groups_;
  ById<model::GroupUser> groupUsers_;
  ById<model::GroupZone> groupZones_;
  ById<model::GroupInvitation> invitations_;
  ById<model::Metadata> metadata_;
  ById<model::Schema> schemas_;
  ById<model::Trigger> triggers_;
  ById<model::TriggerInstance> instances_;
  Index modulesByDriver_;
  Index systemsByModule_;
  Index logicBySystem_;
  Index systemsByZone_;
  Index childrenByZone_;
  Index settingsByParent_;
  Index metadataByParent_;
  Index keysByUser_;
  Index systemsByEmail_;
  Index usersByDomain_;  // by pairKey("", domainId as stored), which may be empty
  Index appsByDomain_;
  Index groupsByDomain_;
  Index childrenByGroup_;
  Index usersByGroup_;
  Index groupsByUser_;
  Index zonesByGroup_;
  Index groupsByZone_;
  Index instancesByTrigger_;
  Index instancesBySystem_;
  Index instancesByZone_;
  Index triggersBySystem_;
  Index zonesByTrigger_;
  Index invitationsByGroup_;
  Ids domainIds_;
  ById<std::string> domainByHost_;
  ById<std::string> userByEmail_;  // this and the next three: by pairKey(domain, value)
  ById<std::string> userByLoginName_;
  ById<std::string> userByStaffId_;
  ById<std::string> appByUid_;
  ById<std::string> groupUserByPair_;  // pairKey(group, user)
  ById<std::string> groupZoneByPair_;  // pairKey(group, zone)
  ById<std::string> keyByHash_;
  mutable ById<Names> names_;  // by system, made on first use
  std::list<std::weak_ptr<Listener>> listeners_;
};

}  // namespace busbar
