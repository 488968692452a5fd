# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""The N-th file operation, allocation or connect of busbard fails, for each N until none is met:
what was acknowledged stays, nothing is left half done, an error has a code."""
import errno
import hashlib
import http.client
import mmap
import os
import pathlib
import signal
import sqlite3
import struct
import subprocess
import unittest

import cases
from site_under_test import BUILD, LONG, ModbusSim, Site, wait_for

MALLOC, FILE, SOCKET = 1, 2, 4  # as in tests/support/failpoint_preload.c
PAGE = struct.Struct("=qIiQ")
MOST = 5000  # no operation of these takes more steps


def points(step):
    """All numbers from 1 on, or in the short form a few, further and further apart."""
    number, gap = 1, 1
    while number < MOST:
        yield number
        gap = step if LONG else max(step, gap + gap // 2 + 1)
        number += gap


class Failpoints:
    """The page that tells tests/failpoint.so what fails."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "failpoints")
        pathlib.Path(self.path).write_bytes(bytes(PAGE.size))
        with open(self.path, "r+b") as file:
            self._page = mmap.mmap(file.fileno(), PAGE.size)

    def arm(self, kinds, number, error):
        self._page[:] = PAGE.pack(number, kinds, error, 0)

    def disarm(self):
        """Whether the armed call was met."""
        left, _, error, hits = PAGE.unpack(self._page[:])
        self._page[:] = PAGE.pack(left, 0, error, hits)
        return hits > 0


