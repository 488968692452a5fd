// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/site/site.h"

namespace busbar {

const Site::Ids& Site::instancesOfTrigger(std::string_view triggerId) const {
  return idsIn(instancesByTrigger_, triggerId);
}
const Site::Ids& Site::instancesOfSystem(std::string_view systemId) const {
  return idsIn(instancesBySystem_, systemId);
}
const Site::Ids& Site::instancesOfZone(std::string_view zoneId) const {
  return idsIn(instancesByZone_, zoneId);
}
const Site::Ids& Site::triggersOfSystem(std::string_view systemId) const {
  return idsIn(triggersBySystem_, systemId);
}
const Site::Ids& Site::zonesOfTrigger(std::string_view triggerId) const {
  return idsIn(zonesByTrigger_, triggerId);
}

void Site::index(const model::Trigger& trigger, bool add) {
  link(triggersBySystem_, trigger.controlSystemId, trigger.id, add);
}

void Site::index(const model::TriggerInstance& instance, bool add) {
  link(instancesByTrigger_, instance.triggerId, instance.id, add);
  link(instancesBySystem_, instance.systemId, instance.id, add);
  link(instancesByZone_, instance.zoneId, instance.id, add);
}

}  // namespace busbar
