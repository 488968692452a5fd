# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""The systemd unit leaves busbard all that the full sandbox needs: shown under its own restrictions."""
import os
import pathlib
import shutil
import sys
import tempfile
import unittest

import cases
from site_under_test import BUILD, Site

ROOT = pathlib.Path(__file__).resolve().parents[2]
NOBODY = 65534


class Unit(unittest.TestCase):
    def setUp(self):
        if os.getuid() != 0:
            self.skipTest("mounts, filters and another user: root only")
        # As StateDirectory= makes it. The build may lie where ProtectHome= or PrivateTmp= hide it.
        self.state = tempfile.mkdtemp(prefix="busbar-unit-", dir="/var/lib")
        self.addCleanup(shutil.rmtree, self.state, True)
        installed = pathlib.Path(self.state, "installed")
        for name in ("bin", "drivers"):
            shutil.copytree(BUILD / name, installed / name)
        data = os.path.join(self.state, "data")
        os.mkdir(data, 0o700)
        os.chmod(self.state, 0o755)
        os.chown(data, NOBODY, NOBODY)
        self.site = Site(data=data)
        self.site.program = [sys.executable, str(ROOT / "tests/support/under_unit.py"),
                             str(ROOT / "packaging/busbard.service"), self.state,
                             str(installed / "bin/busbard")]
        self.site.__enter__()
        self.addCleanup(self.site.__exit__, None, None, None)

    def test_drivers_run_in_the_full_sandbox(self):
        status = pathlib.Path(f"/proc/{self.site.process.pid}/status").read_text(encoding="utf-8")
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        self.assertEqual(fields["Uid"].split()[0], str(NOBODY))
        self.assertEqual((fields["CapBnd"], fields["NoNewPrivs"], fields["Seccomp"]),
                         ("0" * 16, "1", "2"))
        system = self.site.add_system("Room")
        module = self.site.add_module(self.site.install("echo"), system)
        self.assertEqual(self.site.execute(module, "echo", {"value": 5}), (200, 5))
        tiers = {runner["tier"] for runner in self.site.ask("GET", "/api/busbar/v1/runners")}
        self.assertEqual(tiers, {"full"})
        self.assertEqual(self.site.stop()[0], 0)


if __name__ == "__main__":
    cases.main()
