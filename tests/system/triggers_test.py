# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""Triggers in the built programs: webhooks in and out, mail, kill -9 in the middle of actions, and what the
command line says of them."""
import json
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest
import urllib.parse

import cases
import openapi
from receivers import MailServer, Receiver, has_mail_server, signature_of, throwaway_pair
from site_under_test import BUILD, LONG, ModbusSim, Site, wait_for

ROUNDS = 300 if LONG else 20
HOLD_S = 3
MODBUS = {"poll_interval_ms": 100, "timeout_ms": 500,
          "points": [{"name": "level", "address": 10, "type": "uint16"},
                     {"name": "gauge", "address": 11, "type": "uint16"}]}


def configure(site, **mail):
    """Lets triggers reach this machine and, with `mail`, a mail server. Before busbard starts."""
    text = '[webhooks]\nallow = ["127.0.0.0/8"]\n'
    if mail:
        mail = {"host": "127.0.0.1", "from": "busbar@site.example", **mail}
        text += "[mail]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in mail.items())
    path = os.path.join(site.folder, "busbard.toml")
    pathlib.Path(path).write_text(text, encoding="utf-8")
    site.flags = (*(flag for flag in site.flags if flag not in ("--config", path)), "--config", path)


class WithTriggers(unittest.TestCase):
    """A site with a room that has an Echo_1; receivers may be reached."""

    def begin(self, *flags, **mail):
        self.site = Site(*flags)
        configure(self.site, **mail)
        self.site.__enter__()
        self.addCleanup(self.site.__exit__, None, None, None)
        self.system = self.site.add_system("Room")

    def add_echo(self):
        self.echo = self.site.add_module(self.site.install("echo"), self.system, custom_name="Echo")

    def publish(self, key, value):
        self.assertEqual(self.site.execute(self.echo, "set", {"key": key, "value": value})[0], 200)

    def attach(self, trigger, **more):
        """Saves a trigger and puts it to work in the room; its instance."""
        saved = self.site.ask("POST", "/api/engine/v2/triggers", trigger)
        row = self.site.ask("POST", f"/api/engine/v2/systems/{self.system}/triggers",
                            {"trigger_id": saved["id"], **more})
        self.wait_at_work(row["id"])
        return row

    def explain(self, instance):
        return self.site.ask("GET", f"/api/busbar/v1/trigger_instances/{instance}/explain")

    def wait_at_work(self, instance):
        wait_for(lambda: self.explain(instance)["at_work"], f"{instance} is at work")

    def firings(self, instance):
        return self.site.ask("GET", f"/api/busbar/v1/trigger_instances/{instance}/firings?limit=100")

    def wait_over(self, instance, count):
        """The firings, newest first, when there are `count` that are over."""
        def over():
            rows = self.firings(instance)
            return rows if sum(row["over"] for row in rows) >= count else None
        return wait_for(over, f"{count} firings are over: {self.firings(instance)}")


@unittest.skipUnless(shutil.which("curl"), "curl is not installed")
class InboundWebhooks(WithTriggers):
    def setUp(self):
        self.begin("--allow-unsigned", "--log-level", "trace")
        self.echo = self.site.add_module(self.install_hook(), self.system, custom_name="Echo")

    def install_hook(self):
        """The driver echo with a `set` that takes what webhooks call with: method, headers, body."""
        folder = os.path.join(self.site.folder, "hook")
        shutil.copytree(BUILD / "drivers/echo", folder)
        path, library = pathlib.Path(folder, "manifest.json"), pathlib.Path(folder, "echo.so")
        before = path.read_bytes()
        manifest = json.loads(before)
        manifest["functions"]["set"] |= {
            "params": {"type": "object", "additionalProperties": False, "required": ["key", "value"],
                       "properties": {"key": {"type": "string"}, "headers": {}, "value": {}}},
            "order": ["key", "headers", "value"]}
        manifest["status"] = [{"pattern": "^[A-Za-z0-9_]+$", "kind": "state", "schema": {}}]
        # The library holds the same bytes, in the same place.
        after = json.dumps(manifest, separators=(",", ":")).encode().ljust(len(before))
        path.write_bytes(after)
        library.write_bytes(library.read_bytes().replace(before, after))
        return self.site.busbar("driver", "install", folder).strip()

    def door(self, **more):
        return self.attach({
            "name": "Door", "enable_webhook": True, "supported_methods": ["POST"],
            "webhook": {"checks": [{"pointer": "/kind", "operator": "equal", "value": "door"}]},
            "conditions": {}, "actions": {"functions": [
                {"mod": "Echo_1", "method": "set",
                 "args": {"key": "seen", "value": "{{ webhook.body.n }}"}}]}}, **more)

    def curl(self, path, body, *words, method="POST"):
        """(status, body) of a delivery."""
        answer = os.path.join(self.site.folder, "answer")
        done = subprocess.run(
            ["curl", "-sS", "-o", answer, "-w", "%{http_code}", "-X", method, *words,
             "-H", "Content-Type: application/json", "--data-binary", body,
             f"http://127.0.0.1:{self.site.port}/api/engine/v2/webhook/{path}"],
            capture_output=True, text=True, timeout=60, check=True)
        return int(done.stdout), pathlib.Path(answer).read_text(encoding="utf-8")

    def body(self, n, kind="door"):
        return json.dumps({"kind": kind, "n": n})

    def wait_seen(self, value, key="seen"):
        wait_for(lambda: self.site.state(self.echo).get(key) == value, f"{key} is {value!r}")

    def deliveries(self, instance):
        return json.loads(self.site.busbar("triggers", "deliveries", instance, "-o", "json"))

    def test_the_secret_opens_in_query_path_and_signature(self):
        row = self.door()
        secret, notify = row["webhook_secret"], f"{row['id']}/notify"
        self.assertEqual(self.curl(f"{notify}?secret={secret}", self.body(1))[0], 202)
        self.wait_seen(1)
        self.assertEqual(self.curl(f"{notify}/{secret}", self.body(2))[0], 202)
        self.wait_seen(2)
        stamp, body = str(int(time.time())), self.body(3)
        signed = f"X-Busbar-Signature: t={stamp},v1={signature_of(secret, stamp, body.encode())}"
        self.assertEqual(self.curl(notify, body, "-H", signed)[0], 202)
        self.wait_seen(3)
        self.assertEqual(self.curl(notify, self.body(4), "-H", signed)[0], 404, "another body")
        old = str(int(time.time()) - 3600)
        late = f"X-Busbar-Signature: t={old},v1={signature_of(secret, old, body.encode())}"
        self.assertEqual(self.curl(notify, body, "-H", late)[0], 404, "an hour old")
        self.wait_over(row["id"], 3)
        self.assertEqual(len(self.firings(row["id"])), 3)

    def test_what_is_not_proven_or_not_asked_for_is_refused_and_no_secret_is_written(self):
        row = self.door()
        secret, notify = row["webhook_secret"], f"{row['id']}/notify"
        good = f"{notify}?secret={secret}"
        for path, words, want in ((f"{notify}?secret={secret[:-1]}", {}, 404), (notify, {}, 404),
                                  (f"{notify}/{secret}x", {}, 404),
                                  (f"trig-none/notify?secret={secret}", {}, 404),
                                  (good, {"method": "PUT"}, 404)):
            self.assertEqual(self.curl(path, self.body(1), **words)[0], want, path)
        self.assertEqual(self.curl(good, self.body(1, "window"))[0], 422)
        self.assertEqual(self.curl(good, "no json")[0], 422)
        self.assertEqual(self.curl(good, self.body(7))[0], 202)
        self.wait_over(row["id"], 1)
        self.assertEqual(len(self.firings(row["id"])), 1)
        for where, text in (("log", self.site.log()), ("audit", self.site.busbar("audit", "export")),
                            ("deliveries", json.dumps(self.deliveries(row["id"]))),
                            ("firings", json.dumps(self.firings(row["id"]))),
                            ("events of modules", self.site.busbar("logs", self.echo))):
            for form in {secret, urllib.parse.quote(secret, safe="")}:
                self.assertNotIn(form, text, where)
        self.assertEqual(self.site.stop()[0], 0)
        for path in pathlib.Path(self.site.data).rglob("*"):
            if path.is_file():
                self.assertNotIn(secret.encode(), path.read_bytes(), path)

    def test_deliveries_are_listed_and_delivered_again(self):
        row = self.door()
        self.assertEqual(self.curl(f"{row['id']}/notify?secret={row['webhook_secret']}&room=7",
                                   self.body(5))[0], 202)
        self.assertEqual(self.curl(f"{row['id']}/notify?secret={row['webhook_secret']}",
                                   self.body(6, "window"))[0], 422)
        self.wait_seen(5)
        self.publish_null("seen")
        listed = wait_for(lambda: (lambda rows: rows if len(rows) == 2 else None)(
            self.deliveries(row["id"])), "two deliveries")
        self.assertEqual([(each["status"], each["reason"]) for each in listed],
                         [(422, "webhook_body"), (202, "")])
        taken = listed[1]
        self.assertEqual((taken["query"], taken["body"], taken["method"]),
                         ({"room": "7"}, self.body(5), "POST"))
        again = json.loads(self.site.busbar("triggers", "replay", taken["id"], "-o", "json"))
        self.wait_seen(5)
        wait_for(lambda: self.deliveries(row["id"])[0].get("replay_of") == taken["id"],
                 "the replay is listed")
        self.assertEqual(self.deliveries(row["id"])[0]["id"], again["delivery_id"])
        causes = [each["cause"].get("delivery_id") for each in self.wait_over(row["id"], 2)]
        self.assertEqual(causes, [again["delivery_id"], taken["id"]])
        self.assertEqual(self.site.busbar_outcome("triggers", "replay", "dlv-none").returncode, 3)

    def publish_null(self, key):
        self.assertEqual(self.site.execute(self.echo, "set", {"key": key, "value": None})[0], 200)
        wait_for(lambda: self.site.state(self.echo).get(key) is None, f"{key} is gone")

    def test_a_webhook_calls_functions_only_where_it_may(self):
        row = self.door()
        secret, notify = row["webhook_secret"], f"{row['id']}/notify"
        in_query = f"{notify}?secret={secret}&exec=true&mod=Echo&index=1&method=set"
        in_path = f"{notify}/{secret}/Echo/1/set"
        for path in (in_query, in_path):
            status, answer = self.curl(path, self.body(1))
            self.assertEqual(status, 403, answer)
        self.assertNotIn("POST", self.site.state(self.echo))
        self.assertEqual(self.firings(row["id"]), [])
        self.site.ask("PATCH", f"/api/engine/v2/systems/{self.system}/triggers/{row['id']}",
                      {"exec_enabled": True})
        self.wait_at_work(row["id"])
        for n, path in ((8, in_query), (9, in_path)):
            status, answer = self.curl(path, self.body(n))
            self.assertEqual(status, 202, answer)
            self.wait_seen(self.body(n), "POST")
            self.wait_seen(n)  # it fires as well
        self.assertEqual(self.curl(f"{notify}?secret={secret}&exec=true&mod=Echo", self.body(1))[0],
                         422, "no method")
        self.assertEqual(self.curl(f"{notify}/{secret}/Lamp/1/set", self.body(1))[0], 404)
        self.assertNotIn(secret, self.site.log())

    def test_a_new_secret_ends_the_old_one(self):
        row = self.door()
        shown = self.site.busbar("triggers", "secret", row["id"], "--yes")
        self.assertIn(f"/api/engine/v2/webhook/{row['id']}/notify", shown)
        fresh = shown.split()[-1]
        self.assertNotEqual(fresh, row["webhook_secret"])
        self.wait_at_work(row["id"])
        old = f"{row['id']}/notify?secret={row['webhook_secret']}"
        self.assertEqual(self.curl(old, self.body(1))[0], 404)
        self.assertEqual(self.curl(f"{row['id']}/notify?secret={fresh}", self.body(2))[0], 202)
        self.wait_seen(2)


@unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
@unittest.skipUnless(has_mail_server(), "python3-aiosmtpd is not installed")
class Mail(WithTriggers):
    HOT = {"name": "Zu warm", "conditions": {"comparisons": [
        {"left": {"mod": "Echo_1", "status": "temperature"}, "operator": "greater_than", "right": 25}]},
        "actions": {
            "mailers": [{"emails": ["ada@site.example"], "content": "Look."}],
            "steps": [{"mail": {
                "emails": ["bob@site.example", "eve@site.example"],
                "subject": "{{ trigger.name }}: {{ condition.comparison_0.left }} °C",
                "content": "{{ system.name }} has {{ status.Echo_1.temperature }} °C.\n.\nSee {{ firing.id }}"}}]}}

    def serve(self, mode, *pair):
        server = MailServer(mode, *pair)
        self.addCleanup(server.close)
        return server

    def test_mail_comes_over_starttls_with_its_templates_filled_in(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        pair = throwaway_pair(folder)
        server = self.serve("starttls", *pair)
        self.begin(port=server.port, tls="starttls", ca_file=pair[0])
        self.add_echo()
        row = self.attach(self.HOT)
        self.publish("temperature", 27.5)
        firing = self.wait_over(row["id"], 1)[0]
        self.assertEqual(firing["failures"], 0, firing)
        plain, filled = server.wait_mail(2)
        self.assertEqual((plain["to"], plain["subject"], plain["text"].strip()),
                         (["ada@site.example"], "Zu warm", "Look."))
        self.assertEqual(filled["to"], ["bob@site.example", "eve@site.example"])
        self.assertEqual(filled["subject"], "Zu warm: 27.5 °C")
        self.assertEqual(filled["text"].strip(), f"Room has 27.5 °C.\n.\nSee {firing['id']}")
        for mail in (plain, filled):
            self.assertEqual((mail["from"], mail["tls"], mail["defects"]),
                             ("busbar@site.example", True, []))

    def test_without_starttls_nothing_is_sent_and_the_step_says_why(self):
        server = self.serve("none")
        self.begin(port=server.port, tls="starttls")
        self.add_echo()
        row = self.attach(self.HOT)
        self.publish("temperature", 30)
        firing = self.wait_over(row["id"], 1)[0]
        self.assertEqual([(step["key"], step["state"], step["code"]) for step in firing["steps"]],
                         [("mailers/0", "failed", "mail_no_tls"), ("steps/0", "failed", "mail_no_tls")])
        self.assertEqual(server.seen, [])
        shown = self.site.busbar("triggers", "explain", row["id"])
        self.assertIn("mail_no_tls", shown)
        self.assertIn("STARTTLS", shown)


class Killed(WithTriggers):
    """busbard dies; what the device shows, and the receiver, go on."""

    def setUp(self):
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)
        self.sim = ModbusSim()
        self.addCleanup(self.sim.close)
        self.begin()
        self.plant = self.site.add_module(self.site.install("modbus"), self.system, settings=MODBUS,
                                          address=self.sim.port, custom_name="Plant")
        self.write(10, 0)
        wait_for(lambda: self.site.state(self.plant).get("level") == 0, "the plant is read")

    def write(self, address, value):
        self.assertEqual(self.sim.say(f"set holding 1 {address} {value}"), "ok")

    def kill(self):
        self.site.process.kill()
        self.assertEqual(self.site.process.wait(), -signal.SIGKILL)

    def webhook(self, path, value):
        return {"webhook": {"url": self.receiver.url + path, "body": {"value": value}}}

    def check_store(self):
        self.assertEqual(self.site.stop()[0], 0)
        with sqlite3.connect(os.path.join(self.site.data, "triggers.db")) as db:
            self.assertEqual(db.execute("PRAGMA integrity_check").fetchall(), [("ok",)])

    def die_around(self, value, mode, chance):
        """Lets the plant show the value, and kills busbard before, while or after the webhook is out."""
        if mode == "while":
            self.receiver.gate.clear()
        self.write(10, value)
        begin = time.monotonic()
        if mode == "before":
            moment = begin + chance.uniform(0.0, 0.2)
        else:
            wait_for(lambda: self.receiver.of("/edge", value), f"edge {value}", step_s=0.002)
            moment = time.monotonic() + (0 if mode == "while" else chance.uniform(0.0, 0.05))
        wait_for(lambda: time.monotonic() >= moment, "a random moment", step_s=0.001)
        self.kill()
        self.receiver.gate.set()

    def check_receipts(self, instance, last):
        """The ids of all firings: each value came by one, and repeats say so."""
        ids = []
        for value in range(1, last + 1):
            came = self.receiver.of("/edge", value)
            firing = {each.headers["X-Busbar-Firing"] for each in came}
            self.assertEqual(len(firing), 1, f"edge {value} fired as {firing}")
            # The first may be a repeat too: of an attempt that was cut off before it left.
            unmarked = [n for n, each in enumerate(came) if each.headers["X-Busbar-Retry"] != "true"]
            self.assertIn(unmarked, ([], [0]), f"edge {value}")
            for each in came:
                parts = dict(part.split("=") for part in each.headers["X-Busbar-Signature"].split(","))
                self.assertEqual(parts["v1"],
                                 signature_of(instance["webhook_secret"], parts["t"], each.body))
                self.assertEqual(each.headers["X-Busbar-Step"], "steps/0")
            ids += firing
        self.assertEqual(len(set(ids)), len(ids), "an id of two edges")
        return ids

    def test_a_webhook_without_a_body_of_its_own_is_as_described(self):
        self.attach({"name": "Plain", "conditions": {"rule": {"changed": {
            "mod": "Plant_1", "status": "level"}}},
            "actions": {"steps": [{"webhook": {"url": self.receiver.url + "/plain"}}]}})
        self.write(10, 7)
        wait_for(lambda: self.receiver.seen, "the webhook")
        came = self.receiver.seen[0]
        openapi.described().check_webhook("triggerFired", came.headers, came.body)
        self.assertEqual(json.loads(came.body)["cause"]["left"], 7)

    def test_no_edge_is_lost_and_every_repeat_says_so(self):
        row = self.attach({"name": "Edges", "conditions": {"rule": {"changed": {
            "mod": "Plant_1", "status": "level"}}},
            "actions": {"steps": [self.webhook("/edge", "{{ cause.left }}")]}})
        self.write(10, 1)
        wait_for(lambda: self.receiver.of("/edge", 1), "the first edge")
        chance, down_s = random.Random(1), 0.0
        for round_ in range(ROUNDS):
            value, mode = round_ + 2, ("before", "while", "after")[round_ % 3]
            self.die_around(value, mode, chance)
            begin = time.monotonic()
            self.site.start()
            wait_for(lambda: self.receiver.of("/edge", value), f"edge {value}, killed {mode} it")
            if mode == "while":  # nobody heard the answer
                wait_for(lambda: len(self.receiver.of("/edge", value)) > 1, f"edge {value} again")
            down_s = max(down_s, time.monotonic() - begin)
        last = ROUNDS + 1
        self.wait_at_work(row["id"])
        listed = wait_for(lambda: (lambda rows: rows if all(each["over"] for each in rows) else None)(
            self.firings(row["id"])), "all firings are over")
        ids = self.check_receipts(row, last)
        kept = min(last, len(listed)) if LONG else last
        self.assertEqual([each["id"] for each in listed], ids[::-1][:kept])
        self.assertEqual(sum(each["failures"] for each in listed), 0)
        self.assertEqual(self.explain(row["id"])["state"]["trigger_count"], last)
        repeats = sum(len(self.receiver.of("/edge", value)) - 1 for value in range(1, last + 1))
        self.check_store()
        print(f"{ROUNDS} kills, {last} edges, 0 lost, {repeats} repeats, all marked; "
              f"an edge came at most {down_s:.2f} s after the start")

    def test_what_is_held_goes_on_over_a_kill(self):
        row = self.attach({"name": "Held", "conditions": {"comparisons": [
            {"left": {"mod": "Plant_1", "status": "gauge"}, "operator": "equal", "right": 7,
             "for_ms": 1000 * HOLD_S}]},
            "actions": {"steps": [self.webhook("/held", "{{ condition.comparison_0.left }}")]}})
        self.write(11, 7)
        began = time.monotonic()
        wait_for(lambda: self.explain(row["id"])["conditions"][0].get("held"), "it is held")
        wait_for(lambda: time.monotonic() > began + HOLD_S / 2, "half of the time")
        self.assertEqual(self.receiver.of("/held", 7), [])
        self.kill()
        self.site.start()
        started = time.monotonic()
        wait_for(lambda: self.receiver.of("/held", 7), "it fires")
        came_s = self.receiver.of("/held", 7)[0].came_s
        self.assertGreaterEqual(came_s - began, HOLD_S - 0.1, "too early")
        self.assertLess(came_s - started, HOLD_S, "it began anew")
        self.wait_over(row["id"], 1)
        self.check_store()
        print(f"held for {HOLD_S} s over a kill: fired {came_s - began:.2f} s after it began, "
              f"{came_s - started:.2f} s after the start")


class CommandLine(WithTriggers):
    def setUp(self):
        self.begin()
        self.add_echo()

    def write_file(self, name, text):
        path = os.path.join(self.site.folder, name)
        pathlib.Path(path).write_text(text, encoding="utf-8")
        return path

    def create_lamp(self):
        self.lamp = self.write_file("lamp.yaml", """
