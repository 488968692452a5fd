// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include <busbar/driver.h>

namespace busbar::runner {

class InstanceTable;
class Process;

// The table that drivers call. The C functions carry no context but an instance, which may be NULL,
// so the process has one table, bound once before the driver's entry runs and never unbound.
// `hostVersion` is copied.
const busbar_host* bindHostTable(Process& process, InstanceTable& instances,
                                 std::string_view hostVersion);

}  // namespace busbar::runner
