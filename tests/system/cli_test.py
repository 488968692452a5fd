# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""What the command line asks a person on a terminal before it deletes."""
import os
import pty
import select
import subprocess
import time
import unittest

import cases
from site_under_test import BUILD, PATIENCE_S, Site


class OnATerminal(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.site = Site().__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.site.__exit__(None, None, None)

    def busbar(self, answer, *words):
        """All that the terminal shows, and the exit code; `answer` is typed when the question stands there."""
        leader, follower = pty.openpty()
        program = subprocess.Popen([BUILD / "bin/busbar", "--data", self.site.data, *words],
                                   stdin=follower, stdout=follower, stderr=follower)
        os.close(follower)
        shown, end = b"", time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if not select.select([leader], [], [], 1)[0]:
                continue
            try:
                part = os.read(leader, 4096)
            except OSError:  # the other side is closed
                break
            shown += part
            if part and shown.endswith(b"[y/N] "):
                os.write(leader, answer.encode() + b"\n")
        os.close(leader)
        return shown.decode(), program.wait(PATIENCE_S)

    def count(self, what):
        return len(self.site.ask("GET", f"/api/engine/v2/{what}?limit=1000"))

    def test_a_delete_shows_all_that_goes_and_waits_for_yes(self):
        zone = self.site.ask("POST", "/api/engine/v2/zones", {"name": "Campus"})["id"]
        level = self.site.ask("POST", "/api/engine/v2/zones", {"name": "Level", "parent_id": zone})["id"]
        for answer in ("n", "", "no", "yeah"):
            shown, code = self.busbar(answer, "zones", "delete", "Campus")
            self.assertIn(f"deletes zone {level} Level", shown)
            self.assertNotEqual(code, 0)
            self.assertEqual(self.site.ask("GET", f"/api/engine/v2/zones/{level}")["name"], "Level")
        shown, code = self.busbar("y", "zones", "delete", "Campus")
        self.assertEqual(code, 0, shown)
        self.site.ask("GET", f"/api/engine/v2/zones/{zone}", want=(404,))
        self.site.ask("GET", f"/api/engine/v2/zones/{level}", want=(404,))

    def test_a_module_leaves_a_system_after_a_look_at_what_goes_with_it(self):
        driver = self.site.install("echo")
        system = self.site.add_system("Room")
        module = self.site.add_module(driver, system, custom_name="Echo")
        shown, code = self.busbar("n", "systems", "remove", "Room", "Echo")
        self.assertIn(module, shown)
        self.assertNotEqual(code, 0)
        self.assertEqual(self.site.ask("GET", f"/api/engine/v2/systems/{system}")["modules"], [module])
        shown, code = self.busbar("y", "systems", "remove", "Room", "Echo")
        self.assertEqual(code, 0, shown)
        self.assertEqual(self.site.ask("GET", f"/api/engine/v2/systems/{system}")["modules"], [])

    def test_settings_are_deleted_after_yes(self):
        zone = self.site.ask("POST", "/api/engine/v2/zones", {"name": "With settings"})["id"]
        self.site.ask("POST", "/api/engine/v2/settings",
                      {"parent_id": zone, "encryption_level": 0, "settings_string": "a: 1"})
        shown, code = self.busbar("n", "settings", "delete", "With settings")
        self.assertIn("deletes settings", shown)
        self.assertNotEqual(code, 0)
        self.assertEqual(len(self.site.ask("GET", f"/api/engine/v2/settings?parent_id={zone}")), 1)
        self.assertEqual(self.busbar("y", "settings", "delete", "With settings")[1], 0)
        self.assertEqual(self.site.ask("GET", f"/api/engine/v2/settings?parent_id={zone}"), [])

    def test_domains_and_applications(self):
        domain = self.site.ask("POST", "/api/engine/v2/domains", {"name": "East", "domain": "east.test"})["id"]
        app = self.site.ask("POST", "/api/engine/v2/oauth_apps",
                            {"name": "Panel", "redirect_uri": "https://panel.test/", "owner_id": domain})
        shown, code = self.busbar("y", "apps", "secret", "Panel")
        self.assertEqual(code, 0, shown)
        self.assertIn("secret", shown)
        self.assertNotIn(app["secret"], shown)
        self.busbar("", "apps", "update", "Panel", "confidential=true")
        self.assertTrue(self.site.ask("GET", f"/api/engine/v2/oauth_apps/{app['id']}")["confidential"])
        self.busbar("", "domains", "update", "East", "description=offices")
        self.assertEqual(self.site.ask("GET", f"/api/engine/v2/domains/{domain}")["description"], "offices")
        shown, code = self.busbar("n", "domains", "delete", "East")
        self.assertIn(f"deletes oauth_app {app['id']} Panel", shown)
        self.assertNotEqual(code, 0)
        self.assertEqual(self.busbar("y", "apps", "delete", "Panel")[1], 0)
        self.assertEqual(self.busbar("y", "domains", "delete", "East")[1], 0)
        self.site.ask("GET", f"/api/engine/v2/domains/{domain}", want=(404,))

    def test_scripts_are_not_asked(self):
        self.site.ask("POST", "/api/engine/v2/zones", {"name": "Scripted"})
        before = self.count("zones")
        self.site.busbar("zones", "delete", "Scripted", "--yes")
        self.assertEqual(self.count("zones"), before - 1)


if __name__ == "__main__":
    cases.main()
