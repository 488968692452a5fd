# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""Too much at once: readers that never read, a stop amid calls, a full disk."""
import ctypes
import http.client
import os
import selectors
import signal
import socket
import threading
import time
import unittest

import cases
from site_under_test import Events, Site, Witness, descendants, need_descriptors, still_there, wait_for

STREAMS, IDLE_READERS = 1000, 100


class Readers:
    """Event streams, or what `opener(site)` gives, that are read by one thread; each remembers whether
    it saw a marker."""

    def __init__(self, site, query, count, opener=None):
        self._marker, self.seen, self.ended = b"the last value", set(), 0
        self._selector, self._open = selectors.DefaultSelector(), []
        for number in range(count):
            stream = opener(site) if opener else open_stream(site, query)
            stream.setblocking(False)
            self._open.append(stream)
            self._selector.register(stream, selectors.EVENT_READ, [number, b""])
        self._stop = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._stop:
            for key, _ in self._selector.select(0.05):
                try:
                    data = key.fileobj.recv(65536)
                except OSError:
                    data = b""
                if not data:
                    self.ended += 1
                    self._selector.unregister(key.fileobj)
                    continue
                if self._marker in key.data[1] + data:
                    self.seen.add(key.data[0])
                key.data[1] = data[-len(self._marker):]

    def close(self):
        self._stop = True
        self._thread.join()
        for stream in self._open:
            stream.close()
        self._selector.close()


def open_stream(site, query, receive_bytes=None):
    stream = socket.socket()
    if receive_bytes:
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    stream.connect(("127.0.0.1", site.port))
    stream.sendall(f"GET /api/busbar/v1/events?{query} HTTP/1.1\r\nHost: x\r\n"
                   f"X-API-Key: {site.key}\r\n\r\n".encode())
    return stream


