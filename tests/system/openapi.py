# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""api/openapi.yaml as tests use it: which operation a request is, and whether an answer is as it says."""
import functools
import json
import pathlib
import urllib.parse

import jsonschema
import yaml

FILE = pathlib.Path(__file__).resolve().parents[2] / "api" / "openapi.yaml"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
PROBLEM = "application/problem+json"
# Of a schema, what says nothing about values.
ANNOTATIONS = {"description", "example", "default", "format"}


class Violation(AssertionError):
    """An answer, or an accepted request, that is not as the description says."""


class Operation:
    """One method of one path."""

    def __init__(self, method, path, shared, node):
        self.method, self.path, self.node = method, path, node
        self.parameters = shared + node.get("parameters", [])
        self.responses = node["responses"]
        self.permission = node["x-busbar-permission"]

    def __str__(self):
        return f"{self.method.upper()} {self.path}"

    def body(self):
        """(media type, schema) of the request's body, or (None, None)."""
        return next(iter(self.node.get("requestBody", {}).get("content", {}).items()), (None, None))


def load():
    with open(FILE, encoding="utf-8") as file:
        return yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


class OpenApi:
    """Thread-safe after its construction."""

    def __init__(self, document=None):
        self._document = document or load()
        self._resolved = {}
        self._validators = {}
        self._root = {}  # tree of path segments; under None: {method: Operation}
        self.operations = []
        self.front = self._document["x-busbar-front"]
        self.schemas = {name: self.resolve(schema) for name, schema
                        in self._document["components"]["schemas"].items()}
        for path, node in self._document["paths"].items():
            shared = [self.resolve(each) for each in node.get("parameters", [])]
            leaf = self._root
            for segment in path.strip("/").split("/"):
                leaf = leaf.setdefault("{}" if segment.startswith("{") else segment, {})
            for method in METHODS:
                if method in node:
                    operation = Operation(method, path, shared, self.resolve(node[method]))
                    leaf.setdefault(None, {})[method] = operation
                    self.operations.append(operation)

    def resolve(self, node):
        """The node with what each $ref in it names in the place of that; references make no circles."""
        if isinstance(node, list):
            return [self.resolve(each) for each in node]
        if not isinstance(node, dict):
            return node
        reference = node.get("$ref")
        if reference is None:
            return {key: value if key in ("example", "examples") else self.resolve(value)
                    for key, value in node.items()}
        if reference not in self._resolved:
            target = self._document
            for name in reference.removeprefix("#/").split("/"):
                target = target[name]
            self._resolved[reference] = self.resolve(target)
        return self._resolved[reference]

    def find(self, method, target):
        """The operation, None when the path is not described, or False when the method is not."""
        segments = [urllib.parse.unquote(each) for each
                    in target.partition("?")[0].strip("/").split("/")]
        methods = self._find(self._root, segments)
        if methods is None and "/".join(segments[:2]) == "api/engine" and segments[2:3] != ["v2"]:
            # The client library of PlaceOS leaves this slash out in places.
            methods = self._find(self._root, ["api", "engine", "v2", segments[2][2:], *segments[3:]])
        if methods is None:
            return None
        return methods.get("get" if method.lower() == "head" else method.lower(), False)

    def _find(self, node, segments):
        if not segments:
            return node.get(None)
        for name in (segments[0], "{}"):
            found = self._find(node[name], segments[1:]) if name in node else None
            if found is not None:
                return found
        return None

    def faults(self, schema, value):
        """What in `value` breaks the schema, or None."""
        key = id(schema)
        if key not in self._validators:
            # The schema is kept beside its validator, so that its id stays its own.
            self._validators[key] = (jsonschema.Draft202012Validator(_bare(schema)), schema)
        error = next(self._validators[key][0].iter_errors(value), None)
        if error is None:
            return None
        at = "/".join(str(each) for each in error.absolute_path)
        return f"/{at}: {error.message[:500]}"

    def check_value(self, name, value):
        """Raises Violation unless the value is as the component schema says."""
        fault = self.faults(self.schemas[name], value)
        if fault:
            raise Violation(f"{name}{fault}")

    def check_webhook(self, name, headers, body):
        """Raises Violation unless what came to a receiver is as `webhooks` says: each header, and the
        JSON body. `headers` finds names in any case; `body` is bytes."""
        node = self.resolve(self._document["webhooks"][name]["post"])
        for each in node["parameters"]:
            value = headers.get(each["name"])
            if value is None and not each["required"]:
                continue
            fault = "is absent" if value is None else self.faults(each["schema"], value)
            if fault:
                raise Violation(f"{name}: header {each['name']} {fault}")
        fault = self.faults(node["requestBody"]["content"]["application/json"]["schema"], json.loads(body))
        if fault:
            raise Violation(f"{name}{fault}: {body}")

    def check_answer(self, method, target, status, headers, body):
        """Raises Violation unless the description has this answer to this request. `headers` by name
        in lower case; `body` is bytes."""
        operation = self.find(method, target)
        media = headers.get("content-type", "").partition(";")[0].strip()
        fault = self._answer_fault(operation, method, str(status), media, body) or \
            self._header_fault(operation, str(status), media, headers, body)
        if fault:
            raise Violation(f"{method} {target} ({operation}): {status} {media}: {fault}; "
                            f"the body: {body[:2000]!r}")

    def check_accepted(self, method, target, body):
        """Raises Violation if what was accepted is not what the description lets a client send."""
        operation = self.find(method, target)
        media, content = operation.body() if operation else (None, None)
        if media != "application/json" or not body:
            return
        fault = self.faults(content["schema"], json.loads(body))
        if fault:
            raise Violation(f"{method} {target}: accepted, but not described: {fault}")

    def _header_fault(self, operation, status, media, headers, body):
        described = operation and operation.responses.get(status) or {}
        for name, header in described.get("headers", {}).items():
            value = headers.get(name.lower())
            if value is None:
                if header.get("required"):
                    return f"header {name} is missing"
                continue
            if header["schema"]["type"] == "integer":
                value = int(value)
            fault = self.faults(header["schema"], value)
            if fault:
                return f"header {name}: {fault}"
        # ERRORS.md
        needed = {"405": "allow", "429": "retry-after", "503": "retry-after"}.get(status)
        if media == PROBLEM and needed and not headers.get(needed):
            return f"header {needed} is missing"
        asked = json.loads(body).get("request_id") if media == PROBLEM and body else None
        return f"request_id is {asked}" if asked not in (None, headers.get("x-request-id")) else None

    def _answer_fault(self, operation, method, status, media, body):
        if method == "OPTIONS" and status == "204":
            return "has a body" if body else None
        is_head = method == "HEAD"
        described = operation and (operation.responses.get(status)
                                   or operation.responses.get("default"))
        fault = "is not described"
        if described:
            fault = self._content_fault(described.get("content", {}), media, body, is_head)
        if fault and media == PROBLEM and status in self.front:
            if is_head:
                return None
            problem = json.loads(body)
            if problem.get("reason") in self.front[status]:
                return self.faults(self.schemas["Problem"], problem)
        return fault

    def _content_fault(self, content, media, body, is_head):
        if not content:
            return "has a body" if body or media else None
        if media not in content:
            return f"is not of {' or '.join(content)}"
        if is_head or media not in ("application/json", PROBLEM):
            return None
        try:
            value = json.loads(body)
        except ValueError as error:
            return f"is no JSON: {error}"
        return self.faults(content[media]["schema"], value)


def _bare(schema):
    """The schema without annotations, which are of no use to the validator and slow it down."""
    if isinstance(schema, list):
        return [_bare(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    out = {}
    for key, value in schema.items():
        if key == "properties":
            out[key] = {name: _bare(each) for name, each in value.items()}
        elif key in ("enum", "const", "required"):
            out[key] = value
        elif key not in ANNOTATIONS:
            out[key] = _bare(value)
    return out


@functools.lru_cache(maxsize=1)
def described():
    """The one description that all sites of a test program are held to."""
    return OpenApi()
