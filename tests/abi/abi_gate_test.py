#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""The header keeps the promise of each release; the gate and the marks check notice what breaks it."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import abi_gate
import abi_header
import check_marks

HERE = os.path.dirname(os.path.abspath(__file__))
INCLUDE = os.path.join(HERE, "..", "..", "sdk", "include")
GOLDEN = os.path.join(HERE, "golden")


def golden(release):
    with open(os.path.join(GOLDEN, release), encoding="utf-8") as file:
        return file.read().splitlines()


class Mutated:
    """A copy of the include folder with one replacement in the header."""

    def __init__(self, old, new):
        self.old, self.new = old, new

    def __enter__(self):
        self.folder = tempfile.mkdtemp()
        shutil.copytree(os.path.join(INCLUDE, "busbar"), os.path.join(self.folder, "busbar"))
        self.path = os.path.join(self.folder, "busbar", "driver.h")
        with open(self.path, encoding="utf-8") as file:
            text = file.read()
        assert text.count(self.old) == 1, f"{self.old!r} occurs {text.count(self.old)} times"
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(text.replace(self.old, self.new))
        return self

    def __exit__(self, *unused):
        shutil.rmtree(self.folder)

    def breaks(self):
        return abi_gate.compare(golden("1.0.txt"), abi_gate.dump(self.folder))

    def problems(self):
        return check_marks.check(abi_header.read(self.path))[1]


class Gate(unittest.TestCase):
    def test_the_header_keeps_every_release(self):
        present = abi_gate.dump(INCLUDE)
        for release in sorted(os.listdir(GOLDEN)):
            self.assertEqual(abi_gate.compare(golden(release), present), [], release)

    def test_sees_the_whole_header(self):
        header = abi_header.read(os.path.join(INCLUDE, "busbar", "driver.h"))
        with open(os.path.join(INCLUDE, "busbar", "driver.h"), encoding="utf-8") as file:
            text = file.read()
        self.assertEqual(len(header.records), text.count("typedef struct busbar_") - 2)  # two opaque ones
        functions = [m for r in header.records for m in r.members if m.is_function]
        self.assertEqual(len(functions), len(re.findall(r"\(\*\w+\)\(", text)))

    def assert_breaks(self, old, new, *expected):
        with Mutated(old, new) as copy:
            found = "\n".join(copy.breaks())
            self.assertNotEqual(found, "")
            for text in expected:
                self.assertIn(text, found)

    def assert_passes(self, old, new):
        with Mutated(old, new) as copy:
            self.assertEqual(copy.breaks(), [])

    def test_passes_an_appended_function(self):
        self.assert_passes("} busbar_host;", "  /* [any]{always} */\n  void (*more)(void);\n} busbar_host;")

    def test_passes_an_appended_constant(self):
        self.assert_passes("#define BUSBAR_EV_POST 3u", "#define BUSBAR_EV_MORE 4u\n#define BUSBAR_EV_POST 3u")

    def test_passes_an_appended_member_of_a_block(self):
        self.assert_passes("} busbar_timer;", "  uint64_t more;\n} busbar_timer;")

    def test_refuses_an_insert_in_the_middle(self):
        self.assert_breaks("  /* [any]{started} instance in, send in.", "  void (*more)(void);\n  /* [any]{started} instance in, send in.",
                           "member busbar_host 56 8 send")

    def test_refuses_a_changed_signature(self):
        self.assert_breaks("(*cancel)(busbar_instance* instance, busbar_id token)",
                           "(*cancel)(busbar_instance* instance, uint32_t token)", "cancel busbar_status")

    def test_refuses_a_changed_result(self):
        self.assert_breaks("int64_t (*time_ns)", "uint64_t (*time_ns)", "time_ns")

    def test_refuses_a_removed_member(self):
        self.assert_breaks("  uint32_t delay_ms;   /* silence on the link after this command */\n", "", "delay_ms")

    def test_refuses_a_removed_constant(self):
        self.assert_breaks("#define BUSBAR_E_DEVICE (-9)", "#define BUSBAR_E_DEVISE (-9)",
                           "removed: constant BUSBAR_E_DEVICE")

    def test_refuses_a_changed_constant(self):
        self.assert_breaks("#define BUSBAR_STOP_UPGRADE 4u", "#define BUSBAR_STOP_UPGRADE 7u",
                           "BUSBAR_STOP_UPGRADE 4u")

    def test_refuses_a_changed_type_of_the_same_size(self):
        self.assert_breaks("int32_t priority;", "uint32_t priority;", "priority")

    def test_refuses_growth_of_a_frozen_record(self):
        self.assert_breaks("} busbar_bytes;", "  size_t capacity;\n} busbar_bytes;", "busbar_bytes")

    def test_refuses_padding_at_the_end(self):
        self.assert_breaks("} busbar_stop_info;", "  uint32_t more;\n} busbar_stop_info;", "ends in padding")

    def test_refuses_a_changed_scalar(self):
        self.assert_breaks("typedef uint64_t busbar_id;", "typedef int64_t busbar_id;", "busbar_id")

    def test_refuses_a_changed_entry(self):
        self.assert_breaks("busbar_entry_1(uint32_t host_minor,", "busbar_entry_1(uint64_t host_minor,", "entry")


