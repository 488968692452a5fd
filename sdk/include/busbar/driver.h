/* SPDX-FileCopyrightText: The Busbar authors
 * SPDX-License-Identifier: Apache-2.0 */

/* The Busbar driver ABI, major 1.
 *
 * A driver is a shared library that exports one function, busbar_entry_1. It runs in a sandboxed
 * process (a runner) of its own and is called through the tables below. It opens no socket and no
 * file: connections to devices ("links") are opened by Busbar and handed to the runner; the driver
 * sees bytes.
 *
 * Every function member carries a mark that scripts read:
 *   [process] called once per process, before or after everything else
 *   [strand]  called by Busbar; calls for one instance never overlap and are totally ordered
 *   [any]     may be called by the driver from any thread; returns at once; never calls the driver
 * then the states in which it may be called:
 *   {created} between create and destroy   {started} between start and the end of stop   {always}
 * and for each pointer: `in` borrowed until the call returns, `out` written by the callee, `keep`
 * stays valid until destroy returns; with `?` where NULL is allowed. Nothing is ever freed across
 * the boundary.
 *
 * Text is UTF-8 with an explicit length and no terminating NUL. Documents are JSON (RFC 8259) of at
 * most 1 MiB and 32 levels; integers beyond +-2^53 travel as strings. Tables and blocks that may
 * grow begin with `struct_size`, set by their writer to sizeof; readers must not look beyond it
 * (BUSBAR_HAS). Members are only ever appended. Values that Busbar passes in (event types, stop
 * reasons) may gain members: ignore what you do not know.
 *
 * Limits: document 1 MiB, frame 64 KiB unless the manifest says more, key 128 bytes, 4,096 status
 * keys per instance. A [strand] call must return within the hard limit (5 s unless the manifest
 * says more, at most 60 s); past it the process is killed. Past 50 ms a warning is logged. */
#ifndef BUSBAR_DRIVER_H
#define BUSBAR_DRIVER_H

#include <stddef.h>
#include <stdint.h>

#define BUSBAR_ABI_MAJOR 1
#define BUSBAR_ABI_MINOR_LATEST 1

/* The oldest host minor that the driver wants to run on; newer members are hidden. */
#ifndef BUSBAR_TARGET_MINOR
#define BUSBAR_TARGET_MINOR 0
#endif
#if BUSBAR_TARGET_MINOR > BUSBAR_ABI_MINOR_LATEST
#error "this SDK is older than BUSBAR_TARGET_MINOR"
#endif

#ifdef __cplusplus
#define BUSBAR_NOEXCEPT noexcept /* a body that throws ends the driver's process, never Busbar's \
                                  */
