#!/usr/bin/env python3
"""tools/dev/check-includes finds each forbidden arrow and passes each allowed one."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[4]
TOOL = ROOT / "tools/dev/check-includes"


def check(files):
    with tempfile.TemporaryDirectory() as folder:
        for path, text in files.items():
            target = pathlib.Path(folder) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        done = subprocess.run([sys.executable, str(TOOL), "--root", folder], capture_output=True,
                              text=True, check=False)
        return done.returncode, done.stdout


class CheckIncludes(unittest.TestCase):
    def refused(self, path, include, words):
        code, text = check({path: f"// a line\n#include {include}\n"})
        self.assertEqual(code, 1, f"{path} {include} was accepted")
        self.assertIn(f"{path}:2: ", text)
        self.assertIn(words, text)

    def accepted(self, path, include):
        code, text = check({path: f"#include {include}\n"})
        self.assertEqual((code, text), (0, ""), f"{path} {include}")

    def test_forbidden_arrows(self):
        self.refused("plugins/x/driver.cc", '"sdk/base/json.h"', "may not include")
        self.refused("plugins/x/driver.cc", '"host/client/host_client.h"', "may not include")
        self.refused("registry/store/a.cc", '"host/client/host_client.h"', "may not include")
        self.refused("registry/store/a.cc", '"sdk/wire/frame.h"', "may not include")
        self.refused("api/x/a.cc", '"host/supervisor/supervisor.h"', "may not include")
        self.refused("host/x/a.cc", '"api/http/front/front.h"', "may not include")
        self.refused("sdk/base/a.cc", '"registry/model/records.h"', "may not include")
        self.refused("sdk/cpp/busbar/a.h", '"sdk/base/json.h"', "may not include")

    def test_nothing_includes_tools_or_tests(self):
        for folder in ("api/x", "host/x", "registry/x", "sdk/base", "plugins/x"):
            self.refused(f"{folder}/a.cc", '"tools/busbar/table.h"', "tools or tests")
            self.refused(f"{folder}/a.cc", '"tests/support/temp_dir.h"', "tools or tests")

    def test_sdk_headers_are_c(self):
        self.refused("sdk/include/busbar/a.h", "<vector>", "no C standard header")
        self.refused("sdk/include/busbar/a.h", "<unistd.h>", "no C standard header")
        self.accepted("sdk/include/busbar/a.h", "<stdint.h>")

    def test_full_paths(self):
        self.refused("host/x/a.cc", '"policy.h"', "full path")
        self.refused("host/x/a.cc", '"../y/policy.h"', "full path")
        self.refused("host/x/a.cc", "<sdk/base/json.h>", "quotes")

    def test_third_party_headers_stay_out_of_values(self):
        self.refused("registry/model/records.h", "<sqlite3.h>", "third party")
        self.accepted("registry/store/sqlite.cc", "<sqlite3.h>")

    def test_allowed_arrows(self):
        self.accepted("plugins/x/driver.cc", "<busbar/driver.h>")
        self.accepted("plugins/x/driver.cc", '"plugins/x/codec.h"')
        self.accepted("host/x/a.cc", '"sdk/wire/frame.h"')
        self.accepted("host/x/a.cc", '"registry/model/records.h"')
        self.accepted("api/x/a.cc", '"host/client/host_client.h"')
        self.accepted("tools/x/a.cc", '"api/http/front/front.h"')
        self.accepted("tests/unit/a.cc", '"tools/busbar/table.h"')

    def test_this_tree(self):
        done = subprocess.run([sys.executable, str(TOOL)], capture_output=True, text=True,
                              check=False, cwd=os.fspath(ROOT))
        self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    unittest.main()
