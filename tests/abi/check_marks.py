#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the marks of the driver header (thread, state, ownership, nullability) and prints them as JSON.

  check_marks.py HEADER [OUTPUT]

Exit status 1 and a line for each member whose marks are missing or wrong: a function needs a thread and a
state, each of its pointers an ownership by the parameter's name; a pointer that is data needs one too.
"""
import json
import re
import sys

import abi_header

PLACE = re.compile(r"^\[(process|strand|any)\]\{(created|started|always)\} ")
OWNERSHIP = r"(in|out|keep)(\??)(?![\w])"
# Which threads a table's members may have: Busbar calls drivers on the strand, drivers call from anywhere.
THREADS = {"busbar_driver": {"process", "strand"}, "": {"process"}}  # Busbar's tables: any


def function_marks(table, member, problems):
    where = f"{table}.{member.name}" if table else member.name
    place = PLACE.match(member.comment + " ")
    if not place:
        problems.append(f"{where}: no [thread]{{state}} at the start of its comment")
        return None
    if place[1] not in THREADS.get(table, {"any"}):
        problems.append(f"{where}: [{place[1]}] is not for this table")
    # The ownership list ends with the first sentence.
    listed = member.comment[place.end():].split(". ")[0].rstrip(".")
    parameters = []
    for kind, name in member.parameters:
        entry = {"name": name, "type": kind}
        mark = re.search(rf"\b{name} {OWNERSHIP}", listed)
        if mark:
            entry["ownership"] = mark[1]
            entry["nullable"] = mark[2] == "?"
        elif "*" in kind:
            problems.append(f"{where}: pointer {name} has no ownership (in, out, keep)")
        parameters.append(entry)
    for name in re.findall(rf"\b(\w+) {OWNERSHIP}", listed):
        if name[0] not in [p["name"] for p in parameters]:
            problems.append(f"{where}: marks {name[0]}, which is no parameter")
    marks = {"member": where, "thread": place[1], "state": place[2], "signature": member.type,
             "parameters": parameters, "optional": "Optional" in member.comment}
    if member.type.split(" (")[0].endswith("*"):
        if "NULL" not in member.comment or "keep" not in member.comment:
            problems.append(f"{where}: returns a pointer without saying NULL and keep")
        marks["result"] = {"ownership": "keep", "nullable": True}
    return marks


def data_marks(record, member, problems):
    mark = re.match(OWNERSHIP, member.comment)
    if not mark:
        problems.append(f"{record.name}.{member.name}: a pointer without ownership (in, out, keep)")
        return None
    return {"member": f"{record.name}.{member.name}", "type": member.type, "ownership": mark[1],
            "nullable": mark[2] == "?"}


def check(header):
    """-> (marks as a JSON-like value, problems)"""
    problems, functions, pointers = [], [], []
    for record in header.records:
        frozen_slice = not record.grows  # busbar_str and the like: their own description covers ptr
        for member in record.members:
            if member.is_function:
                functions.append(function_marks(record.name, member, problems))
            elif "*" in member.type and not frozen_slice:
                pointers.append(data_marks(record, member, problems))
    functions.append(function_marks("", header.entry, problems))
    return {"functions": functions, "pointers": pointers}, problems


def main(arguments):
    if len(arguments) not in (1, 2):
        print(__doc__, file=sys.stderr)
        return 2
    marks, problems = check(abi_header.read(arguments[0]))
    for problem in problems:
        print(problem, file=sys.stderr)
    text = json.dumps(marks, indent=2)
    if len(arguments) == 2:
        with open(arguments[1], "w", encoding="utf-8") as file:
            file.write(text + "\n")
    else:
        print(text)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
