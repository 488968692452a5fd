# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""Runs unittest cases and prints a line for each in GoogleTest's form, which tools/test counts."""
import sys
import time
import traceback
import unittest


class _Lines(unittest.TestResult):
    def _line(self, word, test, text=""):
        name = f"{type(test).__name__}.{getattr(test, '_testMethodName', 'setUp')}"
        print(f"[{word:>10} ] {name} ({time.monotonic() - self._begin:.1f} s){text}", flush=True)

    def startTest(self, test):
        super().startTest(test)
        self._begin = time.monotonic()
        print(f"[ RUN      ] {type(test).__name__}.{test._testMethodName}", flush=True)

    def addSuccess(self, test):
        self._line("OK", test)

    def _bad(self, test, error):
        traceback.print_exception(*error, file=sys.stdout)
        self._begin = getattr(self, "_begin", time.monotonic())
        self._line("FAILED", test)

    def addError(self, test, err):
        super().addError(test, err)
        self._bad(test, err)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._bad(test, err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            print(f"in {subtest}")
            self._bad(test, err)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._line("SKIPPED", test, f" {reason}")


def main():
    names = sys.argv[1:]
    loader = unittest.defaultTestLoader
    suite = loader.loadTestsFromNames(names, sys.modules["__main__"]) if names else \
        loader.loadTestsFromModule(sys.modules["__main__"])
    result = _Lines()
    suite.run(result)
    print(f"{result.testsRun} run, {len(result.failures) + len(result.errors)} failed")
    sys.exit(0 if result.wasSuccessful() and result.testsRun > 0 else 1)