class Failpoint(unittest.TestCase):
    def setUp(self):
        self.site = Site("--allow-unsigned")
        self.addCleanup(self.site.__exit__, None, None, None)
        self.failpoints = Failpoints(self.site.folder)
        self.site.environment = {"LD_PRELOAD": str(BUILD / "tests/failpoint.so"),
                                 "FAILPOINT_PAGE": self.failpoints.path}
        self.acknowledged = {}
        self.ends = {}

    def begin(self):
        self.site.__enter__()
        return self.site

    def end(self):
        """Ends busbard if it runs; what its end was."""
        code = self.site.process.poll()
        if code is None:
            code = self.site.stop()[0]  # an abort may be under way
        self.assertIn(code, (0, -signal.SIGABRT), "it ends in order, or by an abort")
        self.site.process.stdout.close()
        return code

    def write(self, name):
        """Creates a system. Its status, or None when busbard went away."""
        try:
            status, body = self.site.request("POST", "/api/engine/v2/systems", {"name": name})
        except (OSError, http.client.HTTPException):
            return None
        if status == 201:
            self.acknowledged[body["id"]] = name
        else:
            self.assertGreaterEqual(status, 500, body)
            self.assertTrue(body["code"] and body["detail"], body)
        return status

    def check_store(self):
        rows = {row["id"]: row["name"]
                for row in self.site.ask("GET", "/api/engine/v2/systems?limit=1000")}
        lost = {key for key, name in self.acknowledged.items() if rows.get(key) != name}
        self.assertEqual(lost, set(), "acknowledged writes are lost")
        with sqlite3.connect(os.path.join(self.site.data, "config.db")) as db:
            self.assertEqual(db.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
            self.assertEqual(db.execute("PRAGMA foreign_key_check").fetchall(), [])

    def note(self, outcome):
        self.ends[outcome] = self.ends.get(outcome, 0) + 1

    def writes_that_fail(self, kind, error, step):
        self.begin()
        for number in points(step):
            self.failpoints.arm(kind, number, error)
            status = self.write(f"system {number}")
            met = self.failpoints.disarm()
            # What SQLite has not got rid of yet may fail later: a restart shows what is there.
            self.note((status, self.end()))
            self.site.start()
            self.check_store()
            if not met:
                self.assertEqual(status, 201)
                break
        self.assertFalse(met, "at some number none is met")
        self.assertGreater(number, 5, "so few calls mean nothing")
        self.end()
        print(f"until {number}: (status, exit) {self.ends}")

    def test_file_operations_of_a_configuration_write(self):
        self.writes_that_fail(FILE, errno.EIO, 1)
        self.assertEqual({end for _, end in self.ends}, {0}, "no crash")
        self.assertIn((503, 0), self.ends)

    def test_allocations_of_a_configuration_write(self):
        """Out of memory is an abort, or an error where a library bears it."""
        self.writes_that_fail(MALLOC, errno.ENOMEM, 3)
        self.assertIn((None, -signal.SIGABRT), self.ends)

    def test_file_operations_of_the_first_start(self):
        """It starts, or says in one line why not; afterwards it starts on the same folder."""
        for number in points(1):
            self.site.data = os.path.join(self.site.folder, f"data-{number}")
            self.failpoints.arm(FILE, number, errno.EIO)
            failed = None
            try:
                self.site.start()
            except AssertionError as error:
                failed = error
            met = self.failpoints.disarm()
            if failed:
                code = self.site.process.wait(10)
                self.site.process.stdout.close()
                self.assertIn(code, (1, 2), failed)
                last = self.site.log().strip().splitlines()[-1]
                self.assertTrue(last.startswith("busbard: ") or '"level":"error"' in last, last)
                self.note(f"exit {code}")
            else:
                self.note("starts")
                self.end()
            self.site.start()
            self.site.busbar("key", "create", "tester", "--role", "admin")
            self.end()
            if not met:
                break
        self.assertFalse(met)
        print(f"until {number}: {self.ends}")

    def installs_that_fail(self, kind, error, step):
        self.begin()
        for number in points(step):
            self.failpoints.arm(kind, number, error)
            try:
                driver = self.site.install_copy("echo", number)
            except (AssertionError, subprocess.SubprocessError) as refused:
                driver = None
                self.assertTrue(str(refused).strip())
            met = self.failpoints.disarm()
            code = self.end()
            self.site.start()
            self.check_folders(driver, number)
            self.note((driver is not None, code))
            again = self.site.install_copy("echo", number)  # nothing stands in its way
            self.assertEqual(driver or again, again)
            self.check_folders(again, number)
            if not met:
                self.assertIsNotNone(driver)
                break
        self.assertFalse(met)
        self.end()
        print(f"until {number}: (installed, exit) {self.ends}")

    def check_folders(self, driver, number):
        """Version folders are whole, and there is one when the driver is installed."""
        whole = 0
        root = pathlib.Path(self.site.data, "drivers")
        for version in root.glob(f"org.b{number:05d}.echo/*/*"):
            self.assertEqual(sorted(os.listdir(version)), ["echo.so", "manifest.json"])
            digest = hashlib.sha256((version / "echo.so").read_bytes()).hexdigest()
            self.assertEqual(version.name, digest[:12])
            whole += 1
        if driver is not None:
            self.assertEqual(whole, 1)

    def test_file_operations_of_an_installation(self):
        self.installs_that_fail(FILE, errno.EIO, 1)
        self.assertEqual({end for _, end in self.ends}, {0}, "no crash")
        self.assertIn((False, 0), self.ends)

    def test_allocations_of_an_installation(self):
        self.installs_that_fail(MALLOC, errno.ENOMEM, 10)
        self.assertIn((False, -signal.SIGABRT), self.ends)

    def test_sockets_of_a_link(self):
        """The module says that its device is away, tries again by itself and comes."""
        self.begin()
        sim = ModbusSim()
        self.addCleanup(sim.close)
        module = self.site.add_module(self.site.install("modbus"), self.site.add_system("Plant"),
                                      address=sim.port)
        away = 0
        for number in range(1, MOST):
            self.site.ask("POST", f"/api/engine/v2/modules/{module}/stop")
            self.site.wait_health(module, lambda h: h["state"] == "stopped", "it is stopped")
            self.failpoints.arm(SOCKET, number, errno.ENETUNREACH)
            self.site.ask("POST", f"/api/engine/v2/modules/{module}/start")
            seen = self.site.wait_health(
                module, lambda h: h["running"] and (h["connected"] or h.get("sentence")), "it runs")
            away += not seen["connected"]
            self.site.wait_health(module, lambda h: h["running"] and h["connected"], "it is back")
            if not self.failpoints.disarm():
                break
        wait_for(lambda: self.site.process.poll() is None, "busbard lives")
        self.end()
        print(f"until {number}: seen offline {away} times")


if __name__ == "__main__":
    cases.main()
