# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""More clients than there is room for, and slow ones that only hold on: normal clients never notice."""
import heapq
import http.client
import multiprocessing
import os
import re
import selectors
import shutil
import socket
import subprocess
import threading
import time
import unittest

import cases
from overload_test import Readers
from site_under_test import LONG, Site, Witness, need_descriptors, wait_for

STREAMS = 1000 if LONG else 100
PEAK_CONNECTIONS = 20
ATTACKERS = {"127.0.0.2": 3 * STREAMS, "127.0.0.3": 3 * STREAMS}
ATTACK_S = 30 if LONG else 2
SLOW_CONNECTIONS = 1000 if LONG else 300
SLOW_S = 12 if LONG else 1


class Load:
    """Requests over many connections from one address, each sent again as soon as it is answered;
    who is refused comes again 1 s later. In a process of its own."""

    def __init__(self, site, source, connections, seconds, path, body):
        self._mine, theirs = multiprocessing.Pipe()
        request = (f"POST {path} HTTP/1.1\r\nHost: x\r\nX-API-Key: {site.key}\r\n"
                   "Content-Type: application/json\r\n"
                   f"Content-Length: {len(body)}\r\n\r\n{body}").encode()
        self._process = multiprocessing.get_context("fork").Process(
            target=self._run, args=(theirs, (source, 0), ("127.0.0.1", site.port), connections,
                                    seconds, request), daemon=True)
        self._process.start()

    def result(self):
        """{status: answers}, seconds until refusals, those without Retry-After, broken ones."""
        got = self._mine.recv()
        self._process.join()
        return got

    @staticmethod
    def _run(pipe, source, address, connections, seconds, request):
        selector, later = selectors.DefaultSelector(), [(0.0, n) for n in range(connections)]
        counts, refusals_s, unhelpful, broken = {}, [], 0, 0
        end = time.monotonic() + seconds

        def close(stream):
            selector.unregister(stream)
            stream.close()
            heapq.heappush(later, (time.monotonic() + 1, id(stream)))

        while time.monotonic() < end:
            while later and later[0][0] <= time.monotonic():
                heapq.heappop(later)
                stream = socket.socket()
                stream.bind(source)
                stream.setblocking(False)
                stream.connect_ex(address)
                selector.register(stream, selectors.EVENT_WRITE, [time.monotonic(), b""])
            for key, events in selector.select(0.05):
                stream, data = key.fileobj, key.data
                try:
                    if events & selectors.EVENT_WRITE:
                        data[1] = b""
                        stream.send(request)
                        selector.modify(stream, selectors.EVENT_READ, data)
                        continue
                    got = stream.recv(65536)
                except OSError:
                    got = b""
                data[1] += got
                head, whole, _ = data[1].partition(b"\r\n\r\n")
                if not whole:
                    if not got:
                        broken += 1
                        close(stream)
                    continue
                status = int(head[9:12])
                counts[status] = counts.get(status, 0) + 1
                if status == 200:
                    data[1] = b""
                    stream.send(request)
                    continue
                refusals_s.append(time.monotonic() - data[0])
                unhelpful += b"\r\nRetry-After: " not in head
                close(stream)
        pipe.send((counts, refusals_s, unhelpful, broken))


class Probe:
    """A client with a connection from before, which asks for /livez without pause."""

    def __init__(self, site):
        self.times_s, self.failures, self._stop = [], [], threading.Event()
        self._connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)
        self._lock = threading.Lock()
        self._ask()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def ask(self, path):
        with self._lock:
            self._connection.request("GET", path)
            response = self._connection.getresponse()
            text = response.read().decode()
        if response.status != 200:
            self.failures.append((response.status, text))
        return text

    def _ask(self):
        begin = time.monotonic()
        self.ask("/livez")
        self.times_s.append(time.monotonic() - begin)

    def _run(self):
        while not self._stop.wait(0.01):
            try:
                self._ask()
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                return

    def end(self):
        self._stop.set()
        self._thread.join()
        self._connection.close()
        return self.failures


def at(share, values):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


