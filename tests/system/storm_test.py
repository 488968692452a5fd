# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""Many drivers misbehave at once and for long: crashes, hangs, leaks, bombs. Others never notice."""
import http.client
import json
import os
import pathlib
import selectors
import socket
import threading
import time
import unittest

import cases
from site_under_test import LONG, LineDevice, Site, Witness, wait_for

CRASHERS, SOUND = (10, 30) if LONG else (5, 15)
STORM_S = 300 if LONG else 6
LEAKERS = 5
LEAKS_EACH = 200 if LONG else 2
BOMBS_S = 60 if LONG else 1
QUEUE = 256  # calls that one module may have in flight


class Calls:
    """Many calls of one module at the same time, by one thread; answers as (status, reason, s)."""

    def __init__(self, site, module, count, timeout_ms):
        self.answers = []
        self._selector = selectors.DefaultSelector()
        request = (f"POST /api/engine/v2/modules/{module}/exec/run?timeout_ms={timeout_ms} "
                   f"HTTP/1.1\r\nHost: x\r\nX-API-Key: {site.key}\r\nConnection: close\r\n"
                   "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}").encode()
        for _ in range(count):
            stream = socket.create_connection(("127.0.0.1", site.port))
            stream.sendall(request)
            self._selector.register(stream, selectors.EVENT_READ, [time.monotonic(), b""])

    def wait(self, timeout_s):
        end = time.monotonic() + timeout_s
        while self._selector.get_map():
            if time.monotonic() > end:
                raise AssertionError(f"{len(self._selector.get_map())} calls have no answer")
            for key, _ in self._selector.select(0.1):
                data = key.fileobj.recv(65536)
                key.data[1] += data
                if not data:
                    self._answer(*key.data)
                    self._selector.unregister(key.fileobj)
                    key.fileobj.close()
        self._selector.close()

    def _answer(self, began, raw):
        head, _, body = raw.partition(b"\r\n\r\n")
        self.answers.append((int(head.split()[1]), json.loads(body).get("reason"),
                             time.monotonic() - began, b"Retry-After:" in head))


