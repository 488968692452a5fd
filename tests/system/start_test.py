# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""All at once after the power came back: many modules, their devices on one simulator."""
import http.client
import json
import signal
import time
import unittest

import cases
import openapi
from site_under_test import LONG, ModbusSim, Site, descendants, still_there, wait_for

MODULES = 2000 if LONG else 200
DRIVERS = 40 if LONG else 4
SETTINGS = {"poll_interval_ms": 1000,
            "points": [{"name": "level", "address": 10, "type": "uint16"}]}


class Session:
    """Many requests over one connection."""

    def __init__(self, site):
        self._site = site
        self._connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)
        self._headers = {"X-API-Key": site.key, "Content-Type": "application/json"}

    def ask(self, method, path, body=None):
        text = None if body is None else json.dumps(body)
        self._connection.request(method, path, text, self._headers)
        response = self._connection.getresponse()
        raw = response.read()
        headers = {name.lower(): value for name, value in response.getheaders()}
        self._site.hold(lambda: openapi.described().check_answer(method, path, response.status,
                                                                 headers, raw))
        if response.status not in (200, 201, 202):
            raise AssertionError(f"{method} {path}: {response.status} {raw}")
        return json.loads(raw) if raw else None

    def close(self):
        self._connection.close()


class Start(unittest.TestCase):
    def setUp(self):
        self.site = Site("--allow-unsigned")
        self.site.__enter__()
        self.addCleanup(self.site.__exit__, None, None, None)
        self.sim = ModbusSim("--units", "1")
        self.addCleanup(self.sim.close)

    def add_modules(self):
        session, modules = Session(self.site), []
        for number in range(DRIVERS):
            driver = self.site.install_copy("modbus", number)
            session.ask("POST", "/api/engine/v2/settings",
                        {"parent_id": driver, "encryption_level": 0,
                         "settings_string": json.dumps(SETTINGS)})
            for _ in range(MODULES // DRIVERS):
                modules.append(session.ask("POST", "/api/engine/v2/modules", {
                    "driver_id": driver, "ip": "127.0.0.1", "port": self.sim.port})["id"])
                session.ask("POST", f"/api/engine/v2/modules/{modules[-1]}/start")
        session.close()
        return modules

    def status(self):
        """(running, not connected), as busbard says."""
        status = self.site.ask("GET", "/api/busbar/v1/status")
        return status["modules"].get("running", 0), status["modules_disconnected"]

    def test_all_modules_run_soon_after_a_power_failure(self):
        """readyz is that of the API: ready as soon as it serves, whatever modules are doing, as no
        device may take the API away. Who wants to know of modules asks for the status."""
        modules = self.add_modules()
        wait_for(lambda: self.status() == (MODULES, 0), "all run for the first time")
        below = descendants(self.site.process.pid)
        self.assertEqual(len(below), DRIVERS)
        self.site.process.kill()
        self.assertEqual(self.site.process.wait(), -signal.SIGKILL)
        begin = time.monotonic()
        wait_for(lambda: not still_there(below), "no runner is left", 1)
        self.site.start()
        serves_s = time.monotonic() - begin
        self.assertEqual(self.site.request("GET", "/readyz")[0], 200)
        seen = [self.status()]
        while seen[-1] != (MODULES, 0):
            self.assertLess(time.monotonic() - begin, 60, f"running, not connected: {seen[-1]}")
            self.assertEqual(self.site.request("GET", "/readyz")[0], 200)
            seen.append(self.status())
        took_s = time.monotonic() - begin
        self.assertEqual(len(descendants(self.site.process.pid)), DRIVERS)
        session = Session(self.site)
        for module in modules[::max(1, MODULES // 50)]:
            health = session.ask("GET", f"/api/busbar/v1/modules/{module}/health")
            self.assertTrue(health["running"] and health["connected"], health)
            wait_for(lambda m=module: "level" in session.ask(
                "GET", f"/api/engine/v2/modules/{m}/state"), "a value of the device")
        session.close()
        code, stopped_s = self.site.stop()
        self.assertEqual(code, 0)
        self.assertLess(stopped_s, 10)
        print(f"{MODULES} modules in {DRIVERS} runners: serves after {serves_s:.2f} s, all run and "
              f"are connected after {took_s:.2f} s; stopped in {stopped_s:.2f} s")


if __name__ == "__main__":
    cases.main()
