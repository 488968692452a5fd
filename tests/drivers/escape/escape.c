/* SPDX-FileCopyrightText: The Busbar authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A driver that tries to get out. Each attempt answers 0 when it succeeded, else errno. One attempt
 * runs per process; the test says which, and from where. */
#define _GNU_SOURCE
#include "tests/drivers/escape/escape.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHANNEL_FD 3

typedef const struct escape_context context;

static int outcome(long result) {
  return result < 0 ? errno : 0;
}

static const char* in_folder(context* c, const char* name) {
  static _Thread_local char path[256];
  snprintf(path, sizeof(path), "%s/%s", c->folder, name);
  return path;
}

static int holds_secret(int fd) {
  char text[sizeof(ESCAPE_SECRET)] = {0};
  if (pread(fd, text, sizeof(text) - 1, 0) < 0) {
    return errno;
  }
  return strcmp(text, ESCAPE_SECRET) == 0 ? 0 : ENODATA;
}

static int open_and_read(const char* path) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  return fd < 0 ? errno : holds_secret(fd);
}

/* files */

static int read_secret(context* c) {
  return open_and_read(in_folder(c, "secret"));
}
static int write_file(context* c) {
  const int fd = open(in_folder(c, "written"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  return fd < 0 ? errno : outcome(write(fd, "x", 1));
}
static int list_folder(context* c) {
  char entries[1024];
  const int fd = open(c->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) {
    return errno;
  }
  const long got = syscall(SYS_getdents64, fd, entries, sizeof(entries));
  return got < 0 ? errno : got == 0 ? ENODATA : 0;
}
static int make_symlink(context* c) {
  return outcome(symlink("secret", in_folder(c, "symlink")));
}
static int make_hard_link(context* c) {
  char from[256];
  snprintf(from, sizeof(from), "%s", in_folder(c, "renamable"));
  return outcome(link(from, in_folder(c, "hardlink")));
}
static int remove_file(context* c) {
  return outcome(unlink(in_folder(c, "removable")));
}
static int rename_file(context* c) {
  char from[256];
  snprintf(from, sizeof(from), "%s", in_folder(c, "renamable"));
  return outcome(rename(from, in_folder(c, "renamed")));
}
static int shorten_file(context* c) {
  return outcome(truncate(in_folder(c, "shortable"), 0));
}
static int make_folder(context* c) {
  return outcome(mkdir(in_folder(c, "made"), 0700));
}
static int make_device(context* c) {
  return outcome(mknod(in_folder(c, "device"), S_IFBLK | 0600, makedev(254, 0)));
}
static int look_at_secret(context* c) {
  struct stat info;
  return outcome(stat(in_folder(c, "secret"), &info));
}
static int open_by_handle(context* c) {
  struct {
    struct file_handle head;
    unsigned char space[MAX_HANDLE_SZ];
  } handle;
  int mount_id = 0;
  handle.head.handle_bytes = MAX_HANDLE_SZ;
  if (name_to_handle_at(AT_FDCWD, in_folder(c, "secret"), &handle.head, &mount_id, 0) != 0) {
    return errno;
  }
  const int at = open(c->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const int fd = open_by_handle_at(at, &handle.head, O_RDONLY);
  return fd < 0 ? errno : holds_secret(fd);
}
static int watch_folder(context* c) {
  const int fd = inotify_init1(IN_CLOEXEC);
  return fd < 0 ? errno : outcome(inotify_add_watch(fd, c->folder, IN_ALL_EVENTS));
}
static int overwrite_own_driver(context* c) {
  return outcome(open(c->driver, O_WRONLY | O_APPEND | O_CLOEXEC));
}
static int chmod_own_driver(context* c) {
  return outcome(chmod(c->driver, 0777));
}

/* processes */

static int wait_for(long child) {
  if (child < 0) {
    return errno;
  }
  if (child == 0) {
    syscall(SYS_exit_group, 0);
  }
  waitpid((pid_t)child, NULL, 0);
  return 0;
}
static int fork_process(context* c) {
  (void)c;
  return wait_for(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}
static int clone3_process(context* c) {
  (void)c;
  struct clone_args args = {.exit_signal = SIGCHLD};
  return wait_for(syscall(SYS_clone3, &args, sizeof(args)));
}
static int end_at_once(void* nothing) {
  (void)nothing;
  return 0;
}
static int clone_sharing_memory(context* c) {
  (void)c;
  char* stack = malloc(65536);
  const int child = clone(end_at_once, stack + 65536, CLONE_VM | SIGCHLD, NULL);
  return child < 0 ? errno : (waitpid(child, NULL, 0), 0);
}
static int execute_shell(context* c) {
  (void)c;
  char* const argv[] = {(char*)"sh", (char*)"-c", (char*)"echo R 0 >&3; exec cat <&3 >/dev/null",
                        NULL};
  char* const envp[] = {(char*)"PATH=/bin", NULL};
  return outcome(execve("/bin/sh", argv, envp));
}
static int execute_memory_file(context* c) {
  (void)c;
  static const char script[] = "#!/bin/sh\necho R 0 >&3\nexec cat <&3 >/dev/null\n";
  const int fd = memfd_create("script", 0);
  if (fd < 0 || write(fd, script, sizeof(script) - 1) < 0) {
    return errno;
  }
  char* const argv[] = {(char*)"script", NULL};
  char* const envp[] = {(char*)"PATH=/bin", NULL};
  return outcome(execveat(fd, "", argv, envp, AT_EMPTY_PATH));
}
static int trace_victim(context* c) {
  return outcome(ptrace(PTRACE_SEIZE, c->victim, 0, 0));
}
static int read_victim_memory(context* c) {
  char text[sizeof(ESCAPE_SECRET)];
  struct iovec local = {text, sizeof(text)};
  struct iovec remote = {(void*)(uintptr_t)c->victim_address, sizeof(text)};
  return outcome(process_vm_readv(c->victim, &local, 1, &remote, 1, 0));
}
static int write_victim_memory(context* c) {
  char text[] = ESCAPE_SECRET;
  struct iovec local = {text, sizeof(text)};
  struct iovec remote = {(void*)(uintptr_t)c->victim_address, sizeof(text)};
  return outcome(process_vm_writev(c->victim, &local, 1, &remote, 1, 0));
}
static int open_victim(context* c) {
  return (int)syscall(SYS_pidfd_open, c->victim, 0);
}
static int take_victim_descriptor(context* c) {
  const int pidfd = open_victim(c);
  const long fd = pidfd < 0 ? -1 : syscall(SYS_pidfd_getfd, pidfd, ESCAPE_LEAKED_FD, 0);
  return fd < 0 ? errno : holds_secret((int)fd);
}
static int renice_victim(context* c) {
  return outcome(setpriority(PRIO_PROCESS, (id_t)c->victim, 5));
}
static int bind_victim_to_cpu(context* c) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(0, &cpus);
  return outcome(sched_setaffinity(c->victim, sizeof(cpus), &cpus));
}
static int limit_victim(context* c) {
  const struct rlimit limit = {0, 0};
  return outcome(prlimit(c->victim, RLIMIT_CORE, &limit, NULL));
}
static void* wait_for_ever(void* nothing) {
  for (;;) {
    pause();
  }
  return nothing;
}
static int many_threads(context* c) {
  (void)c;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 65536);
  for (int i = 0; i < 100; ++i) {
    pthread_t thread;
    const int error = pthread_create(&thread, &attributes, wait_for_ever, NULL);
    if (error != 0) {
      return error;
    }
  }
  return 0;
}
static int real_time_priority(context* c) {
  (void)c;
  const struct sched_param first = {.sched_priority = 1};
  return outcome(sched_setscheduler(0, SCHED_FIFO, &first));
}
static int fixed_addresses(context* c) {
  (void)c;
  return outcome(personality(ADDR_NO_RANDOMIZE));
}

/* signals; the victim ignores SIGUSR1 */

static int kill_victim(context* c) {
  return outcome(kill(c->victim, SIGUSR1));
}
static int tkill_victim(context* c) {
  return outcome(syscall(SYS_tkill, c->victim, SIGUSR1));
}
static int tgkill_victim(context* c) {
  return outcome(syscall(SYS_tgkill, c->victim, c->victim, SIGUSR1));
}
static int queue_signal_to_victim(context* c) {
  return outcome(sigqueue(c->victim, SIGUSR1, (union sigval){0}));
}
static int signal_by_pidfd(context* c) {
  const int pidfd = open_victim(c);
  return outcome(pidfd < 0 ? -1 : syscall(SYS_pidfd_send_signal, pidfd, SIGUSR1, NULL, 0));
}
static int signal_everybody(context* c) {
  (void)c;
  return outcome(kill(-1, 0));
}
static int signal_by_socket_owner(context* c) {
  return outcome(fcntl(ESCAPE_TCP_FD, F_SETOWN, c->victim));
}

/* /proc */

static int open_proc(context* c, const char* name, int flags) {
  char path[64];
  snprintf(path, sizeof(path), "/proc/%d/%s", c->victim, name);
  return open(path, flags | O_CLOEXEC);
}
static int proc_victim_memory(context* c) {
  char text[sizeof(ESCAPE_SECRET)];
  const int fd = open_proc(c, "mem", O_RDONLY);
  return outcome(fd < 0 ? -1 : pread(fd, text, sizeof(text), (off_t)c->victim_address));
}
static int proc_victim_environment(context* c) {
  char text[16];
  const int fd = open_proc(c, "environ", O_RDONLY);
  return outcome(fd < 0 ? -1 : read(fd, text, sizeof(text)));
}
static int proc_victim_root(context* c) {
  char path[320];
  snprintf(path, sizeof(path), "/proc/%d/root%s", c->victim, in_folder(c, "secret"));
  return open_and_read(path);
}
static int proc_own_memory(context* c) {
  static char target[] = "old";
  (void)c;
  const int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
  return outcome(fd < 0 ? -1 : pwrite(fd, "new", 3, (off_t)(uintptr_t)target));
}
static int proc_reopen_descriptor(context* c) {
  char name[32];
  snprintf(name, sizeof(name), "fd/%d", ESCAPE_LEAKED_FD);
  const int fd = open_proc(c, name, O_RDWR);
  return fd < 0 ? errno : holds_secret(fd);
}
static int proc_mount_anew(context* c) {
  (void)c;
  const long fs = syscall(SYS_fsopen, "proc", 0);
  if (fs < 0 || syscall(SYS_fsconfig, fs, 6 /* FSCONFIG_CMD_CREATE */, NULL, NULL, 0) < 0) {
    return errno;
  }
  return outcome(syscall(SYS_fsmount, fs, 0, 0));
}
static int proc_write_sysctl(context* c) {
  (void)c;
  return outcome(open("/proc/sys/kernel/core_pattern", O_WRONLY | O_CLOEXEC));
}

/* sockets */

static struct sockaddr_in loopback4(uint32_t port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return to;
}
static struct sockaddr_in6 loopback6(uint32_t port) {
  struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
  to.sin6_addr = in6addr_loopback;
  return to;
}
static int connect4(int fd, uint32_t port) {
  const struct sockaddr_in to = loopback4(port);
  return connect(fd, (const struct sockaddr*)&to, sizeof(to));
}
static int tcp_connect(context* c) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  return outcome(fd < 0 ? -1 : connect4(fd, c->tcp_port));
}
static int tcp_listen(context* c) {
  (void)c;
  const struct sockaddr_in at = loopback4(0);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0 || bind(fd, (const struct sockaddr*)&at, sizeof(at)) < 0) {
    return errno;
  }
  return outcome(listen(fd, 1));
}
static int udp_send(context* c) {
  const struct sockaddr_in to = loopback4(c->udp_port);
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  return outcome(fd < 0 ? -1 : sendto(fd, "x", 1, 0, (const struct sockaddr*)&to, sizeof(to)));
}
static int tcp_fast_open(context* c) {
  const struct sockaddr_in to = loopback4(c->tcp_port);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  return outcome(
      fd < 0 ? -1 : sendto(fd, "x", 1, MSG_FASTOPEN, (const struct sockaddr*)&to, sizeof(to)));
}
static int raw_icmp(context* c) {
  (void)c;
  return outcome(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
}
static int tcp6_connect(context* c) {
  const struct sockaddr_in6 to = loopback6(c->tcp6_port);
  const int fd = socket(AF_INET6, SOCK_STREAM, 0);
  return outcome(fd < 0 ? -1 : connect(fd, (const struct sockaddr*)&to, sizeof(to)));
}
static int tcp6_listen(context* c) {
  (void)c;
  const int fd = socket(AF_INET6, SOCK_STREAM, 0);
  return outcome(fd < 0 ? -1 : listen(fd, 1));
}
static int udp6_send(context* c) {
  const struct sockaddr_in6 to = loopback6(c->udp6_port);
  const int fd = socket(AF_INET6, SOCK_DGRAM, 0);
  return outcome(fd < 0 ? -1 : sendto(fd, "x", 1, 0, (const struct sockaddr*)&to, sizeof(to)));
}
static int unix_connect(const struct sockaddr_un* to, size_t length) {
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  return outcome(fd < 0 ? -1 : connect(fd, (const struct sockaddr*)to, (socklen_t)length));
}
static int unix_path_connect(context* c) {
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  snprintf(to.sun_path, sizeof(to.sun_path), "%.90s/socket", c->folder);
  return unix_connect(&to, sizeof(to));
}
static int unix_abstract_connect(context* c) {
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  snprintf(to.sun_path + 1, sizeof(to.sun_path) - 1, "%s", c->abstract_name);
  return unix_connect(&to, offsetof(struct sockaddr_un, sun_path) + 1 + strlen(c->abstract_name));
}
static int unix_bind(context* c) {
  (void)c;
  const struct sockaddr_un any = {.sun_family = AF_UNIX};
  const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  return outcome(fd < 0 ? -1 : bind(fd, (const struct sockaddr*)&any, sizeof(sa_family_t)));
}
static int unix_pair(context* c) {
  (void)c;
  int fds[2];
  return outcome(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
}
static int open_netlink(int protocol) {
  const struct sockaddr_nl at = {.nl_family = AF_NETLINK};
  const int fd = socket(AF_NETLINK, SOCK_RAW, protocol);
  return outcome(fd < 0 ? -1 : bind(fd, (const struct sockaddr*)&at, sizeof(at)));
}
static int netlink_route(context* c) {
  return (void)c, open_netlink(NETLINK_ROUTE);
}
static int netlink_uevents(context* c) {
  return (void)c, open_netlink(NETLINK_KOBJECT_UEVENT);
}
static int netlink_generic(context* c) {
  return (void)c, open_netlink(NETLINK_GENERIC);
}
static int packet_raw(context* c) {
  (void)c;
  return outcome(socket(AF_PACKET, SOCK_RAW, htons(3)));
}
static int packet_datagram(context* c) {
  (void)c;
  return outcome(socket(AF_PACKET, SOCK_DGRAM, htons(3)));
}
static int packet_legacy(context* c) {
  (void)c;
  return outcome(socket(AF_INET, SOCK_PACKET, htons(3)));
}
static int vsock_stream(context* c) {
  (void)c;
  return outcome(socket(AF_VSOCK, SOCK_STREAM, 0));
}
static int vsock_listen(context* c) {
  (void)c;
  const struct sockaddr_vm at = {
      .svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = VMADDR_PORT_ANY};
  const int fd = socket(AF_VSOCK, SOCK_STREAM, 0);
  if (fd < 0 || bind(fd, (const struct sockaddr*)&at, sizeof(at)) < 0) {
    return errno;
  }
  return outcome(listen(fd, 1));
}
static int vsock_seqpacket(context* c) {
  (void)c;
  return outcome(socket(AF_VSOCK, SOCK_SEQPACKET, 0));
}

/* passed descriptors */

static int udp_reconnect(context* c) {
  return outcome(connect4(ESCAPE_UDP_FD, c->udp_port));
}
static int udp_sendto_elsewhere(context* c) {
  const struct sockaddr_in to = loopback4(c->udp_port);
  return outcome(sendto(ESCAPE_UDP_FD, "x", 1, 0, (const struct sockaddr*)&to, sizeof(to)));
}
static int udp_sendmsg_elsewhere(context* c) {
  struct sockaddr_in to = loopback4(c->udp_port);
  struct iovec data = {(void*)"x", 1};
  const struct msghdr message = {
      .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &data, .msg_iovlen = 1};
  return outcome(sendmsg(ESCAPE_UDP_FD, &message, 0));
}
static int udp_sendmmsg_elsewhere(context* c) {
  struct sockaddr_in to = loopback4(c->udp_port);
  struct iovec data = {(void*)"x", 1};
  struct mmsghdr messages = {
      .msg_hdr = {.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &data, .msg_iovlen = 1}};
  return outcome(sendmmsg(ESCAPE_UDP_FD, &messages, 1, 0));
}
static int tcp_reconnect(context* c) {
  const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
  if (connect(ESCAPE_TCP_FD, &nobody, sizeof(nobody)) < 0) {
    return errno;
  }
  return outcome(connect4(ESCAPE_TCP_FD, c->tcp_port));
}
static int bind_to_device(context* c) {
  (void)c;
  return outcome(setsockopt(ESCAPE_UDP_FD, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3));
}
static int attach_filter(context* c) {
  (void)c;
  struct sock_filter all = {BPF_RET | BPF_K, 0, 0, 0xffffffff};
  const struct sock_fprog program = {1, &all};
  return outcome(
      setsockopt(ESCAPE_UDP_FD, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)));
}
static int linger_change(context* c) {
  (void)c;
  const struct linger off = {0, 0};
  return outcome(setsockopt(ESCAPE_TCP_FD, SOL_SOCKET, SO_LINGER, &off, sizeof(off)));
}
static int list_interfaces(context* c) {
  (void)c;
  struct ifreq entries[8];
  struct ifconf list = {.ifc_len = sizeof(entries), .ifc_req = entries};
  if (ioctl(ESCAPE_UDP_FD, SIOCGIFCONF, &list) < 0) {
    return errno;
  }
  return list.ifc_len > 0 ? 0 : ENODATA;
}
static int push_descriptor(context* c) {
  (void)c;
  char space[CMSG_SPACE(sizeof(int))] = {0};
  struct iovec data = {(void*)"P\n", 2};
  struct msghdr message = {
      .msg_iov = &data, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof(space)};
  struct cmsghdr* head = CMSG_FIRSTHDR(&message);
  const int fd = 1;
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(head), &fd, sizeof(fd));
  return outcome(sendmsg(CHANNEL_FD, &message, 0));
}
static int read_leaked(context* c) {
  return (void)c, holds_secret(ESCAPE_LEAKED_FD);
}
static int peer_credentials(context* c) {
  (void)c;
  struct ucred peer;
  socklen_t length = sizeof(peer);
  return outcome(getsockopt(CHANNEL_FD, SOL_SOCKET, SO_PEERCRED, &peer, &length));
}
static int type_into_terminal(context* c) {
  (void)c;
  return outcome(ioctl(ESCAPE_TTY_FD, TIOCSTI, "x"));
}