class Storm(unittest.TestCase):
    def setUp(self):
        self.site = Site("--allow-unsigned")
        self.site.__enter__()
        self.addCleanup(self.site.__exit__, None, None, None)
        self.device = LineDevice()
        self.addCleanup(self.device.close)
        self.system = self.site.add_system("Room")
        self.made = 0

    def add(self, name, count=1, folder="tests/drivers"):
        """[(driver, module)] of drivers of their own, running."""
        pairs = []
        for _ in range(count):
            self.made += 1
            driver = self.site.install_copy(name, self.made, folder)
            address = self.device.port if folder == "tests/drivers" else None
            pairs.append((driver, self.site.add_module(driver, self.system, address=address,
                                                       wait=False)))
        for _, module in pairs:
            self.site.wait_running(module)
        return pairs

    def crash_until(self, modules, end):
        """Calls each module that may run, again and again; releases who is quarantined."""
        crashes = {module: 0 for module in modules}
        quarantines = dict(crashes)
        while time.monotonic() < end:
            for module in modules:
                health = self.site.health(module)
                if health["running"]:
                    status, body = self.site.execute(module, "run", {}, 5000)
                    self.assertEqual((status, body["reason"]), (503, "driver_crashed"))
                    crashes[module] += 1
                elif health["state"] == "quarantined":
                    quarantines[module] += 1
                    self.site.release(module)
            time.sleep(0.05)  # the pace of the storm, nothing is waited for
        return crashes, quarantines

    def test_a_quarter_of_all_drivers_crashes_all_the_time(self):
        """As often as the back-off lets them; who is quarantined is released at once. Long: 10 of 40."""
        sound = [module for _, module in self.add("echo", SOUND, "drivers")]
        crashers = self.add("fault_crash_in_execute", CRASHERS)
        fds, runners = self.site.fds(), len(self.site.ask("GET", "/api/busbar/v1/runners"))
        self.assertEqual(runners, CRASHERS + SOUND)
        idle = Witness(self.site, sound, pause_s=0.005)
        wait_for(lambda: idle.calls >= 300, "figures of the idle site")
        self.assertEqual(idle.end(), [])
        witness = Witness(self.site, sound, pause_s=0.005)
        cpu_s, begin = self.site.cpu_s(), time.monotonic()
        crashes, quarantines = self.crash_until([m for _, m in crashers], begin + STORM_S)
        cpu = (self.site.cpu_s() - cpu_s) / (time.monotonic() - begin)
        self.assertEqual(witness.end(), [])
        self.assertGreaterEqual(min(crashes.values()), 5)
        self.assertGreaterEqual(min(quarantines.values()), 1)
        self.assertLess(witness.quantile_ms(0.99), 1000)
        self.assertLess(cpu, 0.7, "busbard's share of a core")
        print(f"{sum(crashes.values())} crashes and {sum(quarantines.values())} quarantines in "
              f"{STORM_S} s; idle: {idle}; storm: {witness}; busbard took {100 * cpu:.0f} % of a core")
        self.see_quarantine_and_release(*crashers[0])
        wait_for(lambda: self.site.zombies() == [], "no zombies")
        wait_for(lambda: self.site.fds() <= fds, f"no more than {fds} descriptors")

    def see_quarantine_and_release(self, driver, module):
        """Back-off by the times of exit reports, then what a user sees of the quarantine."""
        self.site.release(driver)  # forgets all that was
        for _ in range(5):
            self.site.wait_running(module)
            self.assertEqual(self.site.execute(module, "run", {})[1]["reason"], "driver_crashed")
        health = self.site.wait_health(module, lambda h: h["state"] == "quarantined", "quarantine")
        self.assertEqual(health["code"], "quarantined")
        self.assertIn("release it", health["sentence"])
        times = sorted(r["time"] for r in self.site.exit_reports(driver))[-5:]
        gaps = [(b - a) / 1000 for a, b in zip(times, times[1:])]
        self.assertGreater(gaps[-1], 0.16)
        print(f"gaps between five crashes: {gaps} s")
        self.assertEqual(self.site.execute(module, "run", {})[1]["reason"], "quarantined")
        self.site.release(module)
        self.site.wait_running(module)

    def test_a_hang_that_no_signal_ends(self):
        """The callers have their errors in time, further ones are told that the module is busy."""
        sound = [module for _, module in self.add("echo", 3, "drivers")]
        (driver, module), = self.add("fault_deaf_hang")
        witness = Witness(self.site, sound)
        pid, begin = self.site.runner_pid(module), time.monotonic()
        first = Calls(self.site, module, 1, 1500)
        wait_for(lambda: "\nbusbar_calls_open 1\n" in self.site.request("GET", "/metrics")[1]
                 or witness.calls, "the first call has arrived")
        calls = Calls(self.site, module, QUEUE + 100, 1500)
        calls.wait(20)
        first.wait(20)
        late = [a for a in first.answers + calls.answers if a[1] == "deadline_exceeded"]
        busy = [a for a in calls.answers if a[1] == "module_busy"]
        self.assertEqual(len(late) + len(busy), QUEUE + 101, calls.answers)
        self.assertEqual(len(late), QUEUE)
        for status, _, took_s, _ in late:
            self.assertEqual(status, 504)
            self.assertGreater(took_s, 1.4)
            self.assertLess(took_s, 4)
        for status, _, took_s, retry in busy:
            self.assertEqual((status, retry), (429, True))
            self.assertLess(took_s, 1.4, "refused at once")
        report = wait_for(lambda: self.site.exit_reports(driver), "an exit report")[0]
        killed_s = time.monotonic() - begin
        self.assertEqual(report["cause"], "hang in execute")
        self.assertLess(killed_s, 15, "the limit of a call into the driver is 5 s")
        self.site.wait_running(module)
        self.assertNotEqual(self.site.runner_pid(module), pid)
        self.assertEqual(self.site.execute(module, "run", {"text": "slow"}), (200, "slow"))
        self.assertEqual(witness.end(), [])
        worst = max(a[2] for a in late)
        print(f"{len(late)} late after at most {worst:.2f} s (asked for 1.5), {len(busy)} busy after "
              f"at most {max(a[2] for a in busy):.2f} s, killed after {killed_s:.1f} s; {witness}")

    def leak(self, driver, module, rounds, outcomes):
        for _ in range(rounds):
            self.site.wait_running(module)
            try:
                status, body = self.site.execute(module, "run", {}, 30000)
            except (OSError, http.client.HTTPException) as error:
                status, body = repr(error), {}
            outcomes.append((status, body.get("reason")))
            self.site.release(driver)

    def leak_all(self, pairs, rounds):
        outcomes = []
        threads = [threading.Thread(target=self.leak, args=(driver, module, rounds, outcomes))
                   for driver, module in pairs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(set(outcomes), {(503, "driver_crashed")})
        self.assertEqual(len(outcomes), rounds * len(pairs))

    def test_leaks_to_the_limit_at_once(self):
        """Five drivers of 256 MB each, long: 1,000 deaths. Each driver is released after each death,
        which forgets its back-off; otherwise the 1,000 would take hours."""
        sound = [module for _, module in self.add("echo", 3, "drivers")]
        pairs = self.add("fault_leak", LEAKERS)
        witness = Witness(self.site, sound)
        self.leak_all(pairs, 10 if LONG else 1)  # whatever is kept of a death is kept now
        for _, module in pairs:
            self.site.wait_running(module)
        fds, rss_kb, begin = self.site.fds(), self.site.rss_kb(), time.monotonic()
        self.leak_all(pairs, LEAKS_EACH)
        took_s = time.monotonic() - begin
        for driver, module in pairs:
            self.site.wait_running(module)
            causes = {report["cause"] for report in self.site.exit_reports(driver)}
            self.assertTrue(all(cause.startswith("memory: ") for cause in causes), causes)
        grown_kb = self.site.rss_kb() - rss_kb
        self.assertEqual(witness.end(), [])
        self.assertLess(grown_kb, 2048)
        self.assertEqual(self.site.zombies(), [])
        wait_for(lambda: self.site.fds() <= fds, f"no more than {fds} descriptors")
        print(f"{LEAKERS * LEAKS_EACH} deaths in {took_s:.0f} s, busbard grew by {grown_kb} kB; "
              f"{witness}")

    def test_bombs_while_four_drivers_take_all_of_the_processor(self):
        """Hogs spin in a thread each. Files cannot be opened at all, so the disk filler is left
        with its standard output, of which busbard takes 1 MB a second."""
        sound = [module for _, module in self.add("echo", 5, "drivers")]
        idle = Witness(self.site, sound)
        wait_for(lambda: idle.calls >= 100, "figures of the idle site")
        self.assertEqual(idle.end(), [])
        hogs = self.add("fault_cpu_hog", 4)
        names = ("disk_filler", "core_bomb", "fork_bomb", "thread_bomb", "fd_bomb", "log_flood")
        bombs = {name: self.add(f"fault_{name}")[0] for name in names}
        for _, module in hogs:
            self.assertEqual(self.site.execute(module, "run", {}), (200, "ok"))
        cores, log_bytes = self.cores(), os.path.getsize(self.site.log_path)
        witness = Witness(self.site, sound)
        begin, rounds, results = time.monotonic(), 0, {name: set() for name in names}
        while time.monotonic() < begin + BOMBS_S:
            for name, (driver, module) in bombs.items():
                status, body = self.site.execute(module, "run", {}, 30000)
                results[name].add((status, body if status == 200 else body["reason"]))
                if name == "core_bomb":
                    self.site.release(driver)
            rounds += 1
        took_s = time.monotonic() - begin
        self.assertEqual(witness.end(), [])
        self.assertEqual(self.cores(), cores)
        self.assertLessEqual(results.pop("core_bomb"), {(503, "driver_crashed"),
                                                        (503, "module_not_running")})
        for name, seen in results.items():
            self.assertEqual(seen, {(200, "ok")}, name)
        report = self.site.exit_reports(bombs["core_bomb"][0])[0]
        self.assertIn("SIGSEGV", report["cause"])
        for _, module in hogs:
            self.assertTrue(self.site.health(module)["running"])
        log_bytes = os.path.getsize(self.site.log_path) - log_bytes
        self.assertLess(log_bytes, (took_s + 2) * 2 * 4 * 2**20,
                        "two floods of 1 MB a second, and what stands around each line")

        def told():  # by the first line of a later second
            self.site.execute(bombs["disk_filler"][1], "run", {}, 30000)
            return "lines dropped by the rate limit" in self.site.log()
        wait_for(told, "what was dropped of the flood is told")
        self.assertLess(witness.quantile_ms(0.99), 1000)
        print(f"{rounds} rounds of {len(names)} bombs in {took_s:.0f} s; idle: {idle}; "
              f"bombs: {witness}; log +{log_bytes // 1024} kB")

    def cores(self):
        """Core files where busbard or a runner could leave one."""
        folders = {os.getcwd(), self.site.folder, self.site.data, "/", "/tmp"}
        return {str(path) for folder in folders for path in pathlib.Path(folder).glob("core*")
                if path.is_file()}


if __name__ == "__main__":
    cases.main()
