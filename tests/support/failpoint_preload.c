/* SPDX-FileCopyrightText: The Busbar authors
 * SPDX-License-Identifier: Apache-2.0 */

/* A library for LD_PRELOAD that makes one call of libc fail. The file named by FAILPOINT_PAGE,
 * mapped by both sides, says which: set `left` to N and `kinds` to a sum of the K_* below, and the
 * N-th such call from then on fails with `error`, once; `hits` counts. Meets calls through the PLT
 * only, so nothing that libc does within itself. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>

enum { K_MALLOC = 1, K_FILE = 2, K_SOCKET = 4 };

struct page {
  _Atomic int64_t left;
  _Atomic uint32_t kinds;
  _Atomic int32_t error;
  _Atomic uint64_t hits;
};

static struct page* shared;

void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* block, size_t size);

__attribute__((constructor)) static void map_page(void) {
  const char* path = getenv("FAILPOINT_PAGE");
  const int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
  if (fd < 0) {
    return;
  }
  void* mapped = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  (void)close(fd);
  if (mapped != MAP_FAILED) {
    shared = mapped;
  }
}

/* Whether this call is the one; errno is set then. */
static int fails(uint32_t kind) {
  if (shared == NULL || (atomic_load(&shared->kinds) & kind) == 0 ||
      atomic_fetch_sub(&shared->left, 1) != 1) {
    return 0;
  }
  atomic_fetch_add(&shared->hits, 1);
  errno = atomic_load(&shared->error);
  return 1;
}

void* malloc(size_t size) {
  return fails(K_MALLOC) ? NULL : __libc_malloc(size);
}

void* calloc(size_t count, size_t size) {
  return fails(K_MALLOC) ? NULL : __libc_calloc(count, size);
}

void* realloc(void* block, size_t size) {
  return fails(K_MALLOC) ? NULL : __libc_realloc(block, size);
}

/* POSIX's own way to get a function from dlsym(). */
#define FIND(name) (*(void**)(&real) = dlsym(RTLD_NEXT, #name))
#define FAILING(kind, type, name, parameters, arguments) \
  type name parameters {                                 \
    static __typeof__(&name) real;                       \
    if (real == NULL) {                                  \
      FIND(name);                                        \
    }                                                    \
    return fails(kind) ? -1 : real arguments;            \
  }

FAILING(K_FILE, int, fsync, (int fd), (fd))
FAILING(K_FILE, int, fdatasync, (int fd), (fd))
FAILING(K_FILE, int, rename, (const char* from, const char* to), (from, to))
FAILING(K_FILE, int, mkdir, (const char* path, mode_t mode), (path, mode))
FAILING(K_FILE, int, unlink, (const char* path), (path))
FAILING(K_FILE, int, fchmod, (int fd, mode_t mode), (fd, mode))
FAILING(K_FILE, int, ftruncate, (int fd, off_t length), (fd, length))
FAILING(K_FILE, int, ftruncate64, (int fd, off64_t length), (fd, length))
FAILING(K_FILE, ssize_t, pwrite, (int fd, const void* bytes, size_t n, off_t at),
        (fd, bytes, n, at))
FAILING(K_FILE, ssize_t, pwrite64, (int fd, const void* bytes, size_t n, off64_t at),
        (fd, bytes, n, at))
FAILING(K_SOCKET, int, socket, (int family, int type, int protocol), (family, type, protocol))
FAILING(K_SOCKET, int, connect, (int fd, __CONST_SOCKADDR_ARG to, socklen_t length),
        (fd, to, length))

/* Files only: a write that wakes an eventfd does not fail in real life. */
ssize_t write(int fd, const void* bytes, size_t n) {
  static __typeof__(&write) real;
  struct stat about;
  if (real == NULL) {
    FIND(write);
  }
  return fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && fails(K_FILE) ? -1
                                                                           : real(fd, bytes, n);
}

char* mkdtemp(char* pattern) {
  static __typeof__(&mkdtemp) real;
  if (real == NULL) {
    FIND(mkdtemp);
  }
  return fails(K_FILE) ? NULL : real(pattern);
}

#define OPENING(name, parameters, arguments)                                                       \
  int name parameters {                                                                            \
    static __typeof__(&name) real;                                                                 \
    va_list list;                                                                                  \
    va_start(list, flags);                                                                         \
    const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? (mode_t)va_arg(list, unsigned) : 0; \
    va_end(list);                                                                                  \
    if (real == NULL) {                                                                            \
      FIND(name);                                                                                  \
    }                                                                                              \
    return fails(K_FILE) ? -1 : real arguments;                                                    \
  }

OPENING(open, (const char* path, int flags, ...), (path, flags, mode))
OPENING(open64, (const char* path, int flags, ...), (path, flags, mode))
OPENING(openat, (int at, const char* path, int flags, ...), (at, path, flags, mode))
OPENING(openat64, (int at, const char* path, int flags, ...), (at, path, flags, mode))
