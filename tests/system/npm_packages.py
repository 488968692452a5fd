# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""Packages from npm, exactly those of a package-lock.json."""
import shutil
import subprocess


def fetch(source, target, needed):
    """Puts what the lock file in `source` names below `target`, unless it is there with the file `needed` in it.

    Nothing that comes with a package is run."""
    lock = target / "package-lock.json"
    wanted = (source / "package-lock.json").read_bytes()
    if lock.exists() and lock.read_bytes() == wanted and (target / "node_modules" / needed).exists():
        return
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(source / name, target)
    subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=target, check=True,
                   stdout=subprocess.DEVNULL)