class Attack(unittest.TestCase):
    def setUp(self):
        need_descriptors(self, 8192)
        self.site = Site()
        self.addCleanup(self.site.__exit__, None, None, None)

    def begin(self, configuration=""):
        path = os.path.join(self.site.folder, "busbard.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(configuration)
        self.site.flags = ("--config", path)
        self.site.__enter__()
        self.system = self.site.add_system("Room")
        self.module = self.site.add_module(self.site.install("echo"), self.system)

    def load(self, source, connections, seconds):
        return Load(self.site, source, connections, seconds,
                    f"/api/engine/v2/modules/{self.module}/exec/echo", '{"value":1}')

    def refused(self):
        return int(re.search(r'\nbusbar_http_refused_connections_total\{front="h[^"]*"\} (\d+)',
                             self.probe.ask("/metrics")).group(1))

    def test_many_times_the_load_while_event_streams_are_open(self):
        """One address meets its own limit (429), the other that of all (503). Who is over the limit
        is told so, but 256 at a time; more are cut. The clients share the machine with busbard, so
        what it achieves is compared by its own CPU time."""
        self.begin("[server]\n"
                   f"max_connections = {2 * STREAMS + STREAMS // 2}\n"
                   f"max_connections_per_address = {STREAMS + STREAMS // 10}\n")
        readers = Readers(self.site, f"kinds=state&module={self.module}", STREAMS)
        wait_for(lambda: f"\nbusbar_event_streams {STREAMS}\n" in
                 self.site.request("GET", "/metrics")[1], "all streams are open")
        cpu_s = self.site.cpu_s()
        peak = self.load("127.0.0.2", PEAK_CONNECTIONS, ATTACK_S / 2).result()[0][200]
        peak_rate, peak_work = peak / (ATTACK_S / 2), peak / (self.site.cpu_s() - cpu_s)
        rss_kb, worst_kb = self.site.rss_kb(), 0
        self.probe = Probe(self.site)
        loads, cpu_s = [], self.site.cpu_s()
        for attacker in ATTACKERS.items():
            refused = self.refused()
            loads.append(self.load(*attacker, ATTACK_S))
            wait_for(lambda n=refused: self.refused() > n, "connections are refused")
        end = time.monotonic() + ATTACK_S
        while time.monotonic() < end:
            worst_kb = max(worst_kb, self.site.rss_kb())
            self.assertIn("modules", self.site.busbar("status"))  # by the control socket
        results = [load.result() for load in loads]
        cpu_s = self.site.cpu_s() - cpu_s
        self.assertEqual(self.probe.end(), [])
        counts, refusals_s, cut = {}, [], 0
        for seen, took_s, unhelpful, broken in results:
            refusals_s += took_s
            self.assertEqual(unhelpful, 0, "a refusal without Retry-After")
            cut += broken
            for status, number in seen.items():
                counts[status] = counts.get(status, 0) + number
        self.assertEqual(set(counts), {200, 429, 503})
        self.assertIn(429, results[0][0])
        self.assertGreater(len(refusals_s), 100)
        rate, work = counts[200] / ATTACK_S, counts[200] / cpu_s
        self.assertGreater(work, 0.4 * peak_work, "calls for a second of busbard's CPU time")
        self.assertLess(at(0.5, refusals_s), 0.5)
        self.assertLess(worst_kb - rss_kb, 100 * 1024)
        self.assertEqual(readers.ended, 0, "no stream is cut")
        self.assertEqual(self.site.execute(self.module, "set", {
            "key": "a", "value": "the last value"})[0], 200)
        wait_for(lambda: len(readers.seen) == STREAMS, "every stream has the last value")
        readers.close()
        print(f"{sum(ATTACKERS.values())} connections beside {STREAMS} streams: {counts}, {cut} cut; calls "
              f"{rate:.0f}/s, {work:.0f} a CPU second (of few: {peak_rate:.0f} and {peak_work:.0f}); "
              f"refusals p50 {1000 * at(.5, refusals_s):.0f} "
              f"p99 {1000 * at(.99, refusals_s):.0f} ms; /livez p50 "
              f"{1000 * at(.5, self.probe.times_s):.1f} p99 {1000 * at(.99, self.probe.times_s):.0f} ms; "
              f"memory +{(worst_kb - rss_kb) // 1024} MiB")
        self.assertEqual(self.site.stop()[0], 0)

    def slow(self, mode, path, *words):
        """slowhttptest with so many connections, all at once, for so long. How many were open at
        the same time."""
        process = subprocess.Popen(
            ["slowhttptest", mode, "-c", str(SLOW_CONNECTIONS), "-r", str(SLOW_CONNECTIONS),
             "-l", str(SLOW_S), "-i", "1", "-p", "3", "-v", "1", *words,
             "-u", f"http://127.0.0.1:{self.site.port}{path}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.kill)
        most, end = 0, time.monotonic() + SLOW_S + 30
        while process.poll() is None:
            self.assertLess(time.monotonic(), end, "slowhttptest ends by itself")
            found = re.search(r'\nbusbar_http_connections\{front="[^u][^"]*"\} (\d+)',
                              self.site.request("GET", "/metrics")[1])
            most = max(most, int(found.group(1)))
        self.assertIn(process.returncode, (0, 1))
        return most

    @unittest.skipUnless(shutil.which("slowhttptest"), "slowhttptest is not installed")
    def test_slow_clients_hold_nobody_up(self):
        self.begin()
        fds, rss_kb, figures = self.site.fds(), self.site.rss_kb(), []
        key = f"application/json\r\nX-API-Key: {self.site.key}"  # a body is read for friends only
        for name, least, mode, *words in (
                ("headers", 0.9, "-H", "/livez"),
                ("body", 0.9, "-B", "/api/engine/v2/systems", "-s", "65536", "-f", key),
                ("read", 0.5, "-X", "/metrics", "-k", "5", "-w", "1", "-y", "64", "-n", "1"),
                ("range", 0, "-R", "/metrics", "-t", "GET")):
            with self.subTest(name):
                witness = Witness(self.site, self.module)
                most = self.slow(mode, *words)
                self.assertEqual(witness.end(), [])
                self.assertGreaterEqual(most, least * SLOW_CONNECTIONS, "they do hold on")
                self.assertGreater(witness.calls, 10)
                self.assertLess(witness.quantile_ms(0.99), 1000)
                self.assertLess(self.site.rss_kb() - rss_kb, 100 * 1024)
                figures.append(f"{name}: {most} open, {witness}")
        wait_for(lambda: self.site.fds() <= fds + 2, "the connections are gone")
        print(f"{SLOW_CONNECTIONS} connections for {SLOW_S} s each; " + "; ".join(figures) +
              f"; memory +{(self.site.rss_kb() - rss_kb) // 1024} MiB")
        self.assertEqual(self.site.stop()[0], 0)


if __name__ == "__main__":
    cases.main()
