# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""A real busbard with a data folder of its own, and what an outside client does with it."""
import ctypes
import http.client
import json
import os
import pathlib
import re
import resource
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.parse

import openapi

BUILD = pathlib.Path(os.environ.get("BUSBAR_BUILD", "build/dev")).resolve()
LONG = os.environ.get("BUSBAR_LONG", "0") == "1"
EVENTS = {"state": "StateEvent", "log": "LogEvent", "module": "ModuleEvent",
          "progress": "ProgressEvent", "trigger": "TriggerEvent"}
PATIENCE_S = 60  # for what must happen, on a machine that may be busy

# Orphans come to this process, as the init of a container may be slow to bury them.
PR_SET_CHILD_SUBREAPER = 36
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def wait_for(condition, what, timeout_s=PATIENCE_S, step_s=0.02):
    """Returns the first true value of condition()."""
    end = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {timeout_s} s: {what}")
        time.sleep(step_s)


def need_descriptors(test, count):
    """Lets this process open as many files; skips the test where that is not allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        if hard != resource.RLIM_INFINITY and hard < count:
            test.skipTest(f"at most {hard} descriptors")
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


def process_stat(pid):
    """(state, parent, start time) of a process, or None when it is gone."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return fields[0], int(fields[1]), fields[19]


def descendants(root):
    """{(pid, start time)} of all processes below `root`."""
    children = {}
    for name in os.listdir("/proc"):
        stat = process_stat(name) if name.isdigit() else None
        if stat:
            children.setdefault(stat[1], []).append((int(name), stat[2]))
    found, open_ = set(), [root]
    while open_:
        for child in children.get(open_.pop(), []):
            found.add(child)
            open_.append(child[0])
    return found


def still_there(processes):
    """Those that live on or were left as zombies by a parent that lives."""
    left = set()
    for pid, started in processes:
        stat = process_stat(pid)
        if stat and stat[2] == started and stat[0] == "Z" and stat[1] == os.getpid():
            os.waitpid(pid, 0)  # orphans are ours (see below), so burying them is too
            continue
        if stat and stat[2] == started:
            left.add((pid, stat[0]))
    return left


class Events:
    """Server-sent events, collected by a thread until closed."""

    def __init__(self, site, query):
        self.seen = []
        self._site = site
        self.socket = socket.create_connection(("127.0.0.1", site.port))
        self.socket.sendall((f"GET /api/busbar/v1/events?{query} HTTP/1.1\r\nHost: x\r\n"
                             f"X-API-Key: {site.key}\r\n\r\n").encode())
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()
        wait_for(lambda: "open" in self.seen, "the event stream is open")

    def _read(self):
        try:
            with self.socket.makefile("rb") as stream:
                kind = ""
                for raw in stream:
                    line = raw.decode("utf-8").rstrip("\r\n")
                    if line.startswith(": open"):
                        self.seen.append("open")
                    elif line.startswith("event: "):
                        kind = line[7:]
                    elif line.startswith("data: "):
                        self.seen.append((kind, json.loads(line[6:])))
                        self._site.hold(lambda: openapi.described().check_value(
                            EVENTS[kind], self.seen[-1][1]))
        except OSError:
            pass

    def first(self, kind, matches):
        def found():
            return next((e[1] for e in list(self.seen)
                         if e[0] == kind and matches(e[1])), None)
        return wait_for(found, f"an event of kind {kind}")

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.socket.close()


