/* SPDX-FileCopyrightText: The Busbar authors
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_DRIVERS_ESCAPE_ESCAPE_H
#define TESTS_DRIVERS_ESCAPE_ESCAPE_H

#include <stdint.h>

/* What the test tells the driver, in a memory file on this descriptor. */
#define ESCAPE_CONTEXT_FD 9
#define ESCAPE_TCP_FD 10     /* connected to a device */
#define ESCAPE_UDP_FD 11     /* connected to a device */
#define ESCAPE_TTY_FD 12     /* a terminal */
#define ESCAPE_LEAKED_FD 200 /* of busbard, by mistake without close-on-exec: the secret file */
#define ESCAPE_SECRET "the secret of the host"

enum escape_where { ESCAPE_CONSTRUCTOR, ESCAPE_CALLBACK, ESCAPE_THREAD };

struct escape_context {
  uint32_t attempt; /* line of attempts.def, from 0 */
  uint32_t where;   /* escape_where */
  int32_t victim;   /* process id of another process of the host's user */
  uint32_t tcp_port, udp_port, tcp6_port, udp6_port; /* on loopback, not the device's */
  uint64_t victim_address;                           /* of ESCAPE_SECRET in the victim */
  char folder[160];       /* of the host: secret, removable, renamable, shortable, socket */
  char driver[160];       /* the driver's own file, as it sees it */
  char abstract_name[32]; /* of a listening socket */
};

#endif
