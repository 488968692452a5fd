# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""The pages that busbard serves, in a real browser (browser/suite.mjs): signing in and out, the reference of the API.
On every page: no other host is asked, the policy is not violated, no script has an error, no stored script runs."""
import os
import pathlib
import shutil
import subprocess
import unittest

import cases
import npm_packages
from site_under_test import BUILD, Site

HERE = pathlib.Path(__file__).resolve().parent / "browser"
MODULES = BUILD / "tests/browser"
BROWSER = shutil.which("chromium")


@unittest.skipUnless(shutil.which("node") and shutil.which("npm"), "node and npm are not installed")
@unittest.skipUnless(BROWSER, "chromium is not installed")
class Browser(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        npm_packages.fetch(HERE, MODULES, "axe-core")
        cls.site = Site()
        cls.site.__enter__()
        cls.addClassCleanup(cls.site.__exit__, None, None, None)
        environment = {**os.environ, "BUSBAR_URL": f"http://127.0.0.1:{cls.site.port}", "BUSBAR_KEY": cls.site.key,
                       "BROWSER": BROWSER, "BROWSER_MODULES": str(MODULES / "node_modules")}
        cls.suite = subprocess.Popen(["node", str(HERE / "suite.mjs")], env=environment, text=True,
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        cls.addClassCleanup(cls.end)

    @classmethod
    def end(cls):
        try:
            cls.suite.stdin.close()  # the suite then ends its browser
            cls.suite.wait(30)
        except (OSError, subprocess.TimeoutExpired):
            cls.suite.kill()
            cls.suite.wait()
        cls.suite.stdout.close()

    def run_section(self, name):
        try:
            self.suite.stdin.write(name + "\n")
            self.suite.stdin.flush()
        except BrokenPipeError:
            self.fail("the suite has ended before")
        for line in self.suite.stdout:
            print("  " + line, end="")
            if line in (f"done {name}\n", f"failed {name}\n"):
                break
        else:
            self.fail(f"the suite ended with {self.suite.wait(30)}")
        self.assertEqual(line, f"done {name}\n")

    def need_docs(self):
        if self.site.request("GET", "/api/docs/rapidoc-min.js")[0] == 404:
            self.skipTest("built with BUSBAR_API_DOCS=OFF")

    def test_sign_in(self):
        self.run_section("signIn")

    def test_sign_out(self):
        self.run_section("signOut")

    def test_keyboard_alone(self):
        self.need_docs()
        self.run_section("keyboard")

    def test_docs_by_key(self):
        self.need_docs()
        self.run_section("docsByKey")

    def test_docs_by_session(self):
        self.need_docs()
        self.run_section("docsBySession")

    def test_login_is_for_all(self):
        self.run_section("loginAccess")

    def test_docs_are_for_all(self):
        self.need_docs()
        self.run_section("docsAccess")


if __name__ == "__main__":
    cases.main()
