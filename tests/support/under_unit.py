#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""Runs a program under the restrictions of a systemd unit, without systemd: by the same calls of the kernel
(systemd.exec(5) says what each directive does). Root only; the program runs as nobody.

  under_unit.py UNIT STATE_FOLDER PROGRAM ARGUMENT...

STATE_FOLDER, below /var/lib, stands for the unit's StateDirectory: the one place that can be written. A
directive that is not known here ends with an error, so that no restriction is left out in silence.
"""
import ctypes
import errno
import os
import resource
import socket
import sys

libc = ctypes.CDLL(None, use_errno=True)
seccomp = ctypes.CDLL("libseccomp.so.2", use_errno=True)
seccomp.seccomp_init.restype = ctypes.c_void_p

NOBODY = 65534
CLONE_NEWNS, MS_RDONLY, MS_BIND, MS_REC, MS_PRIVATE, MS_NOSUID = 0x20000, 1, 4096, 16384, 1 << 18, 2
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38
SYS_MOUNT_SETATTR, AT_RECURSIVE, AT_FDCWD, MOUNT_ATTR_RDONLY = 442, 0x8000, -100, 1
SCMP_ALLOW, SCMP_ERRNO = 0x7FFF0000, 0x00050000
NE, EQ, GT, MASKED_EQ = 1, 4, 6, 7

# Not restrictions: who runs it, when, and what is done around it.
NO_RESTRICTION = {"Type", "ExecStart", "ExecReload", "User", "Group", "StateDirectory", "StateDirectoryMode",
                  "Delegate", "KillMode", "TimeoutStopSec", "WatchdogSec", "Restart", "RestartSec"}


def check(result, what):
    if result != 0:
        sys.exit(f"under_unit: {what}: {os.strerror(ctypes.get_errno() or -result)}")


def mount(source, target, kind, flags, options=None):
    check(libc.mount(source and source.encode(), target.encode(), kind and kind.encode(), flags,
                     options and options.encode()), f"mount {target}")


class Compare(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


class Filter:
    """A seccomp filter that denies what is named."""

    def __init__(self):
        self.context = ctypes.c_void_p(seccomp.seccomp_init(ctypes.c_uint32(SCMP_ALLOW)))

    def deny(self, names, *compares, error=errno.EPERM):
        for name in names:
            number = seccomp.seccomp_syscall_resolve_name(name.encode())
            if number >= 0:
                check(seccomp.seccomp_rule_add_array(
                    self.context, ctypes.c_uint32(SCMP_ERRNO | error), number, len(compares),
                    (Compare * len(compares))(*compares)), f"filter {name}")

    def load(self):
        check(seccomp.seccomp_load(self.context), "load the filter")


def restrict_families(filter_, value):
    allowed = {int(getattr(socket, name)) for name in value.split()}
    for family in range(64):
        if family not in allowed:
            filter_.deny(["socket"], Compare(0, EQ, family, 0), error=errno.EAFNOSUPPORT)
    filter_.deny(["socket"], Compare(0, GT, 63, 0), error=errno.EAFNOSUPPORT)


def restrict_suid(filter_, _):
    for bit in (0o4000, 0o2000):
        filter_.deny(["chmod", "fchmod"], Compare(1, MASKED_EQ, bit, bit))
        filter_.deny(["fchmodat", "mkdirat", "fchmodat2"], Compare(2, MASKED_EQ, bit, bit))


FILTERS = {
    "ProtectClock": lambda f, _: f.deny(["adjtimex", "clock_adjtime", "clock_settime", "settimeofday"]),
    "ProtectKernelModules": lambda f, _: f.deny(["init_module", "finit_module", "delete_module"]),
    "LockPersonality": lambda f, _: f.deny(["personality"], Compare(0, NE, 0xFFFFFFFF, 0)),
    "RestrictRealtime": lambda f, _: [f.deny(["sched_setscheduler"], Compare(1, EQ, policy, 0))
                                      for policy in (1, 2, 6)],
    "RestrictSUIDSGID": restrict_suid,
    "RestrictAddressFamilies": restrict_families,
}


def strict_system(state):
    attributes = (ctypes.c_uint64 * 4)(MOUNT_ATTR_RDONLY, 0, 0, 0)
    check(libc.syscall(SYS_MOUNT_SETATTR, AT_FDCWD, b"/", AT_RECURSIVE, attributes,
                       ctypes.c_size_t(32)), "make everything read-only")
    writable = (ctypes.c_uint64 * 4)(0, MOUNT_ATTR_RDONLY, 0, 0)
    for place in ("/dev", "/proc", "/sys", state):
        check(libc.syscall(SYS_MOUNT_SETATTR, AT_FDCWD, place.encode(), AT_RECURSIVE, writable,
                           ctypes.c_size_t(32)), f"make {place} writable")


def hide(place, mode):
    if os.path.isdir(place):
        mount("none", place, "tmpfs", MS_NOSUID | (MS_RDONLY if mode == 0 else 0), f"mode={mode:o},size=16m")


def set_limit(kind, value):
    wanted = resource.RLIM_INFINITY if value == "infinity" else int(value)
    hard = resource.getrlimit(kind)[1]
    wanted = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(kind, (wanted, wanted))


def directives(path):
    section = ""
    with open(path, encoding="utf-8") as file:
        for line in file:
            line = line.strip()
            if line.startswith("["):
                section = line
            elif section == "[Service]" and line and not line.startswith("#"):
                name, _, value = line.partition("=")
                yield name, value


def main():
    unit, state, *command = sys.argv[1:]
    wanted = dict(directives(unit))
    known = NO_RESTRICTION | set(FILTERS) | {
        "NoNewPrivileges", "CapabilityBoundingSet", "ProtectSystem", "ProtectHome", "PrivateTmp", "UMask",
        "LimitNOFILE", "LimitCORE", "TasksMax"}
    if unknown := set(wanted) - known:
        sys.exit(f"under_unit: no way to apply {', '.join(sorted(unknown))} is known here")
    check(libc.unshare(CLONE_NEWNS), "unshare")
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    mount(state, state, None, MS_BIND | MS_REC)
    if wanted.get("ProtectSystem") == "strict":
        strict_system(state)
    if wanted.get("ProtectHome") == "yes":
        for place in ("/home", "/root", "/run/user"):
            hide(place, 0)
    if wanted.get("PrivateTmp") == "yes":
        hide("/tmp", 0o1777)
        hide("/var/tmp", 0o1777)
    if wanted.get("CapabilityBoundingSet") == "":
        capability = 0
        while libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0:
            capability += 1
    set_limit(resource.RLIMIT_NOFILE, wanted["LimitNOFILE"])
    set_limit(resource.RLIMIT_CORE, wanted["LimitCORE"])
    os.umask(int(wanted["UMask"], 8))
    filter_ = Filter()
    for name, apply in FILTERS.items():
        if name in wanted and wanted[name] != "no":
            apply(filter_, wanted[name])
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    if wanted.get("NoNewPrivileges") == "yes":
        check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges")
    filter_.load()
    os.chdir("/")
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
