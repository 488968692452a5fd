// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "registry/model/records.h"

// Valid records with every member set to something other than its default, for tests. `n` makes ids
// and unique members differ.
namespace busbar::sample {

// An id of the table with `n` in its last characters; rises with n.
std::string id(model::Table table, int n = 1);
model::Driver driver(int n = 1);
model::Module mod(int n = 1, int driverNumber = 1);
model::Zone zone(int n = 1);
// Empty lists of zones and modules.
model::System system(int n = 1);
model::Settings settings(int n, std::string parentId, std::string_view text = "{\"a\":1}",
                         model::EncryptionLevel level = model::EncryptionLevel::None);
// Of no domain, and not deleted.
model::User user(int n = 1, model::UserRole role = model::UserRole::Admin);
model::ApiKey apiKey(int n = 1, int userNumber = 1);
model::Domain domain(int n = 1);
model::OauthApp oauthApp(int n = 1, int domainNumber = 1);
// Without a parent.
model::Group group(int n = 1, int domainNumber = 1);
model::GroupUser groupUser(int n = 1, int groupNumber = 1, int userNumber = 1);
model::GroupZone groupZone(int n = 1, int groupNumber = 1, int zoneNumber = 1);
model::GroupInvitation groupInvitation(int n = 1, int groupNumber = 1);
model::Metadata metadata(int n, std::string parentId);
model::Schema schema(int n = 1);
model::Trigger trigger(int n = 1);
// Made by hand.
model::TriggerInstance triggerInstance(int n = 1, int triggerNumber = 1, int systemNumber = 1);

}  // namespace busbar::sample
