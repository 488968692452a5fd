#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""Keeps the driver ABI: compares a header with the golden dump of a release.

  abi_gate.py dump INCLUDE_DIR             prints the dump of INCLUDE_DIR/busbar/driver.h
  abi_gate.py check INCLUDE_DIR GOLDEN     exit status 1 and a line for each break

A record that begins with struct_size may gain members behind its last one, and must not end in padding, where
such a member would count as present in older binaries. Every other record, each
member's offset, size and type, each function's signature and each constant must stay as they are.
Offsets and sizes come from the compiler (CC, default cc). Meaning cannot be compared: the corpus and
review are for that.
"""
import os
import subprocess
import sys
import tempfile

import abi_header


def layout(include, header):
    """(record, member) -> (offset, size); (record, "") -> (alignment, size), from the compiler."""
    lines = [f"#define BUSBAR_TARGET_MINOR {header.minor}", "#include <busbar/driver.h>", "#include <stdio.h>", "int main(void) {"]
    for record in header.records:
        name = record.name
        lines.append(f'  printf("{name} . %zu %zu\\n", _Alignof({name}), sizeof({name}));')
        for member in record.members:
            lines.append(f'  printf("{name} {member.name} %zu %zu\\n", offsetof({name}, {member.name}),'
                         f' sizeof((({name}*)0)->{member.name}));')
    lines += ["  return 0;", "}"]
    with tempfile.TemporaryDirectory() as folder:
        source, program = os.path.join(folder, "layout.c"), os.path.join(folder, "layout")
        with open(source, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        subprocess.run([os.environ.get("CC", "cc"), "-std=c11", "-I", include, "-o", program, source], check=True)
        output = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    found = {}
    for line in output.splitlines():
        record, member, first, second = line.split()
        found[(record, member)] = (int(first), int(second))
    return found


def dump(include):
    header = abi_header.read(os.path.join(include, "busbar", "driver.h"))
    places = layout(include, header)
    lines = []
    for name, value in sorted(header.constants.items()):
        lines.append(f"constant {name} {value}")
    for name, kind in sorted(header.typedefs.items()):
        lines.append(f"typedef {name} {kind}")
    lines.append(f"entry {header.entry.name} {header.entry.type}")
    for record in header.records:
        alignment, size = places[(record.name, ".")]
        # The size of a growing record is not part of the promise: struct_size says it.
        last = max(sum(places[(record.name, m.name)]) for m in record.members)
        padding = " PADDED" if record.grows and last != size else ""
        kind = f"growing align {alignment}{padding}" if record.grows else f"frozen align {alignment} size {size}"
        lines.append(f"record {record.name} {kind}")
        for member in record.members:
            offset, width = places[(record.name, member.name)]
            lines.append(f"member {record.name} {offset} {width} {member.name} {member.type}")
    return lines


def split(lines):
    """-> ({(kind, name): line}, {record: [member lines]})"""
    single, members = {}, {}
    for line in lines:
        kind, name = line.split()[:2]
        if kind == "member":
            members.setdefault(name, []).append(line)
        else:
            single[(kind, name)] = line
    return single, members


def compare(golden, present):
    """The breaks between two dumps, as lines for people."""
    old, old_members = split(golden)
    new, new_members = split(present)
    breaks = []
    for key, line in old.items():
        if key not in new:
            breaks.append(f"removed: {line}")
        elif new[key] != line:
            breaks.append(f"changed: {line} -> {new[key]}")
    for record, lines in old_members.items():
        now = new_members.get(record, [])
        for index, line in enumerate(lines):
            there = now[index] if index < len(now) else "nothing"
            if there != line:
                breaks.append(f"changed: {line} -> {there}")
        grows = " growing " in old.get(("record", record), "")
        if not grows and len(now) > len(lines):
            breaks.append(f"a frozen record gained a member: {now[len(lines)]}")
    breaks += [f"ends in padding: {line}" for line in new.values() if line.endswith(" PADDED")]
    return breaks


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "dump":
        print("\n".join(dump(arguments[1])))
        return 0
    if len(arguments) == 3 and arguments[0] == "check":
        with open(arguments[2], encoding="utf-8") as file:
            breaks = compare(file.read().splitlines(), dump(arguments[1]))
        for line in breaks:
            print(line)
        return 1 if breaks else 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