name: Lamp
conditions:
  comparisons:
    - {left: {mod: Echo_1, status: power}, operator: equal, right: true}
    - {left: {mod: Echo_1, status: count}, operator: greater_than, right: 3}
actions:
  functions:
    - {mod: Echo_1, method: set, args: {key: lamp, value: "{{ status.Echo_1.count }}"}}
""")
        trigger = self.site.busbar("triggers", "create", self.lamp, "-o", "name").strip()
        instance = self.site.busbar("trigger", "attach", "Lamp", "Room", "-o", "name").strip()
        self.wait_at_work(instance)
        return trigger, instance

    def test_explain_names_the_condition_that_does_not_hold(self):
        trigger, instance = self.create_lamp()
        self.publish("power", True)
        self.publish("count", 2)
        wait_for(lambda: self.explain(instance)["conditions"][1].get("left") == 2, "it was looked at")
        for words in ((instance,), ("Lamp", "Room"), (trigger, self.system), ("Room/Lamp",), ("Lamp",)):
            shown = self.site.busbar("triggers", "explain", *words)
            self.assertIn("Not true yet: comparison_1.\n", shown)
            self.assertRegex(shown, r"\n  true +comparison_0 +Echo_1\.power = true +left true")
            self.assertRegex(shown, r"\n  false +comparison_1 +Echo_1\.count > 3 +left 2, right 3\n")
        document = json.loads(self.site.busbar("trigger", "explain", instance, "-o", "json"))
        self.assertIn(f" {document['time_zone']}  ", shown)
        self.publish("count", 4)
        self.wait_over(instance, 1)
        shown = self.site.busbar("triggers", "explain", "Lamp")
        self.assertIn("It is triggered and has fired once.\n", shown)
        self.assertRegex(shown, r"functions/0 +done +1 attempt +Echo_1\.set\(")

    def test_simulate_tells_what_would_run_and_nothing_happens(self):
        trigger, instance = self.create_lamp()
        script = self.write_file("script.yaml", """
