/* SPDX-FileCopyrightText: The Busbar authors
 * SPDX-License-Identifier: Apache-2.0 */

/* One driver per fault: FAULT names what this build does wrong. Built with "none" it is the twin of
 * all others and breaks no rule. A call of "run" with {"text":"slow"} tells progress, then ends by
 * a timer, with {"text":"thread"} from a thread, else at once. */
#define _POSIX_C_SOURCE 200809L

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <stdatomic.h>
#include <stddef.h>

#include <busbar/driver.h>

busbar_str busbar_manifest(void);

#define IS(name) (strcmp(FAULT, name) == 0)

struct busbar_state {
  const busbar_host* host;
  busbar_instance* instance;
  busbar_id slow_call;
  busbar_id thread_call;
  pthread_t thread;
  int has_thread;
};

/* What is left of the last instance, for kept_pointer. */
static const busbar_host* kept_host;
static busbar_instance* kept_instance;

static void crash(void) {
  volatile int* volatile nowhere = NULL;
  *nowhere = 1;
}

static void hang(void) {
  const struct timespec second = {1, 0};
  for (;;) {
    (void)nanosleep(&second, NULL);
  }
}

/* True if the fault is that one in that function of the driver. */
static int is(const char* what, const char* where) {
  const size_t length = strlen(what);
  return strncmp(FAULT, what, length) == 0 && strcmp(&FAULT[length], where) == 0;
}

/* The faults that happen in a function of the driver. */
static void at(const char* where) {
  if (is("crash_in_", where)) {
    crash();
  }
  if (is("hang_in_", where)) {
    hang();
  }
  if (is("abort_in_", where)) {
    abort();
  }
  if (is("exit_in_", where)) {
    exit(0);
  }
}

static busbar_status complete(busbar_state* s, busbar_id call, const char* result) {
  busbar_completion done;
  memset(&done, 0, sizeof done);
  done.struct_size = sizeof done;
  done.call_id = call;
  done.result.ptr = (const uint8_t*)result;
  done.result.len = strlen(result);
  return s->host->complete(s->instance, &done);
}

static void report(busbar_state* s, busbar_id call, const char* progress) {
  busbar_doc doc;
  memset(&doc, 0, sizeof doc);
  doc.ptr = (const uint8_t*)progress;
  doc.len = strlen(progress);
  (void)s->host->progress(s->instance, call, &doc);
}

static void publish(busbar_state* s, const char* key, const char* text, size_t length) {
  busbar_point point;
  memset(&point, 0, sizeof point);
  point.struct_size = sizeof point;
  point.key.ptr = key;
  point.key.len = strlen(key);
  point.value.type = BUSBAR_V_STR;
  point.value.u.s.ptr = text;
  point.value.u.s.len = length;
  (void)s->host->status_set(s->instance, &point, 1, sizeof point);
}

static void say_at(busbar_state* s, int32_t level, const char* text) {
  busbar_log_record record;
  memset(&record, 0, sizeof record);
  record.struct_size = sizeof record;
  record.level = level;
  record.message.ptr = text;
  record.message.len = strlen(text);
  s->host->log(s->instance, &record);
}

static void say(busbar_state* s, const char* text) {
  say_at(s, BUSBAR_LOG_INFO, text);
}

/* Why create refuses: the last error counts, and it is long and has a control character. */
static void explain(const busbar_host* host, busbar_instance* instance) {
  char text[2048];
  busbar_state asked;
  memset(&asked, 0, sizeof asked);
  asked.host = host;
  asked.instance = instance;
  say_at(&asked, BUSBAR_LOG_ERROR, "something else");
  memset(text, 'x', sizeof text);
  memcpy(text, "the limit\nmust be 1 to 9 ", 25);
  text[sizeof text - 1] = 0;
  say_at(&asked, BUSBAR_LOG_ERROR, text);
  say_at(&asked, BUSBAR_LOG_WARN, "that is no reason");
}

static void set_timer(busbar_state* s, busbar_id token, int64_t first_ns) {
  busbar_timer timer;
  memset(&timer, 0, sizeof timer);
  timer.struct_size = sizeof timer;
  timer.token = token;
  timer.first_ns = first_ns;
  (void)s->host->timer(s->instance, &timer);
}