/* namespaces */

static int new_user_namespace(context* c) {
  return (void)c, outcome(unshare(CLONE_NEWUSER));
}
static int new_mount_namespace(context* c) {
  return (void)c, outcome(unshare(CLONE_NEWNS));
}
static int clone_into_namespace(context* c) {
  (void)c;
  return wait_for(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
}
static int join_victim_namespace(context* c) {
  const int pidfd = open_victim(c);
  return outcome(pidfd < 0 ? -1 : setns(pidfd, CLONE_NEWNET));
}
static int mount_tmpfs(context* c) {
  const char* at = access(c->folder, F_OK) == 0 ? c->folder : "/tmp";
  if (mount("escape", at, "tmpfs", 0, "size=4096") != 0) {
    return errno;
  }
  return outcome(umount2(at, MNT_DETACH));
}
static int mount_new_api(context* c) {
  (void)c;
  return outcome(syscall(SYS_fsopen, "tmpfs", 0));
}
static int clone_mount_tree(context* c) {
  (void)c;
  return outcome(syscall(SYS_open_tree, AT_FDCWD, "/", 1 /* OPEN_TREE_CLONE */));
}
static int change_root(context* c) {
  return (void)c, outcome(chroot("/"));
}
static int change_host_name(context* c) {
  (void)c;
  struct utsname name;
  uname(&name);
  return outcome(sethostname(name.nodename, strlen(name.nodename)));
}

/* kernel interfaces */

static int setup_ring(unsigned flags, struct io_uring_params* params) {
  memset(params, 0, sizeof(*params));
  params->flags = flags;
  return (int)syscall(SYS_io_uring_setup, 4, params);
}
static int io_uring_setup(context* c) {
  (void)c;
  struct io_uring_params params;
  return outcome(setup_ring(0, &params));
}
static int io_uring_nop(context* c) {
  (void)c;
  struct io_uring_params params;
  const int fd = setup_ring(0, &params);
  return outcome(fd < 0 ? -1
                        : syscall(SYS_io_uring_enter, fd, 0, 0, IORING_ENTER_GETEVENTS, NULL, 0));
}
static int io_uring_polling(context* c) {
  (void)c;
  struct io_uring_params params;
  return outcome(setup_ring(IORING_SETUP_SQPOLL, &params));
}
static long bpf(int command, union bpf_attr* attributes) {
  return syscall(SYS_bpf, command, attributes, sizeof(*attributes));
}
static int bpf_map(context* c) {
  (void)c;
  union bpf_attr attributes = {
      .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};
  return outcome(bpf(BPF_MAP_CREATE, &attributes));
}
static int bpf_program(context* c) {
  (void)c;
  const struct bpf_insn code[2] = {{.code = 0xb7, .dst_reg = 0, .imm = 0}, {.code = 0x95}};
  union bpf_attr attributes = {.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
                               .insn_cnt = 2,
                               .insns = (uint64_t)(uintptr_t)code,
                               .license = (uint64_t)(uintptr_t)"GPL"};
  return outcome(bpf(BPF_PROG_LOAD, &attributes));
}
static int bpf_list(context* c) {
  (void)c;
  union bpf_attr attributes = {.start_id = 0};
  const long result = bpf(BPF_MAP_GET_NEXT_ID, &attributes);
  return result < 0 && errno == ENOENT ? 0 : outcome(result); /* nothing there is an answer, too */
}
static int key_add(context* c) {
  (void)c;
  return outcome(syscall(SYS_add_key, "user", "escape", "x", 1, KEY_SPEC_PROCESS_KEYRING));
}
static int key_session(context* c) {
  (void)c;
  return outcome(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL));
}
static int key_read_keyring(context* c) {
  (void)c;
  return outcome(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 1));
}

