# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""A long random walk over the whole API, made from its description, which each answer is held to.

BUSBAR_SEED repeats a walk, BUSBAR_WALK_STEPS sets its length. With --long it is a busbard with sanitizers that is
walked over, if BUSBAR_SANITIZED names one or the asan preset has built one; its runners are as usual, since a sanitized
program cannot run behind the whole sandbox."""
import collections
import json
import os
import pathlib
import random
import shutil
import socket
import time
import unittest

import cases
import openapi
from site_under_test import BUILD, LONG, PATIENCE_S, Site
from walker import ENGINE, Walker

STEPS = int(os.environ.get("BUSBAR_WALK_STEPS", "50000" if LONG else "3000"))
SANITIZED = pathlib.Path(os.environ.get("BUSBAR_SANITIZED") or
                         (BUILD.parent / "asan/bin/busbard" if LONG else "/nonexistent"))
CALLERS = {"admin": 60, "support": 15, "user": 15, "nobody": 4, "stranger": 3, "liar": 3}
# Operations of which modules or devices are part, which may be away.
CALLS = {"callInSystem", "callModule", "reloadModule", "getStateInSystem", "getStatusInSystem", "getStateOfModule",
         "getStatusOfModule", "releaseFromQuarantine", "killRunnerOfModule", "reloadDriver"}
# What may be the fault of nobody, by status and reason.
CAUSED = {(501, "unknown_method"), (501, "not_a_proxy")}
DRIVERS_OWN = {"driver_error", "echo_failed"}
# Of a row, what changes by itself or is shown once.
VOLATILE = {"connected", "state", "has_runtime_error", "state_code", "state_sentence", "error_timestamp",
            "last_used_at", "x_api_key", "secret", "login_count", "last_login", "associated_metadata",
            "subsystem_access"}
ROWS = {"systems", "modules", "zones", "settings", "api_keys", "domains", "oauth_apps", "groups", "schema"}


def sanitized_beside_a_runner(site):
    """A folder with the sanitized busbard and the runner of this build."""
    folder = pathlib.Path(site.folder, "sanitized")
    folder.mkdir()
    shutil.copy(SANITIZED, folder / "busbard")
    shutil.copy(BUILD / "bin/busbar-runner", folder / "busbar-runner")
    return folder / "busbard"


class Wire:
    """One keep-alive connection that sends whatever it is given."""

    def __init__(self, port):
        self._port = port
        self._socket = None
        self._buffer = b""

    def exchange(self, head, body):
        """(status, headers in lower case, body). Raises OSError when the connection ends in between."""
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE_S)
            self._buffer = b""
        try:
            self._socket.sendall(head + body)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused by its head; the answer says why
        is_head = head.startswith(b"HEAD ")
        while True:
            status, headers = self._read_head()
            if status != 100:
                break
        answer = b"" if is_head or status in (204, 304) else self._read_body(headers)
        if headers.get("connection", "").lower() == "close":
            self.close()
        return status, headers, answer

    def _more(self):
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionError("busbard ended the connection")
        self._buffer += data

    def _line(self):
        while b"\r\n" not in self._buffer:
            self._more()
        line, _, self._buffer = self._buffer.partition(b"\r\n")
        return line.decode("latin-1")

    def _read_head(self):
        status = int(self._line().split(" ")[1])
        headers = {}
        while True:
            line = self._line()
            if not line:
                return status, headers
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()

    def _take(self, count):
        while len(self._buffer) < count:
            self._more()
        data, self._buffer = self._buffer[:count], self._buffer[count:]
        return data

    def _read_body(self, headers):
        if headers.get("transfer-encoding", "").lower() != "chunked":
            return self._take(int(headers.get("content-length", "0")))
        body = b""
        while True:
            count = int(self._line().partition(";")[0], 16)
            body += self._take(count)
            self._line()
            if count == 0:
                return body

    def close(self):
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class Walk:
    """Sends what the walker makes as one of the callers, and judges each answer."""

    def __init__(self, site, seed):
        self.rng = random.Random(seed)
        self.site = site
        self.api = openapi.described()
        self.last = collections.deque(maxlen=5)
        self.counts = collections.Counter()
        self.done = set()  # operations that succeeded
        self.keys = {"admin": site.key}
        self.walker = Walker(self.rng, self.api, self._make_home())
        self.wires = {caller: Wire(site.port) for caller in CALLERS}
        for path in ("systems", "modules", "drivers", "zones", "users", "api_keys", "domains"):
            self.walker.learn(self.site.ask("GET", f"{ENGINE}/{path}"))

    def _make_home(self):
        """What stays: the callers, their domain, and a module that runs; and drivers that may go."""
        for role in ("support", "user"):
            made = self.site.ask("POST", f"{ENGINE}/api_keys", {"name": f"walker-{role}", "permissions": role})
            self.keys[role] = made["x_api_key"]
        rows = self.site.ask("GET", f"{ENGINE}/api_keys")
        driver = self.site.install("echo")
        self.site.install_copy("room", 1)
        self.site.install_copy("http_json", 2)
        system = self.site.add_system("Walk")
        return {"callers": [row[name] for row in rows for name in ("id", "user_id")],
                "domain": rows[0]["authority_id"], "driver": driver, "system": system,
                "module": self.site.add_module(driver, system)}

    def run(self, steps):
        followed = collections.deque()
        for _ in range(steps):
            if followed:
                followed.popleft()()
                continue
            caller = self.rng.choices(list(CALLERS), list(CALLERS.values()))[0]
            request = self.walker.next()
            status, body = self.ask(caller, request.method, request.target, request.media, request.body,
                                    request.intent)
            if status < 400 and request.method == request.operation.method.upper():
                self.done.add(request.operation.node["operationId"])
            if status == 409 and b"version_clash" in body:
                self._learn_version(request.target, body)
            follow = self._follow_up(request, status, body)
            if follow:
                followed.append(follow)
        for wire in self.wires.values():
            wire.close()

    def ask(self, caller, method, target, media=None, body=b"", intent="good"):
        """(status, body) of an answer that is as it must be."""
        head = f"{method} {target} HTTP/1.1\r\nHost: walk.test\r\n"
        if caller in self.keys:
            head += f"X-API-Key: {self.keys[caller]}\r\n"
        elif caller == "stranger":
            head += "X-API-Key: bb_01J0ABCDEFGHJKMNPQRSTVWXYZ_" + "A" * 43 + "\r\n"
        elif caller == "liar":
            head += "Authorization: Bearer " + "eyJhbGciOiJub25lIn0.e30." + "\r\n"
        if media is not None:
            head += f"Content-Type: {media}\r\n"
        if body or method in ("POST", "PUT", "PATCH"):
            head += f"Content-Length: {len(body)}\r\n"
        self.last.append([caller, intent, head.split("\r\n")[0], media, body[:1500], None])
        status, headers, answer = self.wires[caller].exchange((head + "\r\n").encode("latin-1"), body)
        self.last[-1][-1] = (status, answer[:1500])
        self.counts[status] += 1
        self._judge(method, target, status, headers, answer, body)
        return status, answer

    def _judge(self, method, target, status, headers, answer, body):
        self.api.check_answer(method, target, status, headers, answer)
        operation = self.api.find(method, target)
        if status >= 500:
            reason = json.loads(answer).get("reason") if answer else None
            is_call = operation and operation.node["operationId"] in CALLS
            is_away = is_call and (status in (503, 504) or reason in DRIVERS_OWN)
            if not is_away and (status, reason) not in CAUSED:
                raise openapi.Violation(f"{status} {reason} is nobody's fault here")
        if status < 300 and method in ("POST", "PUT", "PATCH") and operation:
            self.api.check_accepted(method, target, body)
        if status < 300 and answer and "json" in headers.get("content-type", "") and method != "HEAD":
            self.walker.learn(json.loads(answer) if "ndjson" not in headers["content-type"] else [])

    def _learn_version(self, target, body):
        own = target.partition("?")[0].rpartition("/")[2]
        self.walker.versions[own] = json.loads(body)["current_version"]

    def _follow_up(self, request, status, body):
        """What must hold after a row was made, changed or deleted; asked next, as an admin."""
        segments = request.target.partition("?")[0].removeprefix(ENGINE + "/").split("/")
        if segments[0] not in ROWS or len(segments) > 2 or request.method not in ("POST", "PUT", "PATCH", "DELETE"):
            return None
        if request.method == "DELETE":
            if status != 202 or len(segments) != 2:
                return None
            self.walker.forget(segments[1])
            return lambda: self._expect(segments[0], segments[1], None)
        if status not in (200, 201):
            return None
        row = json.loads(body)
        return lambda: self._expect(segments[0], row["id"], row)

    def _expect(self, kind, own, row):
        status, body = self.ask("admin", "GET", f"{ENGINE}/{kind}/{own}")
        if row is None:
            if status != 404:
                raise openapi.Violation(f"{own} was deleted, and is still there")
            return
        shown = json.loads(body) if status == 200 else {}
        for name, value in row.items():
            # A secret document is not shown to all, so its writer may have seen less than an admin.
            if name not in VOLATILE | {"is_hidden", "settings_string", "internals"} and shown.get(name) != value:
                raise openapi.Violation(f"{own} was answered with {name} = {value!r}, and is {shown.get(name)!r}")

    def story(self):
        lines = ["the last requests:"]
        for caller, intent, line, media, body, answer in self.last:
            lines.append(f"  {caller} ({intent}): {line[:600]}\n    {media}: {body!r}\n    -> {answer}")
        return "\n".join(lines)


class RandomWalk(unittest.TestCase):
    def test_every_answer_is_as_described(self):
        seed = int(os.environ.get("BUSBAR_SEED") or random.SystemRandom().randrange(2**32))
        print(f"seed {seed}: BUSBAR_SEED={seed} repeats this walk", flush=True)
        self.assertTrue(SANITIZED.exists() or not LONG, f"no sanitized busbard: {SANITIZED}")
        with Site("--allow-unsigned") as site:
            if SANITIZED.exists():
                site.stop()
                site.program = [sanitized_beside_a_runner(site)]
                site.start()
            walk = Walk(site, seed)
            begin = time.monotonic()
            try:
                walk.run(STEPS)
                self.assertEqual(site.request("GET", "/readyz"), (200, "ok\n"))
            except Exception as error:
                raise AssertionError(f"seed {seed}, step {sum(walk.counts.values())}: {error}\n{walk.story()}") \
                    from error
            took_s = time.monotonic() - begin
            print(f"{STEPS} requests in {took_s:.1f} s; {len(walk.done)} of {len(walk.walker.operations)} operations "
                  f"succeeded; statuses {dict(sorted(walk.counts.items()))}")
            missing = {each.node["operationId"] for each in walk.walker.operations} - walk.done
            print("  not once: " + " ".join(sorted(missing)))
            self.assertGreater(len(walk.done), min(130, STEPS // 25), "the walk hardly gets anywhere")
            self.assertIsNone(site.process.poll(), site.log()[-3000:])
            code, _ = site.stop()
            self.assertEqual(code, 0, site.log()[-3000:])


if __name__ == "__main__":
    cases.main()
