#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""Released drivers stay as they were released: each file has its digest, none is missing or added."""
import hashlib
import os
import unittest

CORPUS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus")
MAX_BYTES = 5 * 1024 * 1024


class Corpus(unittest.TestCase):
    def test_holds_what_was_released(self):
        releases = sorted(os.listdir(CORPUS))
        self.assertIn("1.0", releases)
        total = 0
        for release in releases:
            folder = os.path.join(CORPUS, release)
            with open(os.path.join(folder, "SHA256SUMS"), encoding="utf-8") as file:
                expected = {name: digest for digest, name in (line.split() for line in file)}
            self.assertEqual(sorted(set(os.listdir(folder)) - {"SHA256SUMS"}), sorted(expected), release)
            for name, digest in expected.items():
                with open(os.path.join(folder, name), "rb") as file:
                    content = file.read()
                total += len(content)
                self.assertEqual(hashlib.sha256(content).hexdigest(), digest, f"{release}/{name}")
        self.assertLessEqual(total, MAX_BYTES)


if __name__ == "__main__":
    unittest.main()