static void* complete_in_thread(void* argument) {
  busbar_state* s = argument;
  (void)complete(s, s->thread_call, "\"thread\"");
  return NULL;
}

static char* big_document(size_t length) {
  char* text = malloc(length + 1);
  memset(text, 'x', length);
  text[0] = text[length - 1] = '"';
  text[length] = '\0';
  return text;
}

static void* forever(void* unused) {
  (void)unused;
  hang();
  return NULL;
}

static void thread_bomb(void) {
  pthread_t thread;
  while (pthread_create(&thread, NULL, forever, NULL) == 0) {
  }
}

static void fork_bomb(void) {
  while (fork() >= 0) {
  }
}

static void fd_bomb(void) {
  while (dup(1) >= 0) {
  }
}

static void leak(void) {
  for (;;) {
    char* block = malloc(1 << 20);
    if (block == NULL) {
      crash();
    }
    memset(block, 1, 1 << 20);
  }
}

/* Only SIGKILL ends this one. */
static void hang_deaf(void) {
  sigset_t all;
  (void)sigfillset(&all);
  for (int number = 1; number < 32; ++number) {
    (void)signal(number, SIG_IGN);
  }
  (void)pthread_sigmask(SIG_BLOCK, &all, NULL);
  hang();
}

static void* spin(void* unused) {
  volatile unsigned long turns = 0;
  (void)unused;
  for (;;) {
    ++turns;
  }
  return NULL;
}

static void hog_cpu(void) {
  pthread_t thread;
  (void)pthread_create(&thread, NULL, spin, NULL);
}

/* What would be a large core, by a signal that no handler of the runner sees. */
static void dump_core(void) {
  const size_t length = 64U << 20U;
  char* block = malloc(length);
  if (block != NULL) {
    memset(block, 1, length);
  }
  (void)signal(SIGSEGV, SIG_DFL);
  crash();
}

/* Whether any try of this driver got a socket of the Internet, which no sandbox grants. */
static atomic_int escaped;

static void try_socket(void) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd >= 0) {
    atomic_store(&escaped, 1);
    (void)close(fd);
  }
}

