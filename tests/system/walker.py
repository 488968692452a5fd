# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""Requests made from api/openapi.yaml: good ones, ones at the limits, and wrong ones of many kinds."""
import collections
import json
import re
import string
import urllib.parse

ULID = "[0-7][0-9A-HJKMNP-TV-Z]{25}"
ID = re.compile(f"([a-z_]+)-{ULID}")
ID_PATTERN = re.compile(r"\^\(?([a-z_|]+)\)?-\[0-7\]")
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MAX_KNOWN = 40  # ids of a kind
ENGINE = "/api/engine/v2"
# What these would do to the callers of the walk: end their sessions, or wait for ever.
NOT_WALKED = {"signOut", "streamEvents"}
# Which of them come how often beside 1.
WEIGHTS = {"createSigningKey": 0.05, "verifyAudit": 0.2, "exportConfiguration": 0.3, "callInSystem": 4, "callModule": 4,
           "startModule": 3, "startSystem": 3, "stopModule": 0.5, "stopSystem": 0.5, "getTokens": 3, "signIn": 3}
PASSWORD = "green ladder 1871"
TEXTS = ["", " ", "x", "Größe 日本 🚪", "a\u0000b", "\u202egnp", "‮", "'; DROP TABLE systems; --", "../../etc/passwd",
         "%00", "{{7*7}}", "<script>", "null", "true", "0", "-1", "\ud800", "\n\r\t", "A" * 257, "B" * 2049,
         "\u00e9" * 300, "C" * 16385]
NUMBERS = [0, -1, 1, 2**31 - 1, 2**31, -2**31, 2**53 + 1, 2**63 - 1, 2**63, -2**63, 10**30, 1.5, -0.0, 1e308]
VERBS = ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "CONNECT", "PROPFIND", "get", "FOO"]
MEDIA = ["text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
         "application/json; charset=utf-16", "x", ""]
# Values that no schema tells, by the name of the member or parameter.
HINTS = {
    "email": lambda w: f"w{w.serial()}@walk.test", "emails": lambda w: f"w{w.serial()}@walk.test",
    "in": lambda w: "a@walk.test,b@walk.test", "domain": lambda w: f"w{w.serial()}.walk.test",
    "settings_string": lambda w: w.rng.choice(['{"a": 1}', "a: 1\nb: [x, y]", "{}"]),
    "timezone": lambda w: w.rng.choice(["Europe/Zurich", "UTC"]),
    "support_url": lambda w: "https://help.walk.test/x",
    "redirect_uri": lambda w: f"https://app{w.serial()}.walk.test/back",
    "login_url": lambda w: "/login?continue={{url}}", "logout_url": lambda w: "/auth/logout",
    "uri": lambda w: "http://127.0.0.1:9/x", "ip": lambda w: "127.0.0.1",
    "name": lambda w: w.rng.choice([f"Walk {w.serial()}", "panel", "permissions", "Größe 日本 🚪"]),
    "custom_name": lambda w: w.rng.choice(["Echo", "Other", "Türe"]),
    "password": lambda w: PASSWORD, "confirm_password": lambda w: PASSWORD, "password_confirmation": lambda w: PASSWORD,
    "email_domains": lambda w: ["walk.test"], "scopes": lambda w: w.rng.choice([["public"], ["control", "systems.read"]]),
    "subsystems": lambda w: w.rng.choice([[], ["support"], ["signage"]]),
    "allow_password_grant": lambda w: w.rng.random() < 0.8, "allow_query_parameters": lambda w: w.rng.random() < 0.8,
    "confidential": lambda w: False, "authority_id": lambda w: None, "owner_id": lambda w: w.home["domain"],
    "groups": lambda w: ["walkers"], "editors": lambda w: ["walkers"],
    "method": lambda w: w.rng.choice(["echo", "echo", "echo", "set", "fail", "nothing"]),
    "slug": lambda w: w.rng.choice(["Echo_1", "Echo_1", "Echo", "Echo_2", "Other_1", "Türe_1", "Nobody_9"]),
    "key": lambda w: w.rng.choice(["value", "a", "nothing"]),
    "current_name": lambda w: "panel", "new_name": lambda w: w.rng.choice(["panel", "other", "permissions"]),
    "username": lambda w: w.one_of("email"), "client_id": lambda w: w.one_of("uid"), "client_secret": lambda w: "",
    "parent_ids": lambda w: ",".join(w.known_id(kind) for kind in ("zone", "sys", "user")),
    "format": lambda w: "busbar.configuration/1", "preferred_language": lambda w: "de-CH",
    "ttl": lambda w: 3600, "expires_at": lambda w: 0, "timeout_ms": lambda w: w.rng.choice([1, 50, 2000]),
    "q": lambda w: w.rng.choice(["", "walk", "Größe", "a b c", "\"", "*", "x:y AND (", "日本"]),
}


