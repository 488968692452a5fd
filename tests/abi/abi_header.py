# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""Reads sdk/include/busbar/driver.h into records, constants and marks. It knows the shape that the header
is written in, not C: a member is one declaration, a function member a pointer in a table."""
import re
from dataclasses import dataclass, field


@dataclass
class Member:
    name: str
    type: str  # of a function: its signature without parameter names
    comment: str  # before or behind it, without the comment signs
    parameters: list = field(default_factory=list)  # (type, name) of a function
    is_function: bool = False


@dataclass
class Record:
    name: str
    members: list

    @property
    def grows(self):
        return bool(self.members) and self.members[0].name == "struct_size"


@dataclass
class Header:
    records: list
    constants: dict  # name -> text of its value
    typedefs: dict  # scalar name -> type
    entry: Member
    minor: int  # BUSBAR_ABI_MINOR_LATEST

    def record(self, name):
        return next(r for r in self.records if r.name == name)


# May rise without a break: they say how new the header is.
NOT_CONSTANT = {"BUSBAR_ABI_MINOR_LATEST", "BUSBAR_TARGET_MINOR"}


def squeeze(text):
    text = re.sub(r"\s+", " ", text).strip()
    return re.sub(r"\s*\*\s*", "* ", text).strip()


def comment_text(raw):
    return squeeze(re.sub(r"\n\s*\* ?", " ", raw))


def parse_parameters(text):
    if squeeze(text) in ("", "void"):
        return []
    found = []
    for part in text.split(","):
        kind, name = re.fullmatch(r"(.*?)(\w+)", squeeze(part)).groups()
        found.append((squeeze(kind), name))
    return found


def function_member(result, name, parameters, comment):
    known = parse_parameters(parameters)
    kind = f"{squeeze(result)} ({', '.join(t for t, _ in known)})"
    return Member(name, kind, comment, known, True)


FUNCTION = re.compile(r"(?P<result>[\w\s*]+?)\(\*(?P<name>\w+)\)\((?P<params>[^)]*)\)\s*(BUSBAR_NOEXCEPT)?$")


def parse_members(body):
    """Declarations with the comment before them or behind them on the same line."""
    members = []
    comment = ""
    position = 0
    token = re.compile(r"/\*(?P<comment>.*?)\*/|union\s*\{(?P<union>[^}]*)\}\s*(?P<union_name>\w+)\s*;"
                       r"|(?P<decl>[^\s;/][^;/]*);", re.S)
    while match := token.search(body, position):
        gap = body[position:match.start()]
        if gap.strip():
            raise ValueError(f"cannot read: {gap.strip()[:60]}")
        if match["comment"] is not None:
            behind = members and "\n" not in body[position:match.start()]
            if behind:
                members[-1].comment = comment_text(match["comment"])
            else:
                comment = comment_text(match["comment"])
        elif match["union"] is not None:
            members.append(Member(match["union_name"], squeeze("union {" + match["union"] + "}"), comment))
            comment = ""
        else:
            declaration = squeeze(match["decl"])
            function = FUNCTION.fullmatch(declaration.replace("(* ", "(*"))
            if function:
                members.append(function_member(function["result"], function["name"], function["params"], comment))
            else:
                kind, name = re.fullmatch(r"(.*?)(\w+)", declaration).groups()
                members.append(Member(name, squeeze(kind), comment))
            comment = ""
        position = match.end()
    if body[position:].strip():
        raise ValueError(f"cannot read: {body[position:].strip()[:60]}")
    return members


def parse(text):
    records = []
    for match in re.finditer(r"typedef struct (\w+) \{(.*?)\n\} \1;", text, re.S):
        body = re.sub(r"^\s*#.*$", "", match[2], flags=re.M)
        if body.lstrip(" ").startswith("/*") and "\n" not in body[:body.index("/*")]:
            body = body[body.index("*/") + 2:]  # a remark on the record itself
        records.append(Record(match[1], parse_members(body)))
    plain = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    constants = {}
    for match in re.finditer(r"^#define (BUSBAR_\w+)[ \t]+(.+?)[ \t]*$", plain, re.M):
        if match[1] not in NOT_CONSTANT and re.fullmatch(r'\(?-?\w+\)?|"[^"]*"', match[2]):
            constants[match[1]] = match[2].strip("()")
    typedefs = dict((name, squeeze(kind)) for kind, name in
                    re.findall(r"^typedef ([\w ]+?) (\w+);", plain, re.M))
    entry = re.search(r"/\*((?:(?!\*/).)*)\*/\s*BUSBAR_EXPORT ([\w\s*]+?)(busbar_entry_1)\(([^)]*)\)", text, re.S)
    return Header(records, constants, typedefs,
                  function_member(entry[2], entry[3], entry[4], comment_text(entry[1])),
                  int(re.search(r"^#define BUSBAR_ABI_MINOR_LATEST (\d+)", plain, re.M)[1]))


def read(path):
    with open(path, encoding="utf-8") as file:
        return parse(file.read())
