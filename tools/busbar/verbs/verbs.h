// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/busbar/verb.h"

namespace busbar::cli {

// Each adds its nouns and verbs to the table.
void addSystemVerbs(VerbTable& table);
void addModuleVerbs(VerbTable& table);
void addDriverVerbs(VerbTable& table);
void addZoneVerbs(VerbTable& table);
void addSettingVerbs(VerbTable& table);
void addControlVerbs(VerbTable& table);  // exec, state, watch, logs
void addKeyVerbs(VerbTable& table);
void addTokenVerbs(VerbTable& table);
void addPeopleVerbs(VerbTable& table);
void addTenantVerbs(VerbTable& table);  // domains, applications
void addTriggerVerbs(VerbTable& table);
void addTriggerInstanceVerbs(VerbTable& table);  // of the noun of addTriggerVerbs()
void addAuditVerbs(VerbTable& table);
void addTransferVerbs(VerbTable& table);  // export, plan, apply
void addSiteVerbs(VerbTable& table);      // status, runners, quarantine, completion, version
void addDoctorVerb(VerbTable& table);

// All of them, in the order of the help.
VerbTable allVerbs();

}  // namespace busbar::cli