/* Before the host's filters, this one would make all later calls of seccomp() seem to succeed. */
static void fake_seccomp(void) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO),
  };
  const struct sock_fprog program = {sizeof code / sizeof code[0], code};
  (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  (void)prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* A thread from before any filter of the host would stay without it. */
static void* try_sockets(void* unused) {
  const struct timespec pause = {0, 1000000};
  (void)unused;
  for (;;) {
    try_socket();
    (void)nanosleep(&pause, NULL);
  }
  return NULL;
}

/* On what is likely the channel to the host: bytes of xorshift32. */
static void write_random_bytes(void) {
  uint32_t random = 1;
  uint32_t block[256];
  for (int i = 0; i < 64; ++i) {
    for (size_t j = 0; j < sizeof block / sizeof block[0]; ++j) {
      random ^= random << 13;
      random ^= random >> 17;
      random ^= random << 5;
      block[j] = random;
    }
    if (write(3, block, sizeof block) < 0) {
      return;
    }
  }
}

/* All that could hold data: files anywhere, and the pipe to the host. */
static void fill_disk(void) {
  static const char* const places[] = {"/tmp/fill", "fill", "/dev/shm/fill", "/var/tmp/fill"};
  static char block[1 << 16];
  memset(block, 'x', sizeof block);
  for (size_t i = sizeof block / 64; i > 0; --i) {
    block[i * 64 - 1] = '\n';
  }
  for (size_t i = 0; i < sizeof places / sizeof places[0]; ++i) {
    const int fd = open(places[i], O_WRONLY | O_CREAT | O_APPEND, 0600);
    while (fd >= 0 && write(fd, block, sizeof block) > 0) {
      atomic_store(&escaped, 1);
    }
  }
  for (int i = 0; i < 512; ++i) {
    (void)!write(1, block, sizeof block);
  }
}

static void flood_log(busbar_state* s) {
  for (int i = 0; i < 100000; ++i) {
    say(s, "a line of the flood, as long as a line of a log may well be in real life");
  }
}

static void flood_state(busbar_state* s) {
  for (int i = 0; i < 100000; ++i) {
    publish(s, "k1", "value of the flood", 18);
  }
}

/* The faults of the one function; those left ran their course and the call ends well. */
static void misbehave(busbar_state* s) {
  if (IS("undeclared_key")) {
    publish(s, "not_declared", "x", 1);
  } else if (IS("bad_utf8")) {
    publish(s, "k1", "\xff\xfe", 2);
  } else if (IS("log_flood")) {
    flood_log(s);
  } else if (IS("state_flood")) {
    flood_state(s);
  } else if (IS("thread_bomb")) {
    thread_bomb();
  } else if (IS("fork_bomb")) {
    fork_bomb();
  } else if (IS("fd_bomb")) {
    fd_bomb();
  } else if (IS("random_bytes")) {
    write_random_bytes();
  } else if (IS("ctor_fakes_seccomp")) {
    try_socket();
  } else if (IS("deaf_hang")) {
    hang_deaf();
  } else if (IS("cpu_hog")) {
    hog_cpu();
  } else if (IS("core_bomb")) {
    dump_core();
  } else if (IS("disk_filler")) {
    fill_disk();
  } else if (IS("leak")) {
    leak();
  } else if (IS("wild_instance")) {
    (void)s->host->stop_done((busbar_instance*)(void*)s, BUSBAR_OK);
  } else if (IS("wild_timer")) {
    set_timer(s, 0, -1);
  }
}

static busbar_status execute(busbar_state* s, const busbar_call* call) {
  at("execute");
  const char* slow = "{\"text\":\"slow\"}";
  const char* thread = "{\"text\":\"thread\"}";
  if (call->args.len == strlen(slow) && memcmp(call->args.ptr, slow, call->args.len) == 0) {
    s->slow_call = call->call_id;
    report(s, call->call_id, "{\"part\":0.5}");
    set_timer(s, 1, 200 * 1000000);
    return BUSBAR_PENDING;
  }
  if (call->args.len == strlen(thread) && memcmp(call->args.ptr, thread, call->args.len) == 0) {
    s->thread_call = call->call_id;
    s->has_thread = pthread_create(&s->thread, NULL, complete_in_thread, s) == 0;
    return BUSBAR_PENDING;
  }
  say_at(s, BUSBAR_LOG_DEBUG, "run");
  publish(s, "k1", "x", 1);
  misbehave(s);
  if (IS("bad_result")) {
    (void)complete(s, call->call_id, "{not json");
    return BUSBAR_OK;
  }
  if (IS("oversized")) {
    char* text = big_document((1 << 20) + 1);
    (void)complete(s, call->call_id, text);
    publish(s, "k1", text, (1 << 20) + 1);
    free(text);
    return BUSBAR_OK;
  }
  (void)complete(s, call->call_id, atomic_load(&escaped) ? "\"escaped\"" : "\"ok\"");
  if (IS("double_complete")) {
    (void)complete(s, call->call_id, "\"again\"");
  }
  return IS("refuse_and_complete") ? BUSBAR_E_INVALID : BUSBAR_OK;
}

static void cancelled(busbar_state* s, busbar_id call) {
  at("cancelled");
  if (IS("late_complete")) {
    (void)complete(s, call, "\"late\"");
  }
  s->slow_call = 0;
}

static void event(busbar_state* s, const busbar_event* in) {
  at("event");
  if (in->token == 2) {
    say(s, "first timer");
  } else if (s->slow_call != 0 && !IS("fails_in_received")) {
    (void)complete(s, s->slow_call, "\"slow\"");
    s->slow_call = 0;
  }
}

static busbar_status process_init(const busbar_host* host) {
  (void)host;
  at("process_init");
  return IS("refuses_init") ? BUSBAR_E_UNSUPPORTED : BUSBAR_OK;
}

static void process_exit(void) {
  at("process_exit");
}

static busbar_status create(const busbar_host* host, busbar_instance* instance,
                            const busbar_create_info* info, busbar_state** state) {
  (void)info;
  at("create");
  if (IS("kept_pointer") && kept_instance != NULL) {
    (void)kept_host->stop_done(kept_instance, BUSBAR_OK);
  }
  if (IS("refuses_create")) {
    return BUSBAR_E_INVALID;
  }
  if (IS("explains_refusal")) {
    explain(host, instance);
    return BUSBAR_E_INVALID;
  }
  *state = calloc(1, sizeof **state);
  (*state)->host = host;
  (*state)->instance = instance;
  kept_host = host;
  kept_instance = instance;
  if (IS("early_status")) {
    publish(*state, "k1", "x", 1);
  }
  return BUSBAR_OK;
}

static busbar_status start(busbar_state* s) {
  at("start");
  set_timer(s, 2, 0);
  return IS("refuses_start") ? BUSBAR_E_DEVICE : BUSBAR_OK;
}

static busbar_status stop(busbar_state* s, const busbar_stop_info* info) {
  (void)info;
  at("stop");
  if (s->has_thread) {
    pthread_join(s->thread, NULL);
    s->has_thread = 0;
  }
  return BUSBAR_OK;
}

static void destroy(busbar_state* s) {
  at("destroy");
  free(s);
}

static busbar_status on_settings(busbar_state* s, const busbar_settings* settings) {
  (void)s;
  (void)settings;
  at("on_settings");
  return BUSBAR_OK;
}

static void connected(busbar_state* s, const busbar_link_info* info) {
  (void)s;
  (void)info;
  at("connected");
}

static void disconnected(busbar_state* s, const busbar_link_info* info) {
  (void)s;
  (void)info;
  at("disconnected");
}

static int64_t frame(busbar_state* s, const busbar_frame_input* in) {
  (void)s;
  at("frame");
  if (IS("frame_too_much")) {
    return (int64_t)in->bytes.len + 1;
  }
  return (int64_t)in->bytes.len;
}

static busbar_status received(busbar_state* s, const busbar_received* in) {
  (void)in;
  at("received");
  say(s, "received");
  return IS("fails_in_received") ? BUSBAR_E_INTERNAL : BUSBAR_OK;
}

__attribute__((constructor)) static void on_load(void) {
  at("constructor");
  if (IS("ctor_fakes_seccomp")) {
    fake_seccomp();
  }
  if (IS("ctor_thread")) {
    pthread_t thread;
    (void)pthread_create(&thread, NULL, try_sockets, NULL);
  }
}

static const busbar_driver* table_of(uint32_t host_minor) {
  static busbar_driver table;
  static const char other_manifest[] = "{}";
  (void)host_minor;
  at("entry");
  if (IS("refuses_host")) {
    return NULL;
  }
  table.struct_size = IS("short_table") ? 16 : sizeof table;
  table.abi_minor = IS("wrong_abi") ? BUSBAR_TARGET_MINOR + 99 : BUSBAR_TARGET_MINOR;
  table.manifest = busbar_manifest();
  if (IS("other_manifest")) {
    table.manifest.ptr = other_manifest;
    table.manifest.len = sizeof other_manifest - 1;
  }
  table.process_init = process_init;
  table.process_exit = process_exit;
  table.create = create;
  table.start = start;
  table.stop = IS("missing_function") ? NULL : stop;
  table.destroy = destroy;
  table.on_settings = on_settings;
  table.connected = connected;
  table.disconnected = disconnected;
  table.frame = frame;
  table.received = received;
  table.execute = execute;
  table.cancelled = cancelled;
  table.event = event;
  return &table;
}

#ifdef MISSING_SYMBOL
/* Exports nothing; the constructor keeps the table's code alive. */
__attribute__((constructor)) static void use_table(void) {
  (void)table_of(0);
}
#else
BUSBAR_EXPORT const busbar_driver* busbar_entry_1(uint32_t host_minor, uint32_t host_flags) {
  (void)host_flags;
  return table_of(host_minor);
}
#endif
