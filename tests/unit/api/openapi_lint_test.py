#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""api/openapi.yaml is whole and sound in itself. That it is what is served: resources/openapi_test.cc."""
import json
import pathlib
import re
import sys
import unittest

import jsonschema
import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "system"))
import cases  # noqa: E402
import openapi  # noqa: E402

PERMISSIONS = {"none", "user", "support", "admin", "zone_read", "zone_operate", "zone_run", "zone_create",
               "zone_update", "zone_delete", "zone_manage"}
OPERATION_MEMBERS = {"operationId", "tags", "summary", "description", "x-busbar-permission",
                     "x-busbar-scope", "security", "parameters", "requestBody", "responses",
                     "x-busbar-messages"}
SCHEMA_MEMBERS = {"type", "properties", "additionalProperties", "required", "items", "enum", "const",
                  "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems",
                  "uniqueItems", "oneOf", "anyOf", "allOf", "description", "format", "default",
                  "example", "$ref"}


def walk(node, at=""):
    yield at, node
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        if key not in ("example", "examples"):
            yield from walk(child, f"{at}/{key}")


class Description(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.document = openapi.load()
        cls.api = openapi.OpenApi(cls.document)

    def test_no_key_stands_twice(self):
        stack = []  # of a mapping: its keys, and whether the next one is a value
        for event in yaml.parse(openapi.FILE.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader):
            if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                if stack and stack[-1] is not None:
                    stack[-1][1] = not stack[-1][1]
                stack.append([set(), False] if isinstance(event, yaml.MappingStartEvent) else None)
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                stack.pop()
            elif isinstance(event, yaml.ScalarEvent) and stack and stack[-1] is not None:
                keys, is_value = stack[-1]
                if not is_value:
                    self.assertNotIn(event.value, keys, f"{event.start_mark} stands twice")
                    keys.add(event.value)
                stack[-1][1] = not is_value

    def test_each_reference_leads_somewhere_and_each_component_is_used(self):
        used = set()
        for at, node in walk(self.document):
            if isinstance(node, dict) and "$ref" in node:
                self.assertEqual(list(node), ["$ref"], at)
                self.api.resolve(node)
                used.add(node["$ref"])
        for kind, components in self.document["components"].items():
            for name in components:
                if kind != "securitySchemes":
                    self.assertIn(f"#/components/{kind}/{name}", used)
        schemes = {name for each in [self.document, *(o.node for o in self.api.operations)]
                   for one in each.get("security", []) for name in one}
        self.assertEqual(schemes, set(self.document["components"]["securitySchemes"]))

    def test_each_operation_is_whole(self):
        tags = {each["name"] for each in self.document["tags"]}
        ids = [operation.node["operationId"] for operation in self.api.operations]
        self.assertEqual(sorted(ids), sorted(set(ids)))
        self.assertEqual(tags, {tag for o in self.api.operations for tag in o.node["tags"]})
        for operation in self.api.operations:
            with self.subTest(operation=str(operation)):
                node = operation.node
                self.assertLessEqual(set(node), OPERATION_MEMBERS)
                self.assertRegex(node["operationId"], r"^[a-z][A-Za-z]+$")
                self.assertEqual(len(node["tags"]), 1)
                self.assertTrue(node["summary"])
                self.assertIn(operation.permission, PERMISSIONS)
                self.assertEqual(operation.permission == "none", node.get("security") == [])
                statuses = set(node["responses"])
                good = {status for status in statuses if status[0] in "123"}
                is_not_here = not good and "404" in statuses
                self.assertTrue(good or is_not_here)
                if operation.permission != "none":
                    self.assertLessEqual({"401", "403", "429"}, statuses)
                if any("pattern" in each["schema"] for each in operation.parameters if each["in"] == "path"):
                    self.assertIn("404", statuses)
                if "requestBody" in node:
                    self.assertLessEqual({"400"}, statuses)

    def test_parameters_are_those_of_the_path_and_have_ranges(self):
        for operation in self.api.operations:
            with self.subTest(operation=str(operation)):
                names = [each["name"] for each in operation.parameters if each["in"] == "path"]
                self.assertEqual(sorted(names), sorted(re.findall(r"{(\w+)}", operation.path)))
                query = [each["name"] for each in operation.parameters if each["in"] == "query"]
                self.assertEqual(len(query), len(set(query)))
                for each in operation.parameters:
                    self.assertTrue(each["in"] == "query" or each["required"])
                    if each["in"] == "path":
                        self.assertTrue({"pattern", "minLength"} & set(each["schema"]), each)
                    else:
                        self.assertTrue(each.get("description"), each)
                    if each["name"] in ("limit", "offset", "version", "timeout_ms"):
                        self.assertIn("minimum", each["schema"])

    def test_schemas_are_json_schema_of_known_keywords(self):
        for name, schema in self.document["components"]["schemas"].items():
            jsonschema.Draft202012Validator.check_schema(self.api.schemas[name])
            self.check_keywords(schema, name)
            closed = "additionalProperties" in schema or "allOf" in schema
            if schema.get("type") == "object" and name not in ("ObjectIn", "TokenRequest", "TokenQuestion", "SignIn"):
                self.assertTrue(closed, f"{name} says nothing about other members")

    def check_keywords(self, schema, at):
        if not isinstance(schema, dict):
            return
        self.assertLessEqual(set(schema), SCHEMA_MEMBERS, at)
        for name, each in schema.get("properties", {}).items():
            self.check_keywords(each, f"{at}/{name}")
        for name in schema.get("required", []) if "properties" in schema and "allOf" not in schema else []:
            self.assertIn(name, schema["properties"], at)
        for keyword in ("additionalProperties", "items"):
            self.check_keywords(schema.get(keyword), f"{at}/{keyword}")
        for keyword in ("oneOf", "anyOf", "allOf"):
            for index, each in enumerate(schema.get(keyword, [])):
                self.check_keywords(each, f"{at}/{keyword}/{index}")

    def contents(self):
        for operation in self.api.operations:
            for media, content in operation.node.get("requestBody", {}).get("content", {}).items():
                yield f"{operation} body", media, content
            for status, response in operation.responses.items():
                for media, content in response.get("content", {}).items():
                    yield f"{operation} {status}", media, content

    def test_each_body_and_each_answer_has_an_example(self):
        for at, media, content in self.contents():
            if media in ("application/json", openapi.PROBLEM, "application/x-www-form-urlencoded"):
                self.assertTrue(self.has_example(content), f"{at}: {media} has no example")

    def has_example(self, node):
        """Here, or of what the list is made of."""
        if not isinstance(node, dict):
            return False
        if "example" in node or "examples" in node:
            return True
        return self.has_example(node.get("schema")) or self.has_example(node.get("items"))

    def test_examples_are_good(self):
        count = 0
        for name, schema in self.api.schemas.items():
            if "example" in schema:
                self.assertIsNone(self.api.faults(schema, schema["example"]), name)
                count += 1
        for at, _, content in self.contents():
            examples = [each["value"] for each in content.get("examples", {}).values()]
            for example in examples + ([content["example"]] if "example" in content else []):
                self.assertIsNone(self.api.faults(content["schema"], example), at)
                count += 1
        for operation in self.api.operations:
            for each in operation.parameters:
                if "example" in each:
                    self.assertIsNone(self.api.faults(each["schema"], each["example"]), each)
        self.assertGreater(count, 200)

    def test_errors_are_those_of_the_catalogue(self):
        catalogue = (openapi.FILE.parent / "ERRORS.md").read_text(encoding="utf-8")
        known = set(re.findall(r"`([a-z0-9_]+)`", catalogue))
        for status, reasons in self.document["x-busbar-front"].items():
            rows = [line for line in catalogue.splitlines() if line.startswith(f"| {status} |")]
            for reason in reasons:
                self.assertTrue(any(f"`{reason}`" in row for row in rows), f"{status} {reason}")
        for name, response in self.document["components"]["responses"].items():
            content = response.get("content", {}).get(openapi.PROBLEM, {})
            examples = [each["value"] for each in content.get("examples", {}).values()]
            for problem in examples + ([content["example"]] if "example" in content else []):
                self.assertIn(problem["code"], known, name)
                self.assertTrue(problem.get("reason") in known or "reason" not in problem, name)
                self.assertEqual(problem["detail"], problem["error"])

    def test_what_is_not_described_is_found(self):
        version = dict(self.api.schemas["Version"]["example"])
        path = "/api/engine/v2/version"

        def fault(answer, status=200, media="application/json", method="GET", target=path, **headers):
            try:
                self.api.check_answer(method, target, status, {"content-type": media, **headers},
                                      answer if isinstance(answer, bytes) else json.dumps(answer).encode())
            except openapi.Violation as violation:
                return str(violation)
            return None

        self.assertIsNone(fault(version))
        self.assertIsNone(fault(version, target="/api/engine/v2version"))
        self.assertIn("more", fault({**version, "more": 1}))
        self.assertIn("required", fault({}))
        self.assertIn("is not described", fault(version, status=206))
        self.assertIn("is not of", fault(version, media="text/plain"))
        self.assertIn("is not described", fault(version, method="POST"))
        self.assertIn("is not described", fault(version, target="/nowhere"))
        self.assertIn("no JSON", fault(b"{"))
        self.assertIn("has a body", fault(b"x", target="/api/engine/v2", media="text/plain"))
        total = {"x-total-count": "0", "content-range": "sys 0-0/0"}
        systems = "/api/engine/v2/systems?limit=0"
        self.assertIsNone(fault([], target=systems, **total))
        self.assertIn("X-Total-Count", fault([], target=systems))
        self.assertIn("Link", fault([], target=systems, link="<next>", **total))
        problem = self.api.schemas["Problem"]["example"]
        same = {"x-request-id": problem["request_id"]}
        self.assertIsNone(fault(problem, 404, openapi.PROBLEM, target="/nowhere", **same))
        self.assertIn("request_id", fault(problem, 404, openapi.PROBLEM, target="/nowhere"))
        self.assertIn("is not described", fault({**problem, "reason": "other"}, 404, openapi.PROBLEM,
                                                target="/nowhere", **same))

    def test_what_must_not_be_accepted_is_found(self):
        path = "/api/engine/v2/systems"
        self.api.check_accepted("POST", path, b'{"name": "Room", "camera_url": [1]}')
        for body in (b"{}", b'{"name": ""}', b'{"name": "Room", "capacity": -1}', b'{"name": "Room", "nmae": 1}'):
            with self.assertRaises(openapi.Violation):
                self.api.check_accepted("POST", path, body)


if __name__ == "__main__":
    cases.main()