class Overload(unittest.TestCase):
    def setUp(self):
        need_descriptors(self, 4096)

    def begin(self, **more):
        site = Site(**more)
        site.__enter__()
        self.addCleanup(site.__exit__, None, None, None)
        return site, site.add_system("Room"), site.install("echo")

    def test_a_thousand_streams_of_which_a_hundred_are_never_read(self):
        site, system, echo = self.begin()
        busy, calm = site.add_module(echo, system), site.add_module(echo, system)
        fds, rss_kb = site.fds(), site.rss_kb()
        idle = [open_stream(site, f"kinds=state&module={busy},{calm}", 4096)
                for _ in range(IDLE_READERS)]
        readers = Readers(site, f"kinds=state&module={calm}", STREAMS - IDLE_READERS)
        wait_for(lambda: f"\nbusbar_event_streams {STREAMS}\n" in
                 site.request("GET", "/metrics")[1], "all streams are open")
        witness = Witness(site, calm)
        # 40 keys, so that newer values do not replace all that waits.
        number, worst_kb = 0, 0
        end = time.monotonic() + 60
        streams = f"\nbusbar_event_streams {STREAMS - IDLE_READERS}\n"
        while streams not in site.request("GET", "/metrics")[1]:
            self.assertLess(time.monotonic(), end, "those that never read are cut")
            status, _ = site.execute(busy, "set", {"key": f"k{number % 40}",
                                                   "value": f"{number} " + "x" * 60000})
            self.assertEqual(status, 200)
            worst_kb = max(worst_kb, site.rss_kb())
            number += 1
        self.assertEqual(site.execute(calm, "set", {"key": "a", "value": "the last value"})[0], 200)
        wait_for(lambda: len(readers.seen) == STREAMS - IDLE_READERS,
                 "every reader has seen the last value")
        self.assertEqual(readers.ended, 0)
        self.assertEqual(witness.end(), [])
        self.assertLess(worst_kb - rss_kb, 200 * 1024)
        readers.close()
        for stream in idle:
            stream.close()
        wait_for(lambda: site.fds() <= fds + 3, f"descriptors are again {fds}")
        print(f"{number} values, {witness.calls} calls meanwhile, slowest "
              f"{witness.slowest_s:.2f} s, memory +{(worst_kb - rss_kb) // 1024} MiB")
        self.assertEqual(site.stop()[0], 0)

    def test_stop_amid_calls_answers_each_and_leaves_nothing(self):
        site, system, echo = self.begin()
        module = site.add_module(echo, system)
        answers, failures = [], []

        def call():
            try:
                answers.append(site.execute(module, "sleep", {"ms": 60000}, 120000)[0])
            except (OSError, http.client.HTTPException) as error:
                failures.append(repr(error))

        callers = [threading.Thread(target=call, daemon=True) for _ in range(40)]
        events = Events(site, "kinds=state")
        for caller in callers:
            caller.start()
        wait_for(lambda: "\nbusbar_calls_open 40\n" in site.request("GET", "/metrics")[1],
                 "the calls have arrived")
        self.assertEqual(site.execute(module, "echo", {"value": 1}), (200, 1))
        below = descendants(site.process.pid)
        code, took_s = site.stop()
        for caller in callers:
            caller.join(10)
            self.assertFalse(caller.is_alive())
        events.close()
        self.assertEqual(code, 0)
        self.assertLess(took_s, 10)
        self.assertEqual(failures, [])
        self.assertEqual(len(answers), 40)
        self.assertTrue(all(status == 503 for status in answers), answers)
        wait_for(lambda: not still_there(below), f"all of {below} are gone", 1)
        print(f"stopped in {took_s:.2f} s, answers {sorted(set(answers))}")

    def test_a_full_disk_refuses_writes_and_heals(self):
        if os.getuid() != 0:
            self.skipTest("mounts a small file system: root only")
        site = Site()
        data = os.path.join(site.folder, "small")
        os.mkdir(data)
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mount(b"none", data.encode(), b"tmpfs", 0, b"size=4m") != 0:
            site.__exit__(None, None, None)
            self.skipTest(f"mount: {os.strerror(ctypes.get_errno())}")
        site.data = data
        self.addCleanup(site.__exit__, None, None, None)
        self.addCleanup(libc.umount2, data.encode(), 2)
        self.addCleanup(lambda: site.process and site.process.poll() is None and
                        (site.process.send_signal(signal.SIGKILL), site.process.wait()))
        site.__enter__()
        system = site.add_system("Room")
        module = site.add_module(site.install("echo"), system)
        ballast = os.path.join(data, "ballast")
        with open(ballast, "wb", buffering=0) as file:
            try:
                while file.write(b"x" * 4096) == 4096:
                    pass
            except OSError:
                pass
        written, refused = [], None
        for number in range(2000):
            begin = time.monotonic()
            status, body = site.request("POST", "/api/engine/v2/systems",
                                        {"name": f"row {number}", "description": "d" * 500})
            self.assertLess(time.monotonic() - begin, 5)
            if status != 201:
                refused = (status, body)
                break
            written.append(body["id"])
        self.assertIsNotNone(refused, "a full disk refuses writes")
        self.assertEqual((refused[0], refused[1]["reason"]), (507, "disk_full"))
        self.assertEqual(site.execute(module, "echo", {"value": 5}), (200, 5))
        for identity in written:
            self.assertEqual(site.request("GET", f"/api/engine/v2/systems/{identity}")[0], 200)
        os.unlink(ballast)
        wait_for(lambda: site.request("POST", "/api/engine/v2/systems", {"name": "after"})[0] == 201,
                 "writes work again without a restart")
        self.assertEqual(site.stop()[0], 0)
        site.start()
        for identity in written:
            self.assertEqual(site.request("GET", f"/api/engine/v2/systems/{identity}")[0], 200)
        print(f"{len(written)} writes until full, refused with {refused[0]} {refused[1]['reason']}")


if __name__ == "__main__":
    cases.main()
