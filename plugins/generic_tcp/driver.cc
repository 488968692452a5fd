// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// Any device with messages over TCP, by the patterns of its settings.

#include "plugins/generic/driver.h"

using busbar::generic::GenericDriver;
BUSBAR_DRIVER(GenericDriver)
