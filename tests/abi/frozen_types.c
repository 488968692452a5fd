/* SPDX-FileCopyrightText: The Busbar authors
 * SPDX-License-Identifier: Apache-2.0 */

/* The value types that are frozen for the life of major 1, asserted by each compiler that builds
 * the tree. The whole header is compared by abi_gate.py. */
#include <busbar/driver.h>

#define SAME(claim) _Static_assert(claim, #claim)

SAME(sizeof(void*) == 8 && sizeof(size_t) == 8);
SAME(sizeof(busbar_status) == 4);
SAME(sizeof(busbar_id) == 8);
SAME(sizeof(busbar_str) == 16 && offsetof(busbar_str, len) == 8);
SAME(sizeof(busbar_bytes) == 16 && offsetof(busbar_bytes, len) == 8);
SAME(sizeof(busbar_doc) == 24 && offsetof(busbar_doc, encoding) == 16);
SAME(sizeof(busbar_value) == 24 && offsetof(busbar_value, u) == 8);
SAME(offsetof(busbar_host, struct_size) == 0 && offsetof(busbar_host, log) == 24);
SAME(offsetof(busbar_driver, struct_size) == 0 && offsetof(busbar_driver, manifest) == 16);
SAME(BUSBAR_ABI_MAJOR == 1);