extern "C" {
#else
#define BUSBAR_NOEXCEPT
#endif
#define BUSBAR_EXPORT __attribute__((visibility("default")))

/* True if the block at `p` is long enough to hold member `m`; BUSBAR_CAN: and that it is set. */
#define BUSBAR_HAS(p, m) \
  ((p)->struct_size >= (uint32_t)(offsetof(__typeof__(*(p)), m) + sizeof((p)->m)))
#define BUSBAR_CAN(p, fn) (BUSBAR_HAS(p, fn) && (p)->fn)

/* ---- scalars --------------------------------------------------------------------------------- */

/* 0 success, > 0 informative, < 0 failure. An open integer: treat unknown negatives as INTERNAL. */
typedef int32_t busbar_status;
#define BUSBAR_OK 0
#define BUSBAR_PENDING 1      /* will be finished later through complete or stop_done */
#define BUSBAR_E_INVALID (-1) /* an argument is wrong */
#define BUSBAR_E_STATE (-2)   /* not legal in this state or for this id */
#define BUSBAR_E_DENIED (-3)  /* not granted */
#define BUSBAR_E_AGAIN (-4)   /* a bounded queue is full; retry later */
#define BUSBAR_E_TIMEOUT (-5)
#define BUSBAR_E_CANCELLED (-6)
#define BUSBAR_E_OFFLINE (-7) /* the link is down */
#define BUSBAR_E_NOTFOUND (-8)
#define BUSBAR_E_DEVICE (-9) /* the device said no or answered rubbish */
#define BUSBAR_E_INTERNAL (-10)
#define BUSBAR_E_UNSUPPORTED (-11)

/* Token of the driver's own choice (timers, commands, posts) or id given by Busbar (calls, tasks).
 * 0 is none. */
typedef uint64_t busbar_id;

typedef struct busbar_instance busbar_instance; /* Busbar's side of a module; opaque */
typedef struct busbar_state busbar_state;       /* the driver's side of a module; opaque */

/* Frozen value types: their layout never changes within major 1. */
typedef struct busbar_str {
  const char* ptr;
  size_t len;
} busbar_str;

typedef struct busbar_bytes {
  const uint8_t* ptr;
  size_t len;
} busbar_bytes;

#define BUSBAR_ENC_JSON 0u
typedef struct busbar_doc { /* ptr NULL and len 0: no document */
  const uint8_t* ptr;
  size_t len;
  uint32_t encoding; /* BUSBAR_ENC_JSON */
  uint32_t reserved; /* 0 */
} busbar_doc;

#define BUSBAR_V_NULL 0u /* removes the status key */
#define BUSBAR_V_BOOL 1u /* u.i 0 or 1 */
#define BUSBAR_V_INT 2u
#define BUSBAR_V_DOUBLE 3u /* finite */
#define BUSBAR_V_STR 4u
#define BUSBAR_V_DOC 5u /* u.b holds JSON text */
typedef struct busbar_value {
  uint32_t type;
  uint32_t flags; /* 0 */
  union {
    int64_t i;
    double d;
    busbar_str s;
    busbar_bytes b;
  } u;
} busbar_value;

/* ---- growing blocks -------------------------------------------------------------------------- */

#define BUSBAR_ERROR_RETRYABLE 1u
typedef struct busbar_error {
  uint32_t struct_size;
  busbar_status status;
  busbar_str code; /* stable, lower_snake: "lamp_cooling"; empty: derived from status */
  busbar_str
      message;    /* for people: what was attempted, on what, what the device said; no secrets */
  uint32_t flags; /* BUSBAR_ERROR_… */
  uint32_t retry_after_ms; /* 0: unknown */
  busbar_doc details;
} busbar_error;

#define BUSBAR_QUALITY_GOOD 0u
#define BUSBAR_QUALITY_UNCERTAIN 1u
#define BUSBAR_QUALITY_BAD 2u
typedef struct busbar_point {
  uint32_t struct_size;
  uint32_t quality; /* BUSBAR_QUALITY_… */
  busbar_str key;   /* must be declared in the manifest, by name or pattern */
  busbar_value value;
  int64_t time_ns; /* UTC; 0: now */
} busbar_point;

#define BUSBAR_LOG_TRACE 0
#define BUSBAR_LOG_DEBUG 1
#define BUSBAR_LOG_INFO 2
#define BUSBAR_LOG_WARN 3
#define BUSBAR_LOG_ERROR 4
typedef struct busbar_log_record {
  uint32_t struct_size;
  int32_t level; /* BUSBAR_LOG_… */
  busbar_str message;
  busbar_doc fields;     /* object, or none */
  busbar_id parent_call; /* the call on whose behalf, for the trace id; 0: none */
} busbar_log_record;

#define BUSBAR_ROLE_USER 0u
#define BUSBAR_ROLE_SUPPORT 1u
#define BUSBAR_ROLE_ADMIN 2u
typedef struct busbar_call {
  uint32_t struct_size;
  uint32_t role; /* BUSBAR_ROLE_… of the calling user */
  busbar_id call_id;
  busbar_str function; /* exists in the manifest; arguments fit its schema */
  busbar_doc args;     /* object by parameter name */
  busbar_str user_id;  /* empty: the system itself */
  busbar_str trace;    /* W3C traceparent, or empty */
  int64_t deadline_ns; /* BUSBAR_CLOCK_BOOT; after it the caller has been answered without you */
} busbar_call;

typedef struct busbar_completion {
  uint32_t struct_size;
  busbar_status status;
  busbar_id call_id;
  busbar_doc result;         /* none means null */
  const busbar_error* error; /* in?; read when status < 0 */
  uint32_t http_status;      /* 0: derived from status; else 200..599 */
  uint32_t reserved;
} busbar_completion;

#define BUSBAR_LINK_TCP 1u
#define BUSBAR_LINK_UDP 2u
#if BUSBAR_TARGET_MINOR >= 1
#define BUSBAR_LINK_TLS 3u /* bytes as over TCP; TLS itself is Busbar's */
/* Many peers: one link, and every frame has the peer that it came from or goes to. connected and
 * disconnected tell of the link itself with an empty peer; over TCP_PEERS also of each connection,
 * and when the link goes down all of them are over without a call for each. Such a link has no
 * queue: only send. Over TCP_PEERS it answers E_OFFLINE for who is not connected; a datagram to who
 * is no peer of the link is dropped and logged. */
#define BUSBAR_LINK_UDP_PEERS 4u /* listening, multicast, broadcast */
#define BUSBAR_LINK_TCP_PEERS 5u /* devices that call in */
#endif
/* Names a link at one moment. `generation` rises with each connection; what is sent to an older one
 * answers E_OFFLINE. */
typedef struct busbar_link_info {
  uint32_t struct_size;
  uint32_t link_id; /* from create_info.links */
  uint32_t generation;
  uint32_t kind; /* BUSBAR_LINK_… */
  busbar_str role;
  busbar_str peer;           /* "192.0.2.7:502" */
  const busbar_error* error; /* in?; why it went down */
} busbar_link_info;

typedef struct busbar_send {
  uint32_t struct_size;
  uint32_t link_id;
  uint32_t generation; /* 0: whatever is up */
  uint32_t flags;      /* 0 */
  busbar_bytes bytes;
  busbar_str peer;       /* many-peer links only; else empty */
  busbar_id task;        /* the command on whose behalf, or 0 */
  busbar_id parent_call; /* 0: the module's own initiative */
} busbar_send;

#define BUSBAR_COMMAND_WAIT 1u /* hold the queue until command_done or time-out */
#define BUSBAR_PRIORITY_DEFAULT 50
/* A message in the link's queue. Higher priority goes first, equal ones in order; a waiting command
 * of the same name is replaced (its token gets a COMMAND event with E_CANCELLED). While the link is
 * down, unnamed commands fail with E_OFFLINE and named ones wait; for a link that is opened on
 * demand both wait, each up to its time-out (then E_OFFLINE). A time-out sends again up to
 * `retries` times, with priority raised by 20. */
typedef struct busbar_command {
  uint32_t struct_size;
  uint32_t link_id;
  uint32_t flags; /* BUSBAR_COMMAND_… */
  int32_t priority;
  busbar_str name; /* empty: never replaced */
  busbar_bytes payload;
  uint32_t timeout_ms; /* 0: 5000 */
  uint32_t retries;    /* beyond the first try */
  uint32_t delay_ms;   /* silence on the link after this command */
  uint32_t reserved;
  busbar_id token;       /* names it in received, command_done and its COMMAND event; not 0 */
  busbar_id parent_call; /* its deadline ends the command too */
} busbar_command;

/* status OK ends the command, E_AGAIN sends it again (counts as a retry), other failures end it. */
typedef struct busbar_command_result {
  uint32_t struct_size;
  busbar_status status;
  busbar_id task;
  const busbar_error* error; /* in? */
} busbar_command_result;

#define BUSBAR_LINK_CONNECT 1u
#define BUSBAR_LINK_DISCONNECT 2u /* stays down until CONNECT */
#define BUSBAR_LINK_RECONNECT 3u
#define BUSBAR_LINK_SET_FRAMING 4u /* options: a manifest framing object */
#define BUSBAR_LINK_CLEAR_QUEUE 5u
#define BUSBAR_LINK_HEALTHY 6u   /* the device answers: the module shows connected */
#define BUSBAR_LINK_UNHEALTHY 7u /* the device does not answer although the link is up */
#if BUSBAR_TARGET_MINOR >= 1
/* Begins TLS on a link whose manifest says "tls": "start": goes to the device after all that was
 * sent before. disconnected and connected follow, the latter with kind TLS. */
#define BUSBAR_LINK_START_TLS 8u
#define BUSBAR_LINK_CLOSE_PEER 9u /* ends the connection of `peer` on a TCP_PEERS link */
#endif
typedef struct busbar_link_request {
  uint32_t struct_size;
  uint32_t link_id;
  uint32_t action; /* BUSBAR_LINK_… */
  uint32_t flags;  /* 0 */
  busbar_doc options;
#if BUSBAR_TARGET_MINOR >= 1
  busbar_str peer; /* CLOSE_PEER; else empty */
#endif
} busbar_link_request;

typedef struct busbar_timer {
  uint32_t struct_size;
  uint32_t flags;        /* 0 */
  busbar_id token;       /* setting a token again replaces its timer; not 0 */
  int64_t first_ns;      /* from now, >= 0 */
  int64_t period_ns;     /* 0: once; else at least 1 ms */
  busbar_id parent_call; /* ends with it; 0: none */
} busbar_timer;

typedef struct busbar_received {
  uint32_t struct_size;
  uint32_t link_id;
  uint32_t generation;
  uint32_t flags;     /* 0 */
  busbar_bytes bytes; /* one frame */
  busbar_str peer;
  busbar_id task; /* the command that waits for an answer on this link, or 0 */
} busbar_received;

typedef struct busbar_frame_input {
  uint32_t struct_size;
  uint32_t link_id;
  uint32_t generation;
  uint32_t flags;     /* 0 */
  busbar_bytes bytes; /* all that is buffered */
} busbar_frame_input;

#define BUSBAR_EV_TIMER 1u   /* token */
#define BUSBAR_EV_COMMAND 2u /* token, status, error: a queued command ended */
#define BUSBAR_EV_POST 3u    /* token, bytes: from the driver's own thread */
#if BUSBAR_TARGET_MINOR >= 1
#define BUSBAR_EV_HTTP 4u    /* token, http: a part of an answer; or status < 0, error: it ended */
#define BUSBAR_EV_STORE 5u   /* token, status, error; doc: what was asked for */
#define BUSBAR_EV_CALL 6u    /* token, status, error; doc: the result of a call to another module */
#define BUSBAR_EV_VALUE 7u   /* token, source, key; doc: the value of a subscription, none: unset */
#define BUSBAR_EV_MODULES 8u /* doc: the modules of the system, see busbar_modules */

/* A part of an HTTP answer. Parts of one request come in order: first HEAD, then bytes, then END;
 * one part may be all of these. */
#define BUSBAR_HTTP_HEAD 1u /* status, url and headers are set */
#define BUSBAR_HTTP_END 2u  /* the last part; the token is free again */
typedef struct busbar_http_part {
  uint32_t struct_size;
  uint32_t flags;       /* BUSBAR_HTTP_… */
  uint32_t http_status; /* 100..599 */
  uint32_t reserved;
  busbar_str url;     /* where the answer came from, after redirects */
  busbar_doc headers; /* object: lower-case name to string, or to an array when there are several */
  busbar_bytes bytes; /* of the body, decoded */
} busbar_http_part;
#endif
typedef struct busbar_event {
  uint32_t struct_size;
  uint32_t type; /* BUSBAR_EV_…; ignore unknown ones */
  busbar_id token;
  busbar_status status;
  uint32_t flags;
  busbar_str key;
  busbar_doc doc;
  busbar_bytes bytes;
  const busbar_error* error; /* in? */
#if BUSBAR_TARGET_MINOR >= 1
  const busbar_http_part* http; /* in?; HTTP */
  busbar_str source;            /* VALUE: name of the module, "Display_1" */
#endif
} busbar_event;

#define BUSBAR_STOP_USER 1u
#define BUSBAR_STOP_SETTINGS 2u
#define BUSBAR_STOP_REBALANCE 3u /* another host takes over: flush */
#define BUSBAR_STOP_UPGRADE 4u
#define BUSBAR_STOP_SHUTDOWN 5u
#define BUSBAR_STOP_ERROR 6u
typedef struct busbar_stop_info {
  uint32_t struct_size;
  uint32_t reason;     /* BUSBAR_STOP_… */
  int64_t deadline_ns; /* BUSBAR_CLOCK_BOOT */
} busbar_stop_info;

typedef struct busbar_settings {
  uint32_t struct_size;
  uint32_t flags;
  busbar_doc settings;     /* merged object, fits the manifest's schema; defaults are filled in */
  busbar_doc changed_keys; /* array of the top-level keys that changed */
} busbar_settings;

typedef struct busbar_create_link {
  uint32_t struct_size;
  uint32_t link_id; /* from 1 */
  uint32_t kind;    /* BUSBAR_LINK_… */
  uint32_t flags;
  busbar_str role; /* as in the manifest */
} busbar_create_link;

typedef struct busbar_create_info {
  uint32_t struct_size;
  uint32_t flags;
  busbar_str module_id;
  busbar_str system_id; /* logic modules only; else empty */
  busbar_str driver_id;
  busbar_str epoch;                /* fixed-width hex; rises with each owner */
  busbar_str time_zone;            /* IANA name */
  busbar_str locale;               /* BCP 47, "en" */
  busbar_doc settings;             /* as in busbar_settings */
  const busbar_create_link* links; /* in?; granted links */
  uint32_t link_count;
  uint32_t link_stride;         /* bytes from one to the next */
  const busbar_str* extensions; /* in?; granted extension ids */
  uint32_t extension_count;
  uint32_t reserved;
} busbar_create_info;

/* ---- Busbar's table -------------------------------------------------------------------------- */

#define BUSBAR_CLOCK_BOOT 0u /* counts through suspend, never set; for deadlines */
#define BUSBAR_CLOCK_UTC 1u  /* since 1970; for stamps */

typedef struct busbar_host {
  uint32_t struct_size;
  uint32_t abi_minor;
  busbar_str host_version;

  /* [any]{always} instance in?, record in. Instance NULL: for the process. Rate limited. */
  void (*log)(busbar_instance* instance, const busbar_log_record* record);

  /* [any]{started} instance in, completion in. Exactly once per execute, from within it or later;
   * never E_AGAIN. E_STATE: unknown, already completed, cancelled or past its deadline. */
  busbar_status (*complete)(busbar_instance* instance, const busbar_completion* completion);

  /* [any]{started} instance in, doc in. Shown while a call runs. E_AGAIN when flooded. */
  busbar_status (*progress)(busbar_instance* instance, busbar_id call_id, const busbar_doc* doc);

  /* [any]{started} instance in, points in. All or none; `stride` is the size of an element.
   * E_AGAIN: nothing was taken, publish the newest values later. E_INVALID: a key is undeclared or
   * a value is malformed. */
  busbar_status (*status_set)(busbar_instance* instance, const busbar_point* points, uint32_t count,
                              uint32_t stride);

  /* [any]{started} instance in, send in. Past the queue, at once. E_OFFLINE (a link that is opened
   * on demand is opened then), E_AGAIN. */
  busbar_status (*send)(busbar_instance* instance, const busbar_send* send);

  /* [any]{started} instance in, command in. OK: a COMMAND event will tell how it ended. E_AGAIN:
   * the queue holds 256 commands. */
  busbar_status (*enqueue)(busbar_instance* instance, const busbar_command* command);

  /* [any]{started} instance in, result in. Never E_AGAIN. E_STATE: that command is not waiting. */
  busbar_status (*command_done)(busbar_instance* instance, const busbar_command_result* result);

  /* [any]{started} instance in, request in. */
  busbar_status (*link)(busbar_instance* instance, const busbar_link_request* request);

  /* [any]{started} instance in, timer in. Fires as a TIMER event. E_AGAIN: 1,024 timers are set. */
  busbar_status (*timer)(busbar_instance* instance, const busbar_timer* timer);

  /* [any]{started} instance in. Ends a timer or a queued command by its token; no event follows.
   * E_NOTFOUND when there is none. */
  busbar_status (*cancel)(busbar_instance* instance, busbar_id token);

  /* [any]{started} instance in, bytes in. From an own thread to the strand: a POST event. Copies up
   * to 64 KiB. E_AGAIN: 256 posts wait. */
  busbar_status (*post)(busbar_instance* instance, busbar_id token, busbar_bytes bytes);

  /* [any]{started} instance in. After stop returned PENDING. Never E_AGAIN. */
  busbar_status (*stop_done)(busbar_instance* instance, busbar_status status);

  /* [any]{always} instance in?. Nanoseconds of BUSBAR_CLOCK_…; -1 for an unknown clock. */
  int64_t (*time_ns)(busbar_instance* instance, uint32_t clock);

  /* [any]{created} instance in, id in. NUL-terminated extension id "busbar.http/1". NULL: absent or
   * not granted; else keep. */
  const void* (*extension)(busbar_instance* instance, const char* id);
} busbar_host;

/* ---- services: extensions of Busbar's table -------------------------------------------------- */

#if BUSBAR_TARGET_MINOR >= 1
/* Asked for by host.extension(), listed under "permissions" in the manifest. Each request has a
 * token of the driver's choice, in one space with timers and commands: not 0 and not in use. OK: it
 * was taken and events with the token follow; the last one frees it. E_INVALID: malformed or the
 * token is in use. E_AGAIN: 256 requests of this instance are open, or Busbar is busy.
 * host.cancel() ends a request without an event. `parent_call` is the call on whose behalf, 0: the
 * module's own initiative; a request ends with its parent's deadline (E_TIMEOUT) and with its end
 * (no event follows). */

/* "busbar.http/1". Busbar connects: to the origin of the module's own address and to those that an
 * admin allows, never to others. Certificates, proxy and trust are the module's configuration. */
#define BUSBAR_HTTP_STREAM 1u     /* parts as they come; without it one part, body and all */
#define BUSBAR_HTTP_NO_COOKIES 2u /* neither sends nor keeps cookies; else the module has a jar */
typedef struct busbar_http_request {
  uint32_t struct_size;
  uint32_t flags; /* BUSBAR_HTTP_STREAM, BUSBAR_HTTP_NO_COOKIES */
  busbar_id token;
  busbar_id parent_call;
  busbar_str method;  /* "GET" */
  busbar_str url;     /* absolute, or "/path?query" on the origin of the module's address */
  busbar_doc headers; /* object of strings or arrays of strings, or none */
  /* {"type":"basic"|"digest","username","password"}, {"type":"bearer","token"}, or none */
  busbar_doc auth;
  busbar_bytes body;      /* at most 1 MiB */
  uint32_t timeout_ms;    /* of the whole request; 0: 10,000; at most 600,000 */
  uint32_t max_bytes;     /* of the decoded body; 0: 1 MiB; at most 1 MiB, with STREAM 256 MiB */
  uint32_t max_redirects; /* followed within the allowed origins; at most 10 */
  uint32_t reserved;
} busbar_http_request;

typedef struct busbar_http {
  uint32_t struct_size;
  uint32_t reserved;
  /* [any]{started} instance in, request in. HTTP events follow; one with E_DENIED when the origin
   * is not allowed. */
  busbar_status (*request)(busbar_instance* instance, const busbar_http_request* request);
} busbar_http;

/* "busbar.store/1". Small durable data of the module, by key; moves with it. At most 256 keys of
 * 128 bytes, 64 KiB a value and 1 MiB in all. A STORE event answers each request; SET and REMOVE
 * are durable by then. */
#define BUSBAR_STORE_GET 1u    /* doc: the value, or none */
#define BUSBAR_STORE_SET 2u    /* E_AGAIN in the event: the quota is used up */
#define BUSBAR_STORE_REMOVE 3u /* an absent key is fine */
#define BUSBAR_STORE_LIST 4u   /* doc: array of the keys that begin with `key` */
typedef struct busbar_store_request {
  uint32_t struct_size;
  uint32_t operation; /* BUSBAR_STORE_… */
  busbar_id token;
  busbar_id parent_call;
  busbar_str key;
  busbar_doc value; /* SET */
} busbar_store_request;

typedef struct busbar_store {
  uint32_t struct_size;
  uint32_t reserved;
  /* [any]{started} instance in, request in. */
  busbar_status (*request)(busbar_instance* instance, const busbar_store_request* request);
} busbar_store;

/* "busbar.schedule/1". Fires as a TIMER event with the token: at one moment, or by a cron
 * expression of five fields, or six with seconds first, in a time zone. Kept while settings change;
 * ended by cancel. What the clock jumps over fires once; when it is put forward by 3 h or more,
 * only with CATCH_UP. */
#define BUSBAR_SCHEDULE_CATCH_UP 1u
typedef struct busbar_schedule_request {
  uint32_t struct_size;
  uint32_t flags;       /* BUSBAR_SCHEDULE_… */
  busbar_id token;      /* setting a token again replaces its schedule */
  busbar_str cron;      /* empty: at_ns */
  busbar_str time_zone; /* IANA name; empty: the module's */
  int64_t at_ns;        /* UTC; past: at once */
} busbar_schedule_request;

typedef struct busbar_schedule {
  uint32_t struct_size;
  uint32_t reserved;
  /* [any]{started} instance in, request in. A TIMER event with status < 0 says that the expression
   * or zone is wrong; it ends the schedule. */
  busbar_status (*set)(busbar_instance* instance, const busbar_schedule_request* request);
} busbar_schedule;

/* "busbar.modules/1", for drivers of role logic: the other modules of the module's system. A target
 * is a name in the system, "Display_1", or an interface, "powerable/1": all modules that implement
 * it. Once the extension was asked for in create, MODULES events tell at the start and on each
 * change: doc = [{"name","id","interfaces":[…],"running","connected"}], in the order of the system.
 */
typedef struct busbar_module_call {
  uint32_t struct_size;
  uint32_t timeout_ms; /* 0: the function's own */
  busbar_id token;
  busbar_id parent_call; /* its user's authority; without one the system's, which is support */
  busbar_str target;
  busbar_str function;
  busbar_doc args; /* object by name or array, or none */
} busbar_module_call;

typedef struct busbar_subscription {
  uint32_t struct_size;
  uint32_t flags; /* 0 */
  busbar_id token;
  busbar_str target;
  busbar_str key;
} busbar_subscription;

typedef struct busbar_modules {
  uint32_t struct_size;
  uint32_t reserved;
  /* [any]{started} instance in, call in. One CALL event follows. Over an interface: doc is an
   * object, name to {"result"} or {"error":{"code","message"}}, and status that of the first
   * failure. At most 16 calls deep, then the error `call_loop`. */
  busbar_status (*call)(busbar_instance* instance, const busbar_module_call* call);

  /* [any]{started} instance in, subscription in. VALUE events: the present value at once, then each
   * change; re-mapped when the system's modules change. Ended by cancel. */
  busbar_status (*subscribe)(busbar_instance* instance, const busbar_subscription* subscription);
} busbar_modules;
#endif

/* ---- the driver's table ---------------------------------------------------------------------- */

typedef struct busbar_driver {
  uint32_t struct_size;
  uint32_t abi_minor;  /* BUSBAR_TARGET_MINOR it was built for */
  uint32_t flags;      /* 0 */
  uint32_t reserved;   /* 0 */
  busbar_str manifest; /* the text of manifest.json, byte for byte; keep */

  /* [process]{always} host keep. Optional. Failure refuses the driver. */
  busbar_status (*process_init)(const busbar_host* host) BUSBAR_NOEXCEPT;

  /* [process]{always} Optional. The library is never unloaded. */
  void (*process_exit)(void) BUSBAR_NOEXCEPT;

  /* [strand]{always} host keep, instance keep, info in, state out. Allocate and parse settings; only
   * log, time_ns and extension may be called. E_INVALID: the settings cannot work. The last error that
   * is logged meanwhile is shown to users as the reason; so it is with start and on_settings. */
  busbar_status (*create)(const busbar_host* host, busbar_instance* instance,
                          const busbar_create_info* info, busbar_state** state) BUSBAR_NOEXCEPT;

  /* [strand]{created} state in. */
  busbar_status (*start)(busbar_state* state) BUSBAR_NOEXCEPT;

  /* [strand]{started} state in, info in. OK: stopped. PENDING: stop_done follows before the
   * deadline. Own threads must be joined before it is done. After it only destroy follows. */
  busbar_status (*stop)(busbar_state* state, const busbar_stop_info* info) BUSBAR_NOEXCEPT;

  /* [strand]{created} state in. Also after a failed start. */
  void (*destroy)(busbar_state* state) BUSBAR_NOEXCEPT;

  /* [strand]{started} state in, settings in. Optional. OK: applied. E_INVALID: refused, the old
   * ones stay. E_UNSUPPORTED, or no function: the module is restarted. */
  busbar_status (*on_settings)(busbar_state* state,
                               const busbar_settings* settings) BUSBAR_NOEXCEPT;

  /* [strand]{started} state in, info in. Optional. */
  void (*connected)(busbar_state* state, const busbar_link_info* info) BUSBAR_NOEXCEPT;

  /* [strand]{started} state in, info in. Optional. */
  void (*disconnected)(busbar_state* state, const busbar_link_info* info) BUSBAR_NOEXCEPT;

  /* [strand]{started} state in, input in. Optional; used when the manifest's framing is "driver".
   * > 0: length of the first frame, 0: need more, < 0: drop that many bytes. */
  int64_t (*frame)(busbar_state* state, const busbar_frame_input* input) BUSBAR_NOEXCEPT;

  /* [strand]{started} state in, received in. Optional. E_INTERNAL marks the instance failed. */
  busbar_status (*received)(busbar_state* state, const busbar_received* received) BUSBAR_NOEXCEPT;

  /* [strand]{started} state in, call in. OK or PENDING: accepted, complete is called exactly once,
   * now or later. Failure: refused with that status, complete must not be called. Optional when the
   * manifest has no functions. */
  busbar_status (*execute)(busbar_state* state, const busbar_call* call) BUSBAR_NOEXCEPT;

  /* [strand]{started} state in. Optional. The caller gave up or the deadline passed; complete is no
   * longer needed and answers E_STATE. */
  void (*cancelled)(busbar_state* state, busbar_id call_id) BUSBAR_NOEXCEPT;

  /* [strand]{started} state in, event in. Optional. */
  void (*event)(busbar_state* state, const busbar_event* event) BUSBAR_NOEXCEPT;

  /* [strand]{created} state in, id in. Optional; NULL: not offered; else keep. */
  const void* (*extension)(busbar_state* state, const char* id)BUSBAR_NOEXCEPT;
} busbar_driver;

/* [process]{always} The one exported function. NULL refuses this host; else keep. Pure: no threads,
 * files, sockets, or memory that outlives it. `host_flags` is 0. */
BUSBAR_EXPORT const busbar_driver* busbar_entry_1(uint32_t host_minor,
                                                  uint32_t host_flags) BUSBAR_NOEXCEPT;

/* manifest.json stands byte for byte in this retained section, so that tools read it without
 * running code. busbar_add_driver() places it there and defines this function, local to the driver.
 */
#define BUSBAR_MANIFEST_SECTION ".busbar.manifest"
__attribute__((visibility("hidden"))) busbar_str busbar_manifest(void);

/* ELF note that busbar_add_driver() adds: four 32-bit words MAGIC, ABI major, BUSBAR_TARGET_MINOR
 * and release of the SDK. */
#define BUSBAR_NOTE_SECTION ".note.busbar"
#define BUSBAR_NOTE_NAME "Busbar"
#define BUSBAR_NOTE_TYPE 1
#define BUSBAR_NOTE_MAGIC 0x42535242

#ifdef __cplusplus
}
#endif
#endif /* BUSBAR_DRIVER_H */
