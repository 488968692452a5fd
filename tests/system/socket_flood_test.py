# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""Control sockets that break the protocol, ask for too much or never read: they end, others never notice."""
import http.client
import json
import threading
import time
import unittest

import cases
from overload_test import Readers
from site_under_test import LONG, Site, need_descriptors, wait_for
from web_client import WebSocket

CLIENTS, IDLE = (1000, 100) if LONG else (200, 20)
BINDS = 10_000
PINGS = 1_000_000 if LONG else 100_000
KEYS, VALUE_BYTES = 40, 60_000  # 2.4 MB that newer values do not replace


class SocketFlood(unittest.TestCase):
    def setUp(self):
        need_descriptors(self, 4096)
        self.site = site = Site()
        self.addCleanup(site.__exit__, None, None, None)
        site.__enter__()
        self.system = site.add_system("Room")
        self.module = site.add_module(site.install("echo"), self.system)

    def open(self, **more):
        client = WebSocket(self.site, [("X-API-Key", self.site.key)], **more)
        self.addCleanup(client.close)
        self.assertEqual(client.status, 101)
        return client

    def place(self, name):
        return self.system, "Echo", 1, name

    def figure(self, name):
        text = self.site.request("GET", "/metrics")[1]
        return int(float(text.partition(f"\n{name} ")[2].split("\n")[0]))

    def test_broken_rules_end_their_own_socket(self):
        frame, whole = WebSocket.frame, b"x" * 60_000
        bind = json.dumps({"id": 1, "cmd": "bind", "sys": self.system, "mod": "Echo", "index": 1,
                           "name": "a"}).encode()
        attacks = {
            "2^63 bytes": ([frame(b"", claim=1 << 63)], 1002),
            "2^64 - 1 bytes": ([frame(b"", claim=(1 << 64) - 1)], 1002),
            "4 GiB": ([frame(b"x" * 1000, claim=1 << 32)], 1009),
            "a ping of 64 bits": ([frame(b"", 9, claim=1 << 40)], 1002),
            "64 bits for a short one": ([frame(b"ping", claim=4)], 1002),
            "3 MB": ([frame(b"x" * 3_000_000)], 1009),
            "3 MB in fragments": ([frame(whole, 1, False)] + [frame(whole, 0, False)] * 50, 1009),
            "fragments of a byte": ([frame(b"x", 1, False) +
                                     frame(b"x", 0, False) * 3_000_000], 1009),
            "a second message inside": ([frame(b"x", 1, False), frame(b"x", 1)], 1002),
            "fragments of nothing": ([frame(b"x", 0)], 1002),
            "a fragmented ping": ([frame(b"x", 9, False)], 1002),
            "an unknown opcode": ([frame(b"x", 5)], 1002),
            "reserved bits": ([bytes([0xC1]) + frame(b"x")[1:]], 1002),
            "no mask": ([b"\x81\x01x"], 1002),
            "no UTF-8": ([frame(b"\xff\xfe")], 1007),
            "binary": ([frame(b"x", 2)], 1003),
            "a flood of pings": ([frame(b"p", 9) * (PINGS // 10)] * 10, 1008),
        }
        rss_kb, slowest_s = self.site.rss_kb(), 0.0
        for what, (frames, code) in attacks.items():
            with self.subTest(what):
                client = self.open()
                client.send(bind)
                try:
                    for part in frames:
                        client.stream.sendall(part)
                except ConnectionError:
                    pass  # ended while it still sent
                # A reset may overtake the Close of one who sends on.
                self.assertIn(client.close_code(), (code, 0) if len(frames) > 1 or
                              len(frames[0]) > 100_000 else (code,))
                begin = time.monotonic()
                self.assertEqual(self.site.execute(self.module, "echo", {"value": 1}), (200, 1))
                slowest_s = max(slowest_s, time.monotonic() - begin)
                client.close()
        wait_for(lambda: self.figure("busbar_control_sockets") == 0, "all have ended")
        self.assertLess(self.site.rss_kb() - rss_kb, 50 * 1024)
        print(f"{len(attacks)} attacks; a call right after took {1000 * slowest_s:.0f} ms at most; memory "
              f"+{(self.site.rss_kb() - rss_kb) // 1024} MiB")

    def test_ten_thousand_binds_on_one_socket_are_bounded(self):
        site, greedy, other = self.site, self.open(), self.open()
        rss_kb = site.rss_kb()
        replies = {"success": 0, "error": 0}

        def read():
            for _ in range(BINDS):
                reply = greedy.reply()
                replies[reply["type"]] += 1
                if reply["type"] == "error":
                    self.assertEqual((reply["error_code"], reply["code"]), (7, 429), reply)

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        for number in range(BINDS):
            greedy.command("bind", number, self.place(f"key{number}"))
        reader.join(60)
        self.assertEqual(replies, {"success": 2000, "error": BINDS - 2000})
        self.assertLess(site.rss_kb() - rss_kb, 50 * 1024)
        other.command("bind", 1, self.place("a"))
        self.assertEqual(other.reply()["type"], "success")
        begin = time.monotonic()
        site.execute(self.module, "set", {"key": "a", "value": "new"})
        while other.reply()["value"] != "new":
            pass
        self.assertLess(time.monotonic() - begin, 2)
        greedy.close()
        wait_for(lambda: self.figure("busbar_control_binds") == 1, "its binds are gone")

    def load(self, until):
        """Values per second that four writers set while until() is false."""
        stop, counts, failures = threading.Event(), [0] * 4, []

        def write(writer):
            while not stop.is_set():
                number = counts[writer]
                key = f"k{(4 * number + writer) % KEYS}"
                try:
                    status, _ = self.site.execute(self.module, "set", {
                        "key": key, "value": f"{number} " + "x" * VALUE_BYTES})
                    if status != 200:
                        failures.append(status)
                except (OSError, http.client.HTTPException) as error:
                    failures.append(repr(error))
                counts[writer] += 1

        writers = [threading.Thread(target=write, args=(n,), daemon=True) for n in range(4)]
        begin = time.monotonic()
        for writer in writers:
            writer.start()
        wait_for(until, "the load has lasted long enough", step_s=0.1)
        took_s = time.monotonic() - begin
        stop.set()
        for writer in writers:
            writer.join()
        self.assertEqual(failures, [])
        return sum(counts) / took_s

    def test_those_who_never_read_are_cut_and_others_do_not_notice(self):
        site = self.site
        rss_kb, end = site.rss_kb(), time.monotonic() + 2

        def reader(_):
            client = self.open()
            client.command("bind", 1, self.place("a"))
            self.assertEqual(client.reply()["type"], "success")
            return client.stream

        readers = Readers(site, "", CLIENTS - IDLE, reader)
        self.addCleanup(readers.close)
        end = time.monotonic() + 2
        peak = self.load(lambda: time.monotonic() > end)
        for _ in range(IDLE):
            idle = self.open(receive_bytes=4096)
            for key in range(KEYS):
                idle.command("bind", key, self.place(f"k{key}"))
        worst_kb = 0

        def are_cut():
            nonlocal worst_kb
            worst_kb = max(worst_kb, site.rss_kb())
            return self.figure("busbar_control_sockets") == CLIENTS - IDLE

        goodput = self.load(are_cut)
        self.assertEqual(self.figure("busbar_control_cut_total"), IDLE)
        site.execute(self.module, "set", {"key": "a", "value": "the last value"})
        wait_for(lambda: len(readers.seen) == CLIENTS - IDLE, "every reader has seen the last value")
        self.assertEqual(readers.ended, 0)
        self.assertLess(worst_kb - rss_kb, 300 * 1024)
        self.assertGreater(goodput, (0.8 if LONG else 0.25) * peak)  # a busy machine is no fault
        print(f"{CLIENTS} sockets, {IDLE} never read: {goodput:.0f} values/s of {peak:.0f}/s; memory "
              f"+{(worst_kb - rss_kb) // 1024} MiB at most")


if __name__ == "__main__":
    cases.main()