class Site:
    """`with Site() as site`: busbard runs; at the end it is stopped and its folder removed."""

    def __init__(self, *flags, data=None):
        self.folder = tempfile.mkdtemp(prefix="busbar-system-")
        os.chmod(self.folder, 0o755)
        self.data = data or os.path.join(self.folder, "data")
        self.flags = flags
        self.program = [BUILD / "bin/busbard"]
        self.environment = {}  # beyond this process's own
        self.log_path = os.path.join(self.folder, "busbard.log")
        self.process = None
        self.port = 0
        self.key = ""
        self.violations = []  # answers that are not as api/openapi.yaml says

    def __enter__(self):
        try:
            self.start()
            self.key = self.busbar("key", "create", "tester", "--role", "admin").strip()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None and os.path.exists(self.log_path):
            print("--- end of busbard's log\n" + self.log()[-6000:])
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
        if kind is None and self.violations:  # also those in a thread that swallowed them
            raise self.violations[0]

    def hold(self, check):
        """Runs a check of the description; what it raises fails the test in whatever thread it was."""
        try:
            check()
        except openapi.Violation as violation:
            self.violations.append(violation)
            raise

    def start(self, port=0):
        """Starts busbard, at any free port unless one is named, and waits for its first line."""
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*self.program, "--data", self.data, "--listen", f"127.0.0.1:{port}",
                 *self.flags], stdout=subprocess.PIPE, stderr=log,
                env={**os.environ, **self.environment})
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE_S)
        line = self.process.stdout.readline().decode() if ready else ""
        address = re.fullmatch(r"ready https?://127\.0\.0\.1:(\d+)\n", line)
        if not address:
            raise AssertionError(f"busbard's first line is {line!r}; its log: {self.log()}")
        self.port = int(address.group(1))

    def stop(self):
        """SIGTERM; returns (exit code, seconds)."""
        begin = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE_S)
        return code, time.monotonic() - begin

    def log(self):
        return pathlib.Path(self.log_path).read_text(encoding="utf-8", errors="replace")

    def busbar(self, *words):
        """The tool's stdout; it must succeed."""
        done = self.busbar_outcome(*words)
        if done.returncode != 0:
            raise AssertionError(f"busbar {' '.join(words)}: {done.returncode} {done.stderr}")
        return done.stdout

    def busbar_outcome(self, *words):
        return subprocess.run([BUILD / "bin/busbar", "--data", self.data, *words],
                              capture_output=True, text=True, timeout=120, check=False)

    def request(self, method, path, body=None, timeout_s=PATIENCE_S):
        """(status, decoded body). Raises OSError or HTTPException when there is no answer, and
        Violation when it, or the body if that was accepted, is not as api/openapi.yaml says."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {"X-API-Key": self.key,
                                                    "Content-Type": "application/json"})
            response = connection.getresponse()
            raw = response.read()
            headers = {name.lower(): value for name, value in response.getheaders()}
            self.hold(lambda: openapi.described().check_answer(method, path, response.status,
                                                               headers, raw))
            if response.status < 300:
                self.hold(lambda: openapi.described().check_accepted(method, path, text))
            is_json = "json" in headers.get("content-type", "")
            return response.status, json.loads(raw) if is_json and raw else raw.decode()
        finally:
            connection.close()

    def ask(self, method, path, body=None, want=(200, 201, 202)):
        status, answer = self.request(method, path, body)
        if status not in want:
            raise AssertionError(f"{method} {path}: {status} {answer}")
        return answer

    def install(self, name, folder="drivers"):
        return self.busbar("driver", "install", str(BUILD / folder / name)).strip()

    def install_copy(self, name, number, folder="drivers"):
        """Installs a driver under another id of the same length: another driver to busbard."""
        copy = os.path.join(self.folder, "copy", name)
        shutil.rmtree(copy, ignore_errors=True)
        os.makedirs(copy)
        for file in (BUILD / folder / name).iterdir():
            if file.name == "manifest.json" or file.suffix == ".so":
                copied = file.read_bytes().replace(b"org.busbar.", b"org.b%05d." % number)
                pathlib.Path(copy, file.name).write_bytes(copied)
        return self.busbar("driver", "install", copy).strip()

    def add_system(self, name):
        return self.ask("POST", "/api/engine/v2/systems", {"name": name})["id"]

    def add_module(self, driver, system, settings=None, address=None, start=True, wait=True,
                   **more):
        body = {"driver_id": driver, **more}
        if address:
            body["ip"], body["port"] = "127.0.0.1", address
        module = self.ask("POST", "/api/engine/v2/modules", body)["id"]
        self.ask("PUT", f"/api/engine/v2/systems/{system}/module/{module}")
        if settings is not None:
            self.add_settings(module, settings)
        if start:
            self.ask("POST", f"/api/engine/v2/modules/{module}/start")
            if wait:
                self.wait_running(module)
        return module

    def add_settings(self, parent, settings):
        return self.ask("POST", "/api/engine/v2/settings",
                        {"parent_id": parent, "encryption_level": 0,
                         "settings_string": json.dumps(settings)})["id"]

    def try_settings(self, document, settings):
        """(status, body)"""
        return self.request("PUT", f"/api/engine/v2/settings/{document}",
                            {"settings_string": json.dumps(settings)})

    def change_settings(self, document, settings):
        status, body = self.try_settings(document, settings)
        if status != 200:
            raise AssertionError(f"settings {document}: {status} {body}")

    def health(self, module):
        return self.ask("GET", f"/api/busbar/v1/modules/{module}/health")

    def wait_running(self, module, timeout_s=PATIENCE_S):
        wait_for(lambda: self.health(module)["running"], f"{module} is running", timeout_s)

    def wait_health(self, module, accept, what, timeout_s=PATIENCE_S):
        return wait_for(lambda: (lambda h: h if accept(h) else None)(self.health(module)), what,
                        timeout_s)

    def execute(self, module, function, args=None, timeout_ms=10000, patience_s=PATIENCE_S):
        """(status, body) of a call by the module's id."""
        return self.request("POST", f"/api/engine/v2/modules/{module}/exec/{function}"
                            f"?timeout_ms={timeout_ms}", {} if args is None else args, patience_s)

    def state(self, module):
        """{key: value}"""
        texts = self.ask("GET", f"/api/engine/v2/modules/{module}/state")
        return {key: json.loads(text) for key, text in texts.items()}

    def exit_reports(self, module):
        return self.ask("GET", f"/api/busbar/v1/exit_reports/{urllib.parse.quote(module)}")

    def runner_pid(self, module):
        """The process that serves a module, or 0."""
        runner = self.health(module).get("runner_id", "")
        return next((r["pid"] for r in self.ask("GET", "/api/busbar/v1/runners")
                     if r["id"] == runner), 0)

    def release(self, module_or_driver):
        self.ask("POST", f"/api/busbar/v1/quarantine/{module_or_driver}/release")

    def cpu_s(self):
        """Processor time of busbard alone."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text(
            encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def zombies(self):
        return [pid for pid, _ in descendants(self.process.pid)
                if (process_stat(pid) or "-")[0] == "Z"]

    def fds(self):
        """How many busbard has open; 0 where only root may look into it."""
        try:
            return len(os.listdir(f"/proc/{self.process.pid}/fd"))
        except PermissionError:
            return 0

    def threads(self):
        return len(os.listdir(f"/proc/{self.process.pid}/task"))

    def rss_kb(self):
        for line in open(f"/proc/{self.process.pid}/status", encoding="utf-8"):
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        return 0


class LineDevice:
    """A TCP device that greets each client with one line."""

    def __init__(self):
        self._clients = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                client, _ = self._listener.accept()
                self._clients.append(client)
                client.sendall(b"hello\n")
            except OSError:
                if self._listener.fileno() < 0:
                    return

    def drop(self):
        """Ends all connections."""
        while self._clients:
            client = self._clients.pop()
            try:
                client.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            client.close()

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop()


class Sim:
    """A program of tools/sim, which takes its faults by lines on stdin."""

    def __init__(self, program, *flags):
        self._process = subprocess.Popen([BUILD / "bin" / program, *flags], text=True,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port = int(self._process.stdout.readline().split()[1])

    def say(self, line):
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def close(self):
        self._process.terminate()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()


class ModbusSim(Sim):
    def __init__(self, *flags):
        super().__init__("modbus_sim", "--change-ms", "0", *flags)


class Witness:
    """Calls modules in turn without pause and counts what fails: others must never notice."""

    def __init__(self, site, modules, function="echo", args=None, answer=None, pause_s=0.01):
        self.calls, self.failures, self.slowest_s, self._times_s = 0, [], 0.0, []
        modules = [modules] if isinstance(modules, str) else modules
        self._call = (site, modules, function, args if args is not None else {"value": answer})
        self._pause_s = pause_s
        self._answer = answer
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        site, modules, function, args = self._call
        while not self._stop.is_set():
            begin = time.monotonic()
            try:
                got = site.execute(modules[self.calls % len(modules)], function, args)
                if got != (200, self._answer):
                    self.failures.append(got)
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
            self._times_s.append(time.monotonic() - begin)
            self.slowest_s = max(self.slowest_s, self._times_s[-1])
            self.calls += 1
            self._stop.wait(self._pause_s)

    def quantile_ms(self, share):
        times = sorted(self._times_s) or [0.0]
        return 1000 * times[min(len(times) - 1, int(share * len(times)))]

    def __str__(self):
        return (f"{self.calls} calls of others, p50 {self.quantile_ms(0.5):.1f} ms, "
                f"p99 {self.quantile_ms(0.99):.1f} ms, slowest {1000 * self.slowest_s:.0f} ms")

    def end(self):
        """Stops and returns the failures."""
        self._stop.set()
        self._thread.join()
        return self.failures