class Marks(unittest.TestCase):
    def test_every_member_is_marked(self):
        marks, problems = check_marks.check(abi_header.read(os.path.join(INCLUDE, "busbar", "driver.h")))
        self.assertEqual(problems, [])
        by_name = {f["member"]: f for f in marks["functions"]}
        self.assertEqual(by_name["busbar_host.status_set"]["thread"], "any")
        self.assertEqual(by_name["busbar_driver.create"]["parameters"][3]["ownership"], "out")
        self.assertTrue(by_name["busbar_host.log"]["parameters"][0]["nullable"])
        self.assertTrue(by_name["busbar_driver.frame"]["optional"])

    def assert_problem(self, old, new, expected):
        with Mutated(old, new) as copy:
            self.assertIn(expected, "\n".join(copy.problems()))

    def test_refuses_a_missing_thread(self):
        self.assert_problem("/* [any]{started} instance in, send in.", "/* instance in, send in.",
                            "busbar_host.send: no [thread]{state}")

    def test_refuses_a_missing_ownership(self):
        self.assert_problem("[any]{started} instance in, timer in.", "[any]{started} instance in.",
                            "busbar_host.timer: pointer timer has no ownership")

    def test_refuses_a_mark_of_nothing(self):
        self.assert_problem("[any]{started} instance in, timer in.", "[any]{started} instance in, timer in, clock in.",
                            "marks clock, which is no parameter")

    def test_refuses_unmarked_data_pointers(self):
        self.assert_problem("const busbar_create_link* links; /* in?; granted links */",
                            "const busbar_create_link* links; /* granted links */", "busbar_create_info.links")


class Languages(unittest.TestCase):
    def test_the_header_compiles_alone_in_each(self):
        warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror", "-fsyntax-only"]
        compilers = [("gcc", "g++"), ("clang-19", "clang++-19"), ("clang-14", "clang++-14")]
        present = [pair for pair in compilers if shutil.which(pair[0])]
        self.assertNotEqual(present, [])
        minors = abi_header.read(os.path.join(INCLUDE, "busbar", "driver.h")).minor
        for c, cxx in present:
            for compiler, language, standard in [(c, "c", "c11"), (c, "c", "c17"), (cxx, "c++", "c++17"),
                                                 (cxx, "c++", "c++20")]:
                for minor in range(minors + 1):
                    with self.subTest(compiler=compiler, standard=standard, minor=minor):
                        done = subprocess.run([compiler, "-x", language, f"-std={standard}", *warnings, "-I", INCLUDE,
                                               f"-DBUSBAR_TARGET_MINOR={minor}", "-"],
                                              input="#include <busbar/driver.h>\n", text=True, capture_output=True)
                        self.assertEqual(done.stderr, "")
                        self.assertEqual(done.returncode, 0)

    def test_an_older_target_does_not_see_what_is_newer(self):
        done = subprocess.run(["cc", "-x", "c", "-fsyntax-only", "-I", INCLUDE, "-DBUSBAR_TARGET_MINOR=0", "-"],
                              input="#include <busbar/driver.h>\nbusbar_http_request r;\n", text=True,
                              capture_output=True)
        self.assertIn("busbar_http_request", done.stderr)


if __name__ == "__main__":
    unittest.main()
