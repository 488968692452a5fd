# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""busbard and runners are killed while an outside client writes: what was acknowledged stays."""
import http.client
import os
import random
import signal
import sqlite3
import threading
import time
import unittest

import cases
from site_under_test import LONG, Site, descendants, process_stat, still_there, wait_for

ROUNDS = 200 if LONG else 20


class Writer:
    """Creates systems one after the other and remembers each that was acknowledged."""

    def __init__(self, site):
        self._site, self.acknowledged, self._stop = site, {}, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        number = 0
        while not self._stop.is_set():
            name = f"written {number}"
            try:
                status, body = self._site.request("POST", "/api/engine/v2/systems", {"name": name})
                if status == 201:
                    self.acknowledged[body["id"]] = name
            except (OSError, http.client.HTTPException):
                time.sleep(0.005)  # busbard is down just now
            number += 1  # whether the unanswered one was written is not known: never tried again

    def end(self):
        self._stop.set()
        self._thread.join()
        return self.acknowledged


class Kill(unittest.TestCase):
    def setUp(self):
        self.site = Site("--allow-unsigned")
        self.site.__enter__()
        self.addCleanup(self.site.__exit__, None, None, None)
        self.echo = self.site.install("echo")
        self.system = self.site.add_system("Room")
        self.modules = [self.site.add_module(self.echo, self.system, wait=False)
                        for _ in range(5)]
        for module in self.modules:
            self.site.wait_running(module)

    def all_serve(self):
        for module in self.modules:
            self.site.wait_running(module)
            self.assertEqual(self.site.execute(module, "echo", {"value": module}), (200, module))

    def check_store(self, acknowledged):
        """Each acknowledged write is there, and the database is whole."""
        rows = {}
        while True:
            page = self.site.ask("GET", f"/api/engine/v2/systems?limit=1000&offset={len(rows)}")
            rows.update((row["id"], row["name"]) for row in page)
            if len(page) < 1000:
                break
        lost = {key: name for key, name in acknowledged.items() if rows.get(key) != name}
        self.assertEqual(lost, {})
        with sqlite3.connect(os.path.join(self.site.data, "config.db")) as db:
            self.assertEqual(db.execute("PRAGMA integrity_check").fetchall(), [("ok",)])

    def test_killed_busbard_loses_no_acknowledged_write_and_leaves_no_process(self):
        writer = Writer(self.site)
        chance = random.Random(1)
        for _ in range(ROUNDS):
            wait = time.monotonic() + chance.uniform(0.0, 0.3)
            wait_for(lambda: time.monotonic() >= wait, "a random moment", step_s=0.005)
            below = descendants(self.site.process.pid)
            self.site.process.kill()
            self.assertEqual(self.site.process.wait(), -signal.SIGKILL)
            wait_for(lambda: not still_there(below),
                     f"the runners are gone: {below}", timeout_s=1)
            self.site.start()
            for module in self.modules:
                self.site.wait_running(module)
        acknowledged = writer.end()
        self.assertGreater(len(acknowledged), ROUNDS)
        self.all_serve()
        self.check_store(acknowledged)
        self.assertEqual(self.site.stop()[0], 0)
        print(f"{ROUNDS} kills, {len(acknowledged)} acknowledged writes, 0 lost")

    def test_killed_runners_come_back_and_leave_no_zombie(self):
        writer = Writer(self.site)
        self.all_serve()
        fds, worst_s = self.site.fds(), 0.0
        for _ in range(ROUNDS):
            pid = wait_for(lambda: self.site.runner_pid(self.modules[0]), "a runner")
            began = process_stat(pid)
            os.kill(pid, signal.SIGKILL)
            killed = time.monotonic()
            wait_for(lambda: self.site.runner_pid(self.modules[0]) not in (0, pid) and
                     self.site.health(self.modules[0])["running"], "another runner serves")
            worst_s = max(worst_s, time.monotonic() - killed)
            self.assertEqual(still_there({(pid, began[2])}), set())
        acknowledged = writer.end()
        self.all_serve()
        self.check_store(acknowledged)
        wait_for(lambda: self.site.fds() <= fds, f"no more than {fds} descriptors")
        zombies = [p for p in descendants(self.site.process.pid)
                   if (process_stat(p[0]) or "-")[0] == "Z"]
        self.assertEqual(zombies, [])
        self.assertIn("SIGKILL", self.site.exit_reports(self.modules[0])[0]["cause"])
        print(f"{ROUNDS} kills, {len(acknowledged)} acknowledged writes, 0 lost, "
              f"served again after at most {worst_s:.2f} s")


if __name__ == "__main__":
    cases.main()
