// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/site/site.h"

namespace busbar {

const model::Domain* Site::defaultDomain() const {
  return domainIds_.empty() ? nullptr : findDomain(*domainIds_.begin());
}

const model::Domain* Site::findDomainByHost(std::string_view lowerHost) const {
  const std::string* id = find(domainByHost_, lowerHost);
  return id == nullptr ? nullptr : findDomain(*id);
}

const model::Domain* Site::domainForHost(std::string_view lowerHost) const {
  const model::Domain* named = findDomainByHost(lowerHost);
  return named != nullptr ? named : defaultDomain();
}

std::string_view Site::domainIdOf(std::string_view domainId) const {
  if (!domainId.empty()) {
    return domainId;
  }
  return domainIds_.empty() ? std::string_view() : std::string_view(*domainIds_.begin());
}

std::string Site::pairKey(std::string_view first, std::string_view second) {
  std::string key;
  key.reserve(first.size() + second.size() + 1);
  key.append(first).append("\n").append(second);
  return key;
}

const model::User* Site::userBy(const ById<std::string>& index, std::string_view domainId,
                                std::string_view value) const {
  const std::string_view id = domainIdOf(domainId);
  const std::string* found = find(index, pairKey(id, value));
  if (found == nullptr && id == domainIdOf("")) {
    found = find(index, pairKey("", value));
  }
  return found == nullptr ? nullptr : findUser(*found);
}

const model::User* Site::findUserByEmail(std::string_view domainId,
                                         std::string_view lowerEmail) const {
  return userBy(userByEmail_, domainId, lowerEmail);
}
const model::User* Site::findUserByLoginName(std::string_view domainId,
                                             std::string_view name) const {
  return userBy(userByLoginName_, domainId, name);
}
const model::User* Site::findUserByStaffId(std::string_view domainId,
                                           std::string_view staffId) const {
  return userBy(userByStaffId_, domainId, staffId);
}

const model::OauthApp* Site::findOauthAppByUid(std::string_view domainId,
                                               std::string_view uid) const {
  const std::string* id = find(appByUid_, pairKey(domainIdOf(domainId), uid));
  return id == nullptr ? nullptr : findOauthApp(*id);
}

const model::GroupUser* Site::findGroupUser(std::string_view groupId,
                                            std::string_view userId) const {
  const std::string* id = find(groupUserByPair_, pairKey(groupId, userId));
  return id == nullptr ? nullptr : find(groupUsers_, *id);
}

const model::GroupZone* Site::findGroupZone(std::string_view groupId,
                                            std::string_view zoneId) const {
  const std::string* id = find(groupZoneByPair_, pairKey(groupId, zoneId));
  return id == nullptr ? nullptr : find(groupZones_, *id);
}

const Site::Ids& Site::appsOfDomain(std::string_view domainId) const {
  return idsIn(appsByDomain_, domainId);
}
const Site::Ids& Site::groupsOfDomain(std::string_view domainId) const {
  return idsIn(groupsByDomain_, domainId);
}
const Site::Ids& Site::childrenOfGroup(std::string_view groupId) const {
  return idsIn(childrenByGroup_, groupId);
}

template <class T>
std::vector<const T*> Site::rowsIn(const ById<T>& rows, const Index& index, std::string_view key) {
  std::vector<const T*> out;
  for (const std::string& id : idsIn(index, key)) {
    out.push_back(find(rows, id));
  }
  return out;
}

std::vector<const model::User*> Site::usersOfDomain(std::string_view domainId) const {
  auto out = rowsIn(users_, usersByDomain_, pairKey("", domainId));
  if (!domainId.empty() && domainId == domainIdOf("")) {
    const auto older = rowsIn(users_, usersByDomain_, pairKey("", ""));
    out.insert(out.end(), older.begin(), older.end());
  }
  return out;
}
std::vector<const model::GroupUser*> Site::usersOfGroup(std::string_view groupId) const {
  return rowsIn(groupUsers_, usersByGroup_, groupId);
}
std::vector<const model::GroupUser*> Site::groupsOfUser(std::string_view userId) const {
  return rowsIn(groupUsers_, groupsByUser_, userId);
}
std::vector<const model::GroupZone*> Site::zonesOfGroup(std::string_view groupId) const {
  return rowsIn(groupZones_, zonesByGroup_, groupId);
}
std::vector<const model::GroupZone*> Site::groupsOfZone(std::string_view zoneId) const {
  return rowsIn(groupZones_, groupsByZone_, zoneId);
}
std::vector<const model::GroupInvitation*> Site::invitationsOfGroup(
    std::string_view groupId) const {
  return rowsIn(invitations_, invitationsByGroup_, groupId);
}

void Site::linkOne(ById<std::string>& index, const std::string& key, const std::string& id,
                   bool add) {
  if (add) {
    index[key] = id;
  } else {
    index.erase(key);
  }
}

void Site::index(const model::User& user, bool add) {
  link(usersByDomain_, pairKey("", user.domainId), user.id, add);
  linkOne(userByEmail_, pairKey(user.domainId, user.email), user.id, add);
  if (!user.loginName.empty()) {
    linkOne(userByLoginName_, pairKey(user.domainId, user.loginName), user.id, add);
  }
  if (!user.staffId.empty()) {
    linkOne(userByStaffId_, pairKey(user.domainId, user.staffId), user.id, add);
  }
}

void Site::index(const model::Domain& domain, bool add) {
  if (add) {
    domainIds_.insert(domain.id);
  } else {
    domainIds_.erase(domain.id);
  }
  linkOne(domainByHost_, domain.domain, domain.id, add);
}

void Site::index(const model::OauthApp& app, bool add) {
  link(appsByDomain_, app.ownerId, app.id, add);
  linkOne(appByUid_, pairKey(app.ownerId, app.uid), app.id, add);
}

void Site::index(const model::Group& group, bool add) {
  link(groupsByDomain_, group.domainId, group.id, add);
  link(childrenByGroup_, group.parentId, group.id, add);
}

void Site::index(const model::GroupUser& membership, bool add) {
  link(usersByGroup_, membership.groupId, membership.id, add);
  link(groupsByUser_, membership.userId, membership.id, add);
  linkOne(groupUserByPair_, pairKey(membership.groupId, membership.userId), membership.id, add);
}

void Site::index(const model::GroupZone& grant, bool add) {
  link(zonesByGroup_, grant.groupId, grant.id, add);
  link(groupsByZone_, grant.zoneId, grant.id, add);
  linkOne(groupZoneByPair_, pairKey(grant.groupId, grant.zoneId), grant.id, add);
}

void Site::index(const model::GroupInvitation& invitation, bool add) {
  link(invitationsByGroup_, invitation.groupId, invitation.id, add);
}

}  // namespace busbar