Request = collections.namedtuple("Request", "operation method target media body intent")


class Walker:
    """Makes requests; learns ids from answers. `home` names what the walk leaves alone: callers (ids of users and
    keys), domain, driver, module and system, which it may call, start and stop."""

    def __init__(self, rng, api, home):
        self.rng, self.home = rng, home
        self.protected = set(home["callers"]) | {home["domain"], home["driver"], home["module"], home["system"]}
        self.known = {}  # prefix: [id]
        self.pools = {}  # what else is worth to be sent again, by kind
        self.versions = {}  # system id: version
        self._serial = rng.randrange(10**6)
        self.operations = [each for each in api.operations if each.node["operationId"] not in NOT_WALKED]
        self._weights = [self._weight(each) for each in self.operations]

    @staticmethod
    def _weight(operation):
        if "Not here" in operation.node["tags"]:
            return 0.1
        if operation.method == "post" and "201" in operation.responses:
            return WEIGHTS.get(operation.node["operationId"], 3)
        return WEIGHTS.get(operation.node["operationId"], 0.7 if operation.method == "delete" else 1)

    def serial(self):
        self._serial += 1
        return self._serial

    # What is known

    def one_of(self, pool):
        values = self.pools.get(pool)
        return self.rng.choice(values) if values else "nothing"

    def _keep(self, pool, value):
        values = self.pools.setdefault(pool, collections.deque(maxlen=MAX_KNOWN))
        if value not in values:
            values.append(value)

    def _learn_row(self, row):
        own = row.get("id")
        if isinstance(own, str) and isinstance(row.get("version"), int) and own.startswith("sys-"):
            self.versions[own] = row["version"]
        for first, second in (("user_id", "group_id"), ("group_id", "zone_id")):
            if "permissions" in row and isinstance(row.get(second), str) and isinstance(row.get(first), str):
                self._keep(first, (row[first], row[second]))
        if "details" in row and isinstance(row.get("parent_id"), str):
            self._keep("parent", row["parent_id"])
        if row.get("has_password") is True:
            self._keep("email", row["email"])
        if row.get("allow_password_grant") is True:
            self._keep("uid", row["uid"])

    def learn(self, value):
        """Takes up the ids in an answer, and the versions of systems."""
        if isinstance(value, list):
            for each in value[:20]:
                self.learn(each)
        elif isinstance(value, dict):
            self._learn_row(value)
            for each in value.values():
                if isinstance(each, (dict, list)):
                    self.learn(each)
                elif isinstance(each, str) and (match := ID.fullmatch(each)):
                    ids = self.known.setdefault(match.group(1), [])
                    if each not in ids:
                        ids.append(each)
                        if len(ids) > MAX_KNOWN:
                            del ids[self.rng.randrange(MAX_KNOWN // 2)]

    def forget(self, own):
        for ids in self.known.values():
            if own in ids:
                ids.remove(own)

    def foreign_id(self, prefix):
        return f"{prefix}-0" + "".join(self.rng.choice(ALPHABET) for _ in range(25))

    def known_id(self, prefix, may_be_protected=True):
        ids = [each for each in self.known.get(prefix, []) if may_be_protected or each not in self.protected]
        return self.rng.choice(ids) if ids and self.rng.random() < 0.95 else self.foreign_id(prefix)

    def _id_of(self, pattern, may_be_protected):
        match = ID_PATTERN.match(pattern or "")
        return self.known_id(self.rng.choice(match.group(1).split("|")), may_be_protected) if match else None

    # Values

    def good(self, schema, name="", may_be_protected=True):
        """A value that the schema allows, as far as schemas tell."""
        rng = self.rng
        if name in HINTS and "enum" not in schema:
            hinted = HINTS[name](self)
            if not (isinstance(hinted, list) and schema.get("type") == "string"):
                return hinted
            return " ".join(hinted)
        for keyword in ("oneOf", "anyOf"):
            if keyword in schema and "properties" not in schema and "allOf" not in schema:
                return self.good(rng.choice(schema[keyword]), name, may_be_protected)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return rng.choice(schema["enum"])
        kinds = schema.get("type", ["string", "object", "array", "integer", "boolean"])
        kind = rng.choice(kinds) if isinstance(kinds, list) else kinds
        if "allOf" in schema or "properties" in schema or kind == "object":
            return self._good_object(schema, may_be_protected)
        if kind == "null":
            return None
        if kind == "boolean":
            return rng.random() < 0.5
        if kind in ("integer", "number"):
            low, high = schema.get("minimum", 0), schema.get("maximum", 10**6)
            return rng.choice([low, high, rng.randint(low, high), min(high, low + rng.randint(0, 20))])
        if kind == "array":
            count = max(schema.get("minItems", 0), rng.choice([0, 1, 1, 2, 3]))
            items = [self.good(schema.get("items", {}), "", may_be_protected) for _ in range(count)]
            return [each for i, each in enumerate(items) if each not in items[:i]] \
                if schema.get("uniqueItems") else items
        return self._good_text(schema, may_be_protected)

    def _good_text(self, schema, may_be_protected):
        own = self._id_of(schema.get("pattern"), may_be_protected)
        if own is not None:
            return "" if ")?$" in schema["pattern"] and self.rng.random() < 0.5 else own
        if schema.get("pattern") == "^/":
            return "/nowhere"
        if "example" in schema:
            return schema["example"]
        longest = min(schema.get("maxLength", 40), 40)
        return "".join(self.rng.choice(string.ascii_letters) for _ in range(self.rng.randint(1, longest)))

    def members(self, schema):
        """(properties, required) of an object, with those of allOf."""
        properties, required = {}, list(schema.get("required", []))
        for each in schema.get("allOf", []):
            more, needed = self.members(each)
            properties.update(more)
            required += needed
        properties.update(schema.get("properties", {}))
        if "anyOf" in schema:
            required += self.rng.choice(schema["anyOf"]).get("required", [])
        return properties, required

    def _good_object(self, schema, may_be_protected):
        properties, required = self.members(schema)
        out = {}
        for name, each in properties.items():
            is_ignored = set(each) <= {"description"}
            chance = 1 if name in required else 0.01 if is_ignored else 0.2
            if self.rng.random() < chance:
                out[name] = self.good(each, name, may_be_protected)
        # A user's own rows are not for the walk to take over, nor its present password.
        out.pop("current_password", None)
        if not properties:
            out = {self.rng.choice("abc"): self.rng.choice([1, "x", None, [True]])}
        return out

    def at_limit(self, schema, name):
        """The least, the most, or a little more."""
        high = schema.get("maximum")
        if high is not None:
            return self.rng.choice([schema.get("minimum", 0), high, high + 1, schema.get("minimum", 0) - 1])
        longest = schema.get("maxLength")
        if longest is not None:
            return self.rng.choice(["", "x", "y" * longest, "z" * (longest + 1), "é" * (longest // 2 + 1)])
        most = schema.get("maxItems")
        if most is not None:
            return ["e%d" % i for i in range(self.rng.choice([0, most, most + 1]))]
        return self.good(schema, name)

    def wrong(self):
        return self.rng.choice([None, True, [], {}, [[]], {"a": {"b": []}}, [None], *NUMBERS, *TEXTS])

    # Requests

    def next(self):
        operation = self.rng.choices(self.operations, self._weights)[0]
        changes = operation.method in ("put", "patch", "delete") or "/revive" in operation.path
        path = self._path(operation, not changes)
        query = self._query(operation, path)
        method = operation.method.upper()
        if self.rng.random() < 0.03 and not changes:
            method = self.rng.choice([each for each in VERBS if each not in ("PUT", "DELETE", "PATCH")
                                      or not any(own in path for own in self.protected)])
            if method == "DELETE":
                method = "OPTIONS"
        media, body, intent = self._body(operation, path)
        return Request(operation, method, path + query, media, body, intent)

    def _path(self, operation, may_be_protected):
        path = operation.path
        if self.rng.random() < 0.4 and ("{slug}" in path or "/exec/" in path or "/modules/{id}" in path) \
                and path.startswith((ENGINE + "/systems/", ENGINE + "/modules/")):
            path = path.replace("{id}", self.home["system" if "/systems/" in path else "module"])
        pair = {"{user}/{group}": "user_id", "{group}/{zone}": "group_id"}.get(path[path.find("{"):])
        if pair in self.pools and self.rng.random() < 0.7:
            return path[:path.find("{")] + "/".join(self.rng.choice(self.pools[pair]))
        for each in operation.parameters:
            if each["in"] == "path":
                value = self._path_value(each, may_be_protected, operation)
                path = path.replace("{%s}" % each["name"], value)
        return path

    def _path_value(self, parameter, may_be_protected, operation):
        rng, schema, name = self.rng, parameter["schema"], parameter["name"]
        if rng.random() < 0.06:
            return rng.choice(["absent", "%00", "%C3%A9", "%FF", "..", "%2F", "%2e%2e", "x" * 300, "-", "a%20b", "*",
                               "%F0%9F%9A%AA", self.foreign_id("sys"), self.foreign_id("nothing"), "1", "null"])
        if name == "id" and operation.path.startswith(ENGINE + "/users/"):
            return self.known_id("user", may_be_protected)
        if name == "parent" and rng.random() < 0.6 and "parent" in self.pools:
            return self.one_of("parent")
        if name == "name":
            return rng.choice(["panel", "permissions"])
        value = self._id_of(schema.get("pattern"), may_be_protected) or self.good(schema, name)
        return urllib.parse.quote(str(value), safe="")

    def _query(self, operation, path):
        rng, pairs = self.rng, []
        for each in operation.parameters:
            if each["in"] != "query":
                continue
            name, schema = each["name"], each["schema"]
            chance = 0.97 if each.get("required") else 0.8 if name == "limit" else 0.15
            if rng.random() > chance:
                continue
            value = self.good(schema, name)
            own = path.rpartition("/")[2]
            if name == "version" and own in self.versions:
                value = self.versions[own]
            elif name == "name":
                value = rng.choice(["panel", "permissions"])
            elif name == "limit" and rng.random() < 0.9:
                value = rng.randint(0, 5)
            if rng.random() < 0.08:
                value = rng.choice([self.at_limit(schema, name), rng.choice(TEXTS), rng.choice(NUMBERS)])
            pairs.append((name, "true" if value is True else "false" if value is False else str(value)))
        if rng.random() < 0.03:
            pairs.append((rng.choice(["nothing", "é", "fields", "ref", "limit"]), rng.choice(["1", "", "ü"])))
        if not pairs:
            return ""
        return "?" + urllib.parse.urlencode(pairs, errors="replace")[:7000]

    def _body(self, operation, path):
        """(media type, bytes, what it is meant to be)"""
        rng = self.rng
        media, content = operation.body()
        if media is None:
            return (None, b"", "none") if rng.random() < 0.95 else ("application/json", b"{}", "unasked")
        value = self.good(content["schema"], "", may_be_protected=not operation.path.endswith("/import"))
        dice, intent = rng.random(), "good"
        if path.endswith("/echo") and dice < 0.7:
            value = rng.choice([["x"], [{"a": [1, None]}], {"value": "Größe"}, {"value": 2**53}])
        elif isinstance(value, dict) and "grant_type" in value and dice < 0.7:
            value = {"grant_type": "password", "username": self.one_of("email"), "password": PASSWORD,
                     "client_id": self.one_of("uid")}
        elif operation.path == "/auth/signin":
            value["email"] = self.one_of("email")
        if dice < 0.2 and isinstance(value, dict):
            intent = "limit"
            properties = [each for each in self.members(content["schema"])[0].items()
                          if not set(each[1]) <= {"description"}]
            for name, schema in rng.sample(properties, min(2, len(properties))):
                value[name] = self.at_limit(schema, name)
        elif dice < 0.45 and isinstance(value, dict):
            intent = self._spoil(value, content["schema"])
        if media == "application/x-www-form-urlencoded":
            pairs = value.items() if isinstance(value, dict) else []
            return media, urllib.parse.urlencode(list(pairs), errors="replace").encode(), intent
        body = json.dumps(value, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")
        if rng.random() < 0.1:
            body, intent = self._mangle(body)
        if rng.random() < 0.03:
            media = rng.choice(MEDIA)
        return media, body, intent

    def _spoil(self, value, schema):
        """Makes one or two members wrong."""
        rng = self.rng
        for _ in range(rng.randint(1, 2)):
            names = list(self.members(schema)[0]) or ["x"]
            kind = rng.choice(["type", "missing", "unknown"])
            if kind == "missing" and value:
                del value[rng.choice(list(value))]
            elif kind == "unknown":
                value[rng.choice(["nmae", "__proto__", "", "é", "x" * 500, "id "])] = self.wrong()
            else:
                value[rng.choice(names)] = self.wrong()
        return "spoilt"

    def _mangle(self, body):
        """Text that is no JSON, or JSON of a kind that needs care."""
        rng = self.rng
        depth = rng.choice([50, 65, 200, 5000])
        kinds = [
            ("cut", body[:rng.randrange(len(body))]), ("empty", b""), ("tail", body + b"]"), ("double", body + body),
            ("list", b"[" + body + b"]"), ("scalar", rng.choice([b"null", b"1", b'"x"', b"true", b"[]", b"nan"])),
            ("deep list", b"[" * depth + b"]" * depth),
            ("deep", b'{"name":"d","description":' + b'{"a":' * depth + b"1" + b"}" * depth + b"}"),
            ("deep details", b'{"name":"d","details":' + b"[" * depth + b"]" * depth + b"}"),
            ("same key twice", b'{"name":"a","name":"b"}'), ("escaped key twice", b'{"name":"a","n\\u0061me":"b"}'),
            ("no UTF-8", body.replace(b'"', b'"\xff\xfe', 1)), ("overlong UTF-8", b'{"name":"\xc0\xaf"}'),
            ("half a pair", b'{"name":"\\ud800"}'), ("NUL", b'{"name":"a\\u0000b"}'), ("raw NUL", b'{"name":"a\x00b"}'),
            ("BOM", b"\xef\xbb\xbf" + body), ("huge number", b'{"name":"x","capacity":1e99999}'),
            ("long number", b'{"name":"x","capacity":' + b"9" * 5000 + b"}"), ("comment", b"/* */" + body),
            ("large", b'{"name":"' + b"x" * 900_000 + b'"}'), ("too large", b'{"name":"' + b"x" * 1_100_000 + b'"}')]
        kind, text = rng.choice(kinds)
        return text, kind
