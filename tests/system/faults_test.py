# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""A driver for each fault of tests/drivers: the cause is named, and nobody else notices."""
import unittest

import cases
from site_under_test import BUILD, LineDevice, Site, Witness, descendants, wait_for

CALLBACKS = ("constructor", "entry", "process_init", "create", "start", "stop", "destroy",
             "on_settings", "connected", "disconnected", "frame", "received", "execute",
             "cancelled", "event", "process_exit")
BEFORE_RUNNING = {"constructor", "entry", "process_init", "create"}
CRASHED_IN = {"constructor": "constructors"}  # as reports name them
HANG = {"constructor": "hang in library constructors", "entry": "hang in busbar_entry_1",
        "destroy": "in state destroying"}


class Faults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.site = Site("--allow-unsigned")
        cls.site.__enter__()
        cls.addClassCleanup(cls.site.__exit__, None, None, None)
        cls.device = LineDevice()
        cls.addClassCleanup(cls.device.close)
        cls.system = cls.site.add_system("Room")
        cls.other = cls.site.add_module(cls.site.install("echo"), cls.system)
        cls.begin(cls, "none")  # whatever is opened once is open now
        cls.remove_all(cls)

    made = []

    def begin(self, fault):
        """(driver, module) of a fault, started but perhaps not running."""
        driver = self.site.install(f"fault_{fault}", "tests/drivers")
        module = self.site.add_module(driver, self.system, address=self.device.port, wait=False)
        self.made.append((driver, module))
        return driver, module

    def remove_all(self):
        while self.made:
            driver, module = self.made.pop()
            self.site.ask("DELETE", f"/api/engine/v2/modules/{module}")
            self.site.ask("DELETE", f"/api/engine/v2/drivers/{driver}")
        wait_for(lambda: len(descendants(self.site.process.pid)) == 1, "only the runner of echo")

    def setUp(self):
        self.before = (self.site.fds(), self.site.threads())
        self.rss_kb = self.site.rss_kb()
        self.witness = Witness(self.site, self.other)

    def tearDown(self):
        failures = self.witness.end()
        self.remove_all()
        self.assertEqual(failures, [], "calls of another driver failed")
        self.assertGreater(self.witness.calls, 0)
        wait_for(lambda: (self.site.fds(), self.site.threads()) <= self.before,
                 f"descriptors and threads of busbard are again {self.before}, "
                 f"now {(self.site.fds(), self.site.threads())}")
        self.assertLess(self.site.rss_kb() - self.rss_kb, 8192, "busbard grew")
        print(f"{self.witness.calls} calls of another driver, "
              f"slowest {self.witness.slowest_s:.2f} s")

    def live(self, module):
        """Takes a module through every callback; what its fault makes of it is seen later."""
        wait_for(lambda: self.site.health(module)["running"] or
                 self.site.health(module).get("code"), "it runs, or fails")
        self.site.execute(module, "run", {}, 2000)
        self.site.execute(module, "run", {"text": "slow"}, 50)
        self.site.execute(module, "run", {"text": "slow"}, 2000)
        self.site.add_settings(module, {"anything": 1})

    def report_of(self, driver, fault):
        reports = wait_for(lambda: self.site.exit_reports(driver), f"an exit report of {fault}")
        return reports[-1]

    def test_the_twin_breaks_no_rule(self):
        driver, module = self.begin("none")
        self.site.wait_running(module)
        self.assertEqual(self.site.execute(module, "run", {}), (200, "ok"))
        self.assertEqual(self.site.execute(module, "run", {"text": "slow"}), (200, "slow"))
        self.assertEqual(self.site.execute(module, "run", {"text": "thread"}), (200, "thread"))
        self.live(module)
        self.device.drop()
        self.site.wait_running(module)
        self.site.ask("POST", f"/api/engine/v2/modules/{module}/stop")
        self.site.wait_health(module, lambda h: h["state"] == "stopped", "it is stopped")
        self.assertEqual(self.site.exit_reports(driver), [])
        self.assertEqual([line for line in self.logs(module) if "driver_bug" in line], [])

    def logs(self, module):
        return [f"{line['level']}: {line['message']}" for line in
                self.site.ask("GET", f"/api/busbar/v1/modules/{module}/logs")]

    def in_each_callback(self, kind):
        """Starts a faulty driver for each callback, all at once; returns their first reports."""
        made = {name: self.begin(f"{kind}_in_{name}") for name in CALLBACKS}
        for name in CALLBACKS:
            if name not in BEFORE_RUNNING:
                self.live(made[name][1])
        self.device.drop()
        for name in ("stop", "destroy", "process_exit"):
            self.site.ask("POST", f"/api/engine/v2/modules/{made[name][1]}/stop")
        return {name: self.report_of(made[name][0], f"{kind} in {name}") for name in CALLBACKS}

    def test_crash_in_each_callback(self):
        for name, report in self.in_each_callback("crash").items():
            with self.subTest(name):
                self.assertEqual(report["cause"], "signal SIGSEGV")
                self.assertEqual(report.get("last_call"), CRASHED_IN.get(name, name))
                self.assertTrue(report["backtrace"])

    def test_hang_in_each_callback(self):
        for name, report in self.in_each_callback("hang").items():
            with self.subTest(name):
                self.assertIn(HANG.get(name, f"hang in {name}"), report["cause"])

    def test_leak_ends_alone_by_memory(self):
        driver, module = self.begin("leak")
        self.site.wait_running(module)
        status, body = self.site.execute(module, "run", {}, 30000)
        self.assertEqual((status, body["reason"]), (503, "driver_crashed"))
        # Without a cgroup malloc() fails, and this driver uses the null that it got.
        self.assertTrue(self.report_of(driver, "leak")["cause"].startswith("memory: "))
        self.site.wait_running(module)

    def test_bombs_and_floods_meet_their_bounds(self):
        for fault in ("fork_bomb", "thread_bomb", "fd_bomb", "log_flood", "state_flood"):
            with self.subTest(fault):
                driver, module = self.begin(fault)
                self.site.wait_running(module)
                self.assertEqual(self.site.execute(module, "run", {}, 30000)[0], 200)
                self.assertEqual(self.site.exit_reports(driver), [])
                self.assertTrue(self.site.health(module)["running"])
                if fault == "log_flood":
                    self.assertLessEqual(len(self.logs(module)), 500)
                if fault == "state_flood":
                    wait_for(lambda m=module: self.site.state(m).get("k1") == "value of the flood",
                             "the last value")

    def test_bad_constructors_get_nothing(self):
        for fault in ("ctor_fakes_seccomp", "ctor_thread"):
            with self.subTest(fault):
                driver, module = self.begin(fault)
                self.site.wait_running(module)
                for _ in range(20):
                    self.assertEqual(self.site.execute(module, "run", {}), (200, "ok"))
                self.assertEqual(self.site.exit_reports(driver), [])

    def test_random_bytes_on_the_channel_end_the_runner_alone(self):
        driver, module = self.begin("random_bytes")
        self.site.wait_running(module)
        self.assertEqual(self.site.execute(module, "run", {})[0], 503)
        self.assertIn("protocol_error", self.report_of(driver, "random_bytes")["cause"])
        self.site.wait_running(module)
        self.assertEqual(self.site.execute(module, "run", {"text": "slow"}), (200, "slow"))

    def test_abort_and_exit_are_named(self):
        for fault, cause in (("abort_in_execute", "SIGABRT"), ("exit_in_execute", "exit")):
            with self.subTest(fault):
                driver, module = self.begin(fault)
                self.site.wait_running(module)
                self.assertEqual(self.site.execute(module, "run", {})[0], 503)
                self.assertIn(cause, self.report_of(driver, fault)["cause"])

    def test_broken_rules_are_named_in_the_log_and_the_runner_goes_on(self):
        for fault, line in (("double_complete", "was completed before"),
                            ("refuse_and_complete", "refused a call that was completed"),
                            ("undeclared_key", "not declared"), ("bad_utf8", "not UTF-8"),
                            ("bad_result", "not valid JSON"), ("oversized", "at most 1 MiB"),
                            ("early_status", "the module is not running"),
                            ("wild_instance", "the instance does not exist"),
                            ("wild_timer", "timer: token 0")):
            with self.subTest(fault):
                driver, module = self.begin(fault)
                self.site.wait_running(module)
                self.site.execute(module, "run", {})
                wait_for(lambda m=module, text=line: any(
                    text in entry for entry in self.logs(m)), f"a log line with {line!r}")
                self.site.execute(module, "run", {})
                self.assertEqual(self.site.exit_reports(driver), [])

    def test_drivers_that_cannot_be_loaded_say_why(self):
        for fault, words in (("wrong_abi", "needs ABI"), ("short_table", "too short"),
                             ("missing_function", "lacks"), ("refuses_host", "refuse"),
                             ("refuses_init", "process_init failed"),
                             ("other_manifest", "differs from the embedded")):
            with self.subTest(fault):
                driver, module = self.begin(fault)
                health = self.site.wait_health(module, lambda h: h.get("sentence"), "a sentence")
                self.assertIn(words, health["sentence"])
                self.assertFalse(health["running"])

    def test_a_handle_kept_from_a_destroyed_instance_is_named(self):
        driver, module = self.begin("kept_pointer")
        self.site.wait_running(module)
        runner = self.site.runner_pid(module)
        self.site.ask("POST", f"/api/engine/v2/modules/{module}/stop")
        self.site.wait_health(module, lambda h: h["state"] == "stopped", "it is stopped")
        self.site.ask("POST", f"/api/engine/v2/modules/{module}/start")
        self.site.wait_running(module)
        self.assertEqual(self.site.runner_pid(module), runner, "two instances of one process")
        wait_for(lambda: "driver_bug: stop_done: the instance does not exist (any more)" in
                 self.logs(module), "the line in the log")
        self.assertEqual(self.site.execute(module, "run", {}), (200, "ok"))
        self.assertEqual(self.site.exit_reports(driver), [])

    def test_a_completion_after_the_deadline_changes_nothing(self):
        driver, module = self.begin("late_complete")
        self.site.wait_running(module)
        for _ in range(5):
            status, body = self.site.execute(module, "run", {"text": "slow"}, 50)
            self.assertEqual((status, body["reason"]), (504, "deadline_exceeded"))
            self.assertEqual(self.site.execute(module, "run", {}), (200, "ok"))
        self.assertEqual([line for line in self.logs(module) if "driver_bug" in line], [])
        self.assertEqual(self.site.exit_reports(driver), [])

    def test_a_driver_that_refuses_or_gives_up_says_so_and_is_tried_again(self):
        for fault, code, words in (
                ("refuses_create", "settings_refused", "create answered E_INVALID"),
                ("refuses_start", "driver_failed", "start answered E_DEVICE"),
                ("fails_in_received", "driver_failed", "received answered E_INTERNAL")):
            with self.subTest(fault):
                driver, module = self.begin(fault)
                health = self.site.wait_health(
                    module, lambda h, c=code: h["state"] == "failed" and h.get("code") == c,
                    f"it has failed by {code}")
                self.assertIn(words, health["sentence"])
                self.assertIn("Correct the settings" if code == "settings_refused" else
                              "by itself", health["sentence"])
                self.assertEqual(self.site.execute(module, "run", {})[1]["reason"], code)
                self.assertEqual(self.site.exit_reports(driver), [])
                if code == "driver_failed":
                    self.site.wait_health(module, lambda h, s=health["since"]: h["since"] != s,
                                          "it is tried again")

    def test_a_frame_function_that_takes_too_much_loses_the_link_and_is_named(self):
        driver, module = self.begin("frame_too_much")
        health = self.site.wait_health(
            module, lambda h: h["running"] and h.get("code") == "device_offline", "it is offline")
        self.assertIn("the driver's frame() answered more bytes than there were",
                      health["sentence"])
        self.assertFalse(health["connected"])
        wait_for(lambda: "driver_bug: frame: answered more bytes than it was given" in
                 self.logs(module), "the line in the log")
        self.assertEqual(self.site.execute(module, "run", {}), (200, "ok"))
        self.assertEqual(self.site.exit_reports(driver), [])

    def test_a_library_without_the_entry_is_not_installed(self):
        outcome = self.site.busbar_outcome("driver", "install", str(
            BUILD / "tests/drivers/fault_missing_symbol"))
        self.assertEqual(outcome.returncode, 7)
        self.assertIn("busbar_entry_1", outcome.stderr)


if __name__ == "__main__":
    cases.main()
