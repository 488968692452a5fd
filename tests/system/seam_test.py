# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""End to end: a call over HTTP reaches a driver behind the whole sandbox, and faults stay there."""
import time
import unittest

import cases
from site_under_test import Events, LineDevice, Site, Witness, descendants, still_there, wait_for


class Seam(unittest.TestCase):
    def setUp(self):
        self.site = self.enterContext(Site("--allow-unsigned"))
        self.echo = self.site.install("echo")
        self.system = self.site.add_system("Room")
        self.module = self.site.add_module(self.echo, self.system)

    def enterContext(self, context):  # unittest has it from Python 3.11 on
        value = context.__enter__()
        self.addCleanup(lambda: context.__exit__(None, None, None))
        return value

    def room(self, function, args):
        return self.site.request(
            "POST", f"/api/engine/v2/systems/{self.system}/Echo_1/{function}", args)

    def other_driver(self):
        """A module of another driver, which no fault of echo may touch."""
        device = LineDevice()
        self.addCleanup(device.close)
        return self.site.add_module(self.site.install("fault_none", "tests/drivers"), self.system,
                                    address=device.port)

    def test_calls_state_and_events_by_the_path_of_a_system(self):
        self.assertEqual(self.room("echo", {"value": [1, {"a": None}]}), (200, [1, {"a": None}]))
        self.assertEqual(self.room("echo", ["by position"]), (200, "by position"))
        events = Events(self.site, f"kinds=state&module={self.module}")
        self.assertEqual(self.room("set", {"key": "colour", "value": "red"})[0], 200)
        event = events.first("state", lambda e: e["key"] == "colour")
        self.assertEqual((event["module_id"], event["value"]), (self.module, "red"))
        events.close()
        self.assertEqual(self.site.state(self.module)["colour"], "red")
        status, body = self.room("fail", {"message": "the lamp is broken"})
        self.assertEqual(status, 500)
        self.assertIn("the lamp is broken", body["detail"])

    def test_bad_input_names_field_and_rule_and_changes_nothing(self):
        before = self.site.ask("GET", "/api/engine/v2/systems?limit=1000")
        for path, body, status, word in (
                (f"systems/{self.system}/Echo_1/echo", {"wrong": 1}, 422, "wrong"),
                (f"systems/{self.system}/Echo_1/set", {"key": 5, "value": 1}, 422, "key"),
                (f"systems/{self.system}/Echo_1/nothing", {}, 404, "nothing"),
                (f"systems/{self.system}/Echo_9/echo", [1], 404, "module"),
                ("systems/sys-nowhere/Echo_1/echo", [1], 404, "system"),
                ("systems", {"name": 5}, 422, "name"),
                ("systems", {"name": ""}, 422, "name"),
                ("systems", [], 422, "object"),
                ("modules", {"driver_id": "driver-none"}, 422, "driver_id")):
            got, answer = self.site.request("POST", f"/api/engine/v2/{path}", body)
            self.assertTrue(400 <= got < 500, (path, got, answer))
            self.assertIn(got, (status, 400), (path, answer))
            self.assertIn(word, answer["detail"] + answer.get("field", ""), path)
        self.assertEqual(self.site.ask("GET", "/api/engine/v2/systems?limit=1000"), before)

    def test_crash_is_reported_and_survived_and_others_never_notice(self):
        other = self.other_driver()
        events = Events(self.site, f"kinds=module&module={self.module}")
        witness = Witness(self.site, other, "run", {}, "ok")
        begin = time.monotonic()
        status, body = self.room("crash", {})
        self.assertEqual((status, body["reason"]), (503, "driver_crashed"), body)
        self.site.wait_running(self.module)
        back_s = time.monotonic() - begin
        self.assertEqual(self.room("echo", {"value": 7}), (200, 7))
        report = self.site.exit_reports(self.module)[0]
        self.assertIn("SIGSEGV", report["cause"])
        self.assertEqual(report["module_id"], self.module)
        self.assertEqual(report["last_call"], "execute")
        self.assertTrue(any("echo.so" in line or "crash" in line for line in report["backtrace"]),
                        report["backtrace"])
        events.first("module", lambda e: not e["running"])
        events.first("module", lambda e: e["running"])
        events.close()
        self.assertEqual(witness.end(), [])
        self.assertGreater(witness.calls, 0)
        print(f"back after {back_s:.2f} s, {witness.calls} other calls, "
              f"slowest {witness.slowest_s:.2f} s")

    def test_hang_ends_at_the_callers_deadline_and_is_killed(self):
        other = self.other_driver()
        witness = Witness(self.site, other, "run", {}, "ok")
        first = self.site.runner_pid(self.module)
        begin = time.monotonic()
        status, body = self.site.execute(self.module, "hang", {}, timeout_ms=1500)
        took_s = time.monotonic() - begin
        self.assertEqual((status, body["reason"]), (504, "deadline_exceeded"), body)
        self.assertGreater(took_s, 1.4)
        self.assertLess(took_s, 3.0)
        report = wait_for(lambda: self.site.exit_reports(self.module), "an exit report")[0]
        self.assertIn("hang in execute", report["cause"])
        self.site.wait_running(self.module)
        self.assertNotEqual(self.site.runner_pid(self.module), first)
        self.assertEqual(self.room("echo", {"value": 1}), (200, 1))
        self.assertEqual(witness.end(), [])

    def test_sigterm_stops_all_within_two_seconds(self):
        for _ in range(20):
            self.site.add_module(self.echo, self.system, wait=False)
        modules = [m["id"] for m in self.site.ask("GET", "/api/engine/v2/modules?limit=1000")]
        for module in modules:
            self.site.wait_running(module)
        below = descendants(self.site.process.pid)
        self.assertGreater(len(below), 0)
        code, took_s = self.site.stop()
        self.assertEqual(code, 0)
        self.assertLess(took_s, 2.0)
        wait_for(lambda: not still_there(below), f"all of {below} are gone", 1)
        self.site.start()
        for module in modules:
            self.site.wait_running(module)


if __name__ == "__main__":
    cases.main()