/* memory */

static int memory_bomb(context* c) {
  (void)c;
  for (int i = 0; i < 200; ++i) {
    char* piece = malloc(1 << 20);
    if (piece == NULL) {
      return ENOMEM;
    }
    memset(piece, 1, 1 << 20);
  }
  return 0;
}
static int memory_file(context* c) {
  return (void)c, outcome(memfd_create("escape", 0));
}
static int writable_code(context* c) {
  (void)c;
  void* at =
      mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return at == MAP_FAILED ? errno : 0;
}
static int heap_into_code(context* c) {
  (void)c;
  void* at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return at == MAP_FAILED ? errno : outcome(mprotect(at, 4096, PROT_READ | PROT_EXEC));
}
static int user_fault(context* c) {
  (void)c;
  return outcome(syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY));
}
static int shared_memory_segment(context* c) {
  (void)c;
  const int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
  return outcome(id < 0 ? -1 : shmctl(id, IPC_RMID, NULL));
}
static int message_queue(context* c) {
  (void)c;
  const int id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
  return outcome(id < 0 ? -1 : msgctl(id, IPC_RMID, NULL));
}
static int many_descriptors(context* c) {
  (void)c;
  for (int i = 0; i < 300; ++i) {
    if (dup(1) < 0) {
      return errno;
    }
  }
  return 0;
}
static int performance_counters(context* c) {
  (void)c;
  struct perf_event_attr attributes = {.type = PERF_TYPE_SOFTWARE,
                                       .size = sizeof(struct perf_event_attr),
                                       .config = PERF_COUNT_SW_TASK_CLOCK,
                                       .exclude_kernel = 1,
                                       .exclude_hv = 1};
  return outcome(syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0));
}

