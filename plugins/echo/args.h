/* SPDX-FileCopyrightText: The Busbar authors
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BUSBAR_PLUGINS_ECHO_ARGS_H
#define BUSBAR_PLUGINS_ECHO_ARGS_H

#include <busbar/driver.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Reading a call's arguments in plain C, without building anything. Busbar hands over checked JSON,
 * but nothing here reads past the end of a text that is not. */

/* The text of member `name` of the object `args`, or ptr NULL when there is none. */
busbar_doc args_find(busbar_doc args, const char* name);

/* Decodes the JSON string `text` into `out` of `capacity` bytes as UTF-8. Bytes written, or -1 when
 * it is no string or does not fit. */
int64_t args_string(busbar_doc text, char* out, size_t capacity);

/* Reads the JSON number `text`, which must be an integer from 0 to 2^53. -1 when it is not. */
int64_t args_count(busbar_doc text);

#ifdef __cplusplus
}
#endif
#endif /* BUSBAR_PLUGINS_ECHO_ARGS_H */
