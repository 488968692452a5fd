# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""PlaceOS's TypeScript client, as npm has it, against the built programs (ts_client/suite.mjs)."""
import base64
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import unittest

import cases
import npm_packages
import openapi
from site_under_test import BUILD, Site

HERE = pathlib.Path(__file__).resolve().parent / "ts_client"
MODULES = BUILD / "tests/ts_client"
BUNDLE = "@placeos/ts-client/dist/index.es.js"
BUNDLE_SHA256 = "3730a6e9cc8e975881e4af177cce79724981eb6d73c5748ebc0167ee6aa3a2bf"
EMAIL, PASSWORD = "suite@site.test", "green ladder 1871"


@unittest.skipUnless(shutil.which("node") and shutil.which("npm"), "node and npm are not installed")
class TsClient(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        npm_packages.fetch(HERE, MODULES, BUNDLE)

    def setUp(self):
        self.site = Site()
        self.site.__enter__()
        self.addCleanup(self.site.__exit__, None, None, None)
        self.exchanges = pathlib.Path(self.site.folder, "exchanges")
        self.driver = self.site.install("echo")
        self.url = f"http://127.0.0.1:{self.site.port}"
        domain = self.site.ask("GET", "/api/engine/v2/domains")[0]["id"]
        self.site.ask("POST", "/api/engine/v2/users",
                      {"name": "Suite", "email": EMAIL, "password": PASSWORD, "authority_id": domain,
                       "sys_admin": True})
        self.site.ask("POST", "/api/engine/v2/oauth_apps",
                      {"name": "Suite", "redirect_uri": f"{self.url}/app/oauth-resp.html", "owner_id": domain,
                       "allow_password_grant": True, "allow_query_parameters": True})

    def begin(self, section, **more):
        environment = {**os.environ, "BUSBAR_URL": self.url, "TS_CLIENT_MODULES": str(MODULES / "node_modules"),
                       "BUSBAR_USER": EMAIL, "BUSBAR_PASSWORD": PASSWORD, "BUSBAR_DRIVER": self.driver,
                       "BUSBAR_KEY": self.site.key, "BUSBAR_KEY_EMAIL": "tester@keys.local",
                       "BUSBAR_EXCHANGES": str(self.exchanges), **more}
        program = subprocess.Popen(["node", str(HERE / "suite.mjs"), section], env=environment, text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(program.stdout.close)
        self.addCleanup(program.stdin.close)
        self.addCleanup(program.wait)
        self.addCleanup(program.kill)
        return program

    def finish(self, program):
        last = ""
        for last in program.stdout:
            print("  " + last, end="")
        self.assertEqual(program.wait(60), 0)
        self.assertEqual(last, "done\n")
        self.check_exchanges()

    def check_exchanges(self):
        """Whatever the client was answered, and whatever was accepted of it, is as described."""
        lines = self.exchanges.read_text(encoding="utf-8").splitlines()
        for line in lines:
            one = json.loads(line)
            openapi.described().check_answer(one["method"], one["target"], one["status"], one["headers"],
                                             base64.b64decode(one["body"]))
            if one["status"] < 300:
                openapi.described().check_accepted(one["method"], one["target"], one["sent"])
        print(f"  {len(lines)} answers are as described")
        self.assertTrue(lines)

    def test_the_package_is_the_published_one(self):
        bundle = (MODULES / "node_modules" / BUNDLE).read_bytes()
        self.assertEqual(hashlib.sha256(bundle).hexdigest(), BUNDLE_SHA256)

    def test_password_grant(self):
        self.finish(self.begin("password"))
        log = self.site.log()
        self.assertNotIn(PASSWORD, log)
        self.assertNotIn("green+ladder", log)
        self.assertNotIn("green%20ladder", log)

    def test_api_key(self):
        self.finish(self.begin("key"))

    def test_code_with_pkce(self):
        self.finish(self.begin("code"))

    def test_reconnects_after_a_restart(self):
        system = self.site.add_system("Room")
        self.site.add_module(self.driver, system, custom_name="Echo")
        program = self.begin("reconnect", BUSBAR_SYSTEM=system)
        for line in program.stdout:
            print("  " + line, end="")
            if line == "restart\n":
                break
        code, _ = self.site.stop()
        self.assertEqual(code, 0)
        self.site.start(port=self.site.port)
        program.stdin.write("go on\n")
        program.stdin.flush()
        self.finish(program)


if __name__ == "__main__":
    cases.main()