/* the filters themselves */

static struct sock_filter allow_all[1] = {{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
static struct sock_fprog allow_program = {1, allow_all};

static int fake_seccomp(context* c) {
  (void)c;
  return outcome(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &allow_program));
}
static int own_filter_by_prctl(context* c) {
  (void)c;
  return outcome(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &allow_program, 0, 0));
}
static int replace_pinned_page(context* c) {
  (void)c;
  void* const page = (void*)0x200080000000UL;
  void* at =
      mmap(page, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  return at == MAP_FAILED ? errno : 0;
}
static int dumpable_again(context* c) {
  return (void)c, outcome(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

/* running one */

#define ATTEMPT(name, category, after_load_only) name,
static int (*const attempts[])(context*) = {
#include "tests/drivers/escape/attempts.def"
};
#undef ATTEMPT

static struct escape_context given;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void try_it(void) {
  char line[32];
  int result = EINVAL;
  if (given.attempt < sizeof(attempts) / sizeof(attempts[0])) {
    result = attempts[given.attempt](&given);
  }
  const int length = snprintf(line, sizeof(line), "R %d\n", result);
  if (write(CHANNEL_FD, line, (size_t)length) < 0) {
    _exit(9);
  }
}

static void* try_in_thread(void* nothing) {
  pthread_mutex_lock(&gate); /* until the callback */
  try_it();
  return nothing;
}

__attribute__((constructor)) static void on_load(void) {
  if (pread(ESCAPE_CONTEXT_FD, &given, sizeof(given), 0) != (ssize_t)sizeof(given)) {
    _exit(8);
  }
  if (given.where == ESCAPE_CONSTRUCTOR) {
    try_it();
  } else if (given.where == ESCAPE_THREAD) {
    pthread_t thread;
    pthread_mutex_lock(&gate);
    if (pthread_create(&thread, NULL, try_in_thread, NULL) != 0) {
      _exit(10);
    }
  }
}

/* Called by the test runner once it has entered the sandbox fully. */
__attribute__((visibility("default"))) void escape_callback(void);
void escape_callback(void) {
  if (given.where == ESCAPE_THREAD) {
    pthread_mutex_unlock(&gate);
  } else if (given.where == ESCAPE_CALLBACK) {
    try_it();
  }
}