steps:
  - values: [{mod: Echo_1, status: power, value: true}, {mod: Echo_1, status: count, value: 2}]
  - after_ms: 5000
    values: [{mod: Echo_1, status: count, value: 9}]
""")
        for words in (("Lamp", script), (trigger, script, "--system", "Room"),
                      (script, "--file", self.lamp, "--system", "Room")):
            shown = self.site.busbar("triggers", "simulate", *words)
            before, after = shown.split("step 1, ")
            self.assertNotIn("would run", before)
            self.assertIn("would run\n", after)
            self.assertRegex(after, r'functions/0 +Echo_1\.set\(\{"key":"lamp","value":9\}\)')
            self.assertIn("would have fired once. Nothing was done.", after)
        self.assertEqual(self.firings(instance), [])
        self.assertEqual(self.explain(instance)["state"]["trigger_count"], 0)
        self.assertNotIn("lamp", self.site.state(self.echo))

    def test_a_trigger_is_changed_rests_and_goes(self):
        trigger, instance = self.create_lamp()
        listed = json.loads(self.site.busbar("triggers", "instances", "--system", "Room", "-o", "json"))
        self.assertEqual([(row["id"], row["trigger_id"]) for row in listed], [(instance, trigger)])
        self.assertIn("Room", self.site.busbar("triggers", "instances"))
        self.site.busbar("trigger", "disable", "Room/Lamp")
        self.assertIn("It is not enabled.", self.site.busbar("triggers", "explain", instance))
        self.site.busbar("trigger", "enable", instance)
        self.site.busbar("trigger", "important", instance, "on")
        self.site.busbar("trigger", "exec", instance, "on")
        row = self.site.ask("GET", f"/api/engine/v2/systems/{self.system}/triggers/{instance}")
        self.assertEqual((row["enabled"], row["important"], row["exec_enabled"]), (True, True, True))
        change = self.write_file("change.json", '{"description": "Counts"}')
        self.assertIn("Counts", self.site.busbar("triggers", "update", "lamp", change))
        wrong = self.write_file("wrong.yaml", "conditions: {comparisons: [{left: 1, operator: is, right: 1}]}")
        refused = self.site.busbar_outcome("triggers", "update", "Lamp", wrong)
        self.assertEqual(refused.returncode, 7, refused.stderr)
        self.assertIn("conditions.comparisons.0.operator", refused.stderr)
        self.site.busbar("triggers", "detach", instance)
        self.assertEqual(self.site.busbar_outcome("triggers", "explain", "Lamp").returncode, 3)
        self.site.busbar("triggers", "delete", "Lamp")
        self.assertEqual(self.site.busbar_outcome("triggers", "show", "Lamp").returncode, 3)


if __name__ == "__main__":
    cases.main()
