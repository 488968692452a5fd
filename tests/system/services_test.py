# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""Services for drivers in the built programs: durable data under kill -9, schedules, time zones."""
import http.client
import json
import random
import threading
import time
import unittest

import cases
from site_under_test import LONG, Site, wait_for

ROUNDS = 50 if LONG else 5


class Counter:
    """Keeps ever higher numbers by way of the driver and remembers the last that was acknowledged."""

    def __init__(self, site, module, first):
        self._site, self._module, self._next = site, module, first
        self.acknowledged, self.tried, self._stop = first - 1, first - 1, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._stop.is_set():
            self.tried = self._next
            try:
                status, _ = self._site.execute(self._module, "set",
                                               {"key": "count", "value": str(self._next)})
            except (OSError, http.client.HTTPException, json.JSONDecodeError):
                return  # killed: whether this one was kept is not known
            if status == 200:
                self.acknowledged = self._next
            self._next += 1

    def end(self):
        self._stop.set()
        self._thread.join()


class Services(unittest.TestCase):
    def setUp(self):
        self.site = Site("--allow-unsigned")
        self.site.__enter__()
        self.addCleanup(self.site.__exit__, None, None, None)

    def add_probe(self):
        driver = self.site.install("service_probe", "tests/drivers")
        return self.site.add_module(driver, self.site.add_system("Room"))

    def test_what_a_driver_was_told_is_kept_outlives_a_killed_busbard(self):
        module = self.add_probe()
        chance, last, total = random.Random(1), 0, 0
        for _ in range(ROUNDS):
            counter = Counter(self.site, module, last + 1)
            wait_for(lambda c=counter: c.acknowledged > last + 2, "some numbers are kept")
            moment = time.monotonic() + chance.uniform(0.0, 0.05)
            wait_for(lambda m=moment: time.monotonic() >= m, "a random moment", step_s=0.001)
            self.site.process.kill()
            self.site.process.wait()
            counter.end()
            self.site.start()
            self.site.wait_running(module)
            status, value = self.site.execute(module, "get", {"key": "count"})
            self.assertEqual(status, 200)
            self.assertGreaterEqual(int(value), counter.acknowledged, "an acknowledged value is lost")
            self.assertLessEqual(int(value), counter.tried)
            total += counter.acknowledged - last
            last = int(value)
        print(f"{ROUNDS} kills, {total} acknowledged values, 0 lost")

    def test_schedules_run_in_the_time_zone_of_the_place(self):
        module = self.add_probe()
        self.assertEqual(self.site.execute(module, "cron", {"token": 1, "cron": "* * * * * *"}),
                         (200, 0))
        wait_for(lambda: self.site.state(module).get("k1", 0) >= 2, "it fires each second")
        for kind in ("systems", "zones"):
            status, body = self.site.request("POST", f"/api/engine/v2/{kind}",
                                             {"name": "Far away", "timezone": "Mars/Olympus"})
            self.assertEqual(status // 100, 4, body)
            self.assertIn("timezone", json.dumps(body))
            self.site.ask("POST", f"/api/engine/v2/{kind}",
                          {"name": "Far away", "timezone": "Asia/Kolkata"})


if __name__ == "__main__":
    cases.main()
