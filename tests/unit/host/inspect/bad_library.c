/* SPDX-FileCopyrightText: The Busbar authors
 * SPDX-License-Identifier: Apache-2.0 */

/* A library that breaks rules of host/inspect/report.h; the link options add the rest. */
int other_export(void);
int other_export(void) {
  return 1;
}
