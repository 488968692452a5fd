# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""Figures of whole programs: the same line as figure.h prints, and what such figures are made with."""

import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import time

RUNS = int(os.environ.get("BUSBAR_BENCH_RUNS", "5"))
SECONDS = float(os.environ.get("BUSBAR_BENCH_SECONDS", "2"))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUSBAR_BUILD", os.path.join(ROOT, "build/release"))


def selected(name):
    return len(sys.argv) < 2 or sys.argv[1] in name


def short(value):
    for limit, divisor, unit in ((1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if abs(value) >= limit:
            return f"{value / divisor:.4g}{unit}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def show(name, unit, ours, theirs=None, compared="", pinning="not pinned", target="", samples=""):
    """Prints one figure of the values of its runs; `theirs` are the runs it alternated with."""
    middle = statistics.median(ours)
    against = "nothing to compare with"
    if theirs:
        other = statistics.median(theirs)
        against = (f"against {compared}: {short(other)} {unit} ({short(min(theirs))}–{short(max(theirs))})"
                   f" | ratio {middle / other:.3g}")
    shortened = " (SHORTENED: not a figure)" if RUNS < 5 or SECONDS < 2 else ""
    print(f"{name} | {short(middle)} {unit} | {short(min(ours))}–{short(max(ours))} | {against} | {pinning}"
          f" | to reach: {target} | {len(ours)} runs{samples}{shortened}", flush=True)


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def status_kb(pid, field):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(rf"^{field}:\s+(\d+) kB", file.read(), re.M).group(1))


def wrk(url, seconds, cpu=1, script=None):
    """Requests a second over 64 connections, and how many there were. Any failed one ends the bench."""
    command = ["taskset", "-c", str(cpu), "wrk", "-t1", "-c64", f"-d{max(1, round(seconds))}s"]
    command += ["-s", script] if script else []
    text = subprocess.run(command + [url], check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in text or "Socket errors" in text:
        sys.exit(f"bench: requests to {url} failed:\n{text}")
    return (float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)),
            int(re.search(r"(\d+) requests in", text).group(1)))


class Program:
    """A program that says "ready WHERE" on its first line; ends with this object."""

    def __init__(self, command, cpu=None):
        pin = ["taskset", "-c", str(cpu)] if cpu is not None else []
        self.process = subprocess.Popen(pin + command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("ready "):
            sys.exit(f"bench: {command[0]} does not start: {line}")
        self.where = line.split()[1]
        self.pid = self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Ends it by SIGTERM; how many seconds that took."""
        begin = time.monotonic()
        self.process.terminate()
        self.process.wait()
        return time.monotonic() - begin


class Busbard(Program):
    """A busbard with a data folder, and its REST API."""

    def __init__(self, data, cpu=None):
        super().__init__([f"{BUILD}/bin/busbard", "--data", data, "--listen", "127.0.0.1:0", "--allow-unsigned",
                          "--log-level", "error"], cpu)
        self.data = data
        self.connection = http.client.HTTPConnection(self.where.removeprefix("http://"))
        keyfile = os.path.join(data, "bench.key")
        if not os.path.exists(keyfile):
            with open(keyfile, "w", encoding="ascii") as file:
                file.write(self.busbar("key", "create", "bench", "--role", "admin"))
        with open(keyfile, encoding="ascii") as file:
            self.key = file.read()

    def busbar(self, *words):
        return subprocess.run([f"{BUILD}/bin/busbar", "--data", self.data, *words], check=True,
                              capture_output=True, text=True).stdout.strip()

    def ask(self, method, path, body=None):
        self.connection.request(method, path, None if body is None else json.dumps(body),
                                {"X-API-Key": self.key, "Content-Type": "application/json"})
        response = self.connection.getresponse()
        text = response.read()
        if response.status >= 300:
            sys.exit(f"bench: {method} {path}: {response.status} {text[:500]}")
        return json.loads(text) if text and "json" in response.headers.get("Content-Type", "") else text.decode()

    def modules_in(self, state):
        found = re.search(rf'^busbar_modules{{state="{state}"}} (\d+)', self.ask("GET", "/metrics"), re.M)
        return int(found.group(1)) if found else 0

    def wait_running(self, count, seconds=60):
        limit = time.monotonic() + seconds
        while self.modules_in("running") < count:
            if time.monotonic() > limit:
                sys.exit(f"bench: {self.modules_in('running')} of {count} modules run")
            time.sleep(0.02)
