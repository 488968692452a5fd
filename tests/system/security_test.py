# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""Attacks on the public API of the real program: forged and replayed tokens, guesses, tampering; what is
open before there is an admin; what ends with a credential, and when."""
import base64
import concurrent.futures
import json
import os
import pathlib
import re
import socket
import sqlite3
import stat
import threading
import time
import unittest

import cases
from site_under_test import LONG, PATIENCE_S, Site, wait_for
from web_client import Browser, WebSocket, ask, connect

PASSWORD = "green ladder 1871"
KEYS = "/api/engine/v2/api_keys"
AT_ONCE_S = 6  # what is open by a credential ends so soon after it; the next regular look takes 10 s


def url64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def own_address():
    """An address of this machine that is not loopback, or None."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return None
        address = probe.getsockname()[0]
    return None if address.startswith(("127.", "0.")) else address


def is_open(address, port):
    try:
        socket.create_connection((address, port), PATIENCE_S).close()
        return True
    except OSError:
        return False


class SecurityTest(unittest.TestCase):
    def begin(self, *flags):
        site = Site(*flags)
        self.addCleanup(site.__exit__, None, None, None)
        site.__enter__()
        return site

    def add_person(self, site, name, **more):
        return site.ask("POST", "/api/engine/v2/users", {
            "name": name, "email": f"{name}@site.test", "password": PASSWORD, **more})["id"]

    def add_app(self, site):
        return site.ask("POST", "/api/engine/v2/oauth_apps",
                        {"name": "panel", "redirect_uri": "https://panel.test/back"})

    def signed_in(self, site, name, **how):
        browser = Browser(site, **how)
        answer = browser.sign_in(f"{name}@site.test", PASSWORD)
        self.assertEqual(answer.status, 202, answer)
        return browser


class FirstStart(SecurityTest):
    def setUp(self):
        self.address = own_address()
        if not self.address:
            self.skipTest("this machine has no address but loopback")
        self.site = Site("--listen", "0.0.0.0:0")
        self.addCleanup(self.site.__exit__, None, None, None)
        self.site.start()
        later = wait_for(lambda: re.search(r'"later":"0\.0\.0\.0:(\d+)"', self.site.log()),
                         "the log names the address that waits")
        self.port = int(later.group(1))

    def test_nobody_else_reaches_it_until_there_is_an_admin(self):
        site, token_file = self.site, pathlib.Path(self.site.data, "setup-token")
        self.assertFalse(is_open(self.address, self.port))
        self.assertTrue(is_open("127.0.0.1", self.port))
        self.assertIn("only this machine is listened to", site.log())
        told = site.busbar_outcome("doctor").stdout
        self.assertIn("there is no admin yet", told)
        self.assertEqual(stat.S_IMODE(token_file.stat().st_mode), 0o600)
        token = token_file.read_text(encoding="ascii").strip()
        site.port = self.port  # by the address that is soon taken down
        for wrong in ("", "x", token[:-1], token + "x"):
            self.assertEqual(self.set_up(wrong).status, 403)
        made = self.set_up(token)
        self.assertEqual(made.status, 201, made)
        self.assertTrue(json.loads(made.body)["id"], "the answer came whole")
        wait_for(lambda: is_open(self.address, self.port), "the configured address is open")
        self.assertTrue(is_open("127.0.0.1", self.port))
        self.assertEqual(self.set_up(token).status, 403)
        self.assertFalse(token_file.exists())
        self.assertNotIn("there is no admin yet", site.busbar_outcome("doctor").stdout)
        self.assertNotIn(token, site.log())
        self.assertEqual(Browser(site).sign_in("root@site.test", PASSWORD).status, 202)
        self.assertEqual(site.stop()[0], 0)
        site.flags = ("--listen", f"0.0.0.0:{self.port}")
        site.start()
        self.assertTrue(is_open(self.address, self.port), "at once: there is an admin")
        self.assertFalse(token_file.exists())

    def set_up(self, token):
        body = json.dumps({"token": token, "email": "root@site.test", "password": PASSWORD})
        return ask(self.site, "POST", "/api/busbar/v1/setup",
                   [("Content-Type", "application/json")], body.encode())

    def test_keys_of_lower_roles_open_nothing_and_a_taken_port_is_tried_again(self):
        site = self.site
        site.busbar("key", "create", "panel", "--role", "support")
        with socket.create_server((self.address, self.port)):
            site.busbar("key", "create", "tester", "--role", "admin")
            wait_for(lambda: "not listening yet" in site.log(), "busbard says so")
        wait_for(lambda: is_open(self.address, self.port), "the port is free and was tried again")
        self.assertEqual(site.stop()[0], 0)

    def test_no_socket_but_the_declared_ones_listens(self):
        ports = {self.site.port, self.port}
        try:
            inodes = {os.readlink(f"/proc/{self.site.process.pid}/fd/{fd}")
                      for fd in os.listdir(f"/proc/{self.site.process.pid}/fd")}
        except PermissionError:
            self.skipTest("only root sees which sockets a process has")
        listening = set()
        for table in ("tcp", "tcp6"):
            path = pathlib.Path("/proc/net", table)
            for line in path.read_text(encoding="ascii").splitlines()[1:] if path.exists() else ():
                fields = line.split()
                if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
                    address, port = fields[1].split(":")
                    listening.add((address, int(port, 16)))
        loopback = "0100007F"  # as the kernel writes it on this byte order
        self.assertEqual(listening, {(loopback, port) for port in ports})


class Tokens(SecurityTest):
    def setUp(self):
        self.site = self.begin()
        self.add_person(self.site, "ada", support=True)
        self.app = self.add_app(self.site)

    def probe(self, token):
        return ask(self.site, "GET", "/api/engine/v2/systems",
                   [("Authorization", f"Bearer {token}")]).status

    def test_forged_tokens_open_nothing(self):
        good = self.signed_in(self.site, "ada").tokens(self.app)["access_token"]
        self.assertEqual(self.probe(good), 200)
        head, payload, signature = good.split(".")
        header = json.loads(base64.urlsafe_b64decode(head + "=="))
        claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
        keys = json.loads(ask(self.site, "GET", "/auth/oauth/discovery/keys").body)["keys"]

        def with_header(**more):
            return f"{url64(json.dumps({**header, **more}).encode())}.{payload}.{signature}"

        forgeries = [
            *(with_header(alg=alg) for alg in ("none", "None", "NONE", "nOnE", "HS256", "")),
            *(f"{with_header(alg=alg).rpartition('.')[0]}." for alg in ("none", "NONE")),
            *(with_header(kid=kid) for kid in ("", "../../dev/null", "/dev/null", "' OR 1=1 --")),
            with_header(jwk=keys[0]), with_header(jku="https://evil.test/k"),
            with_header(x5u="https://evil.test/c"), with_header(cty="JWT"),
            *(f"{head}.{url64(json.dumps({**claims, **change}).encode())}.{signature}"
              for change in ({"sub": "user-0"}, {"exp": 1 << 40}, {"aud": "evil.test"})),
            f"{good}.x", f"{good}.", f"{good}=", f"{good}==", f"{head}=.{payload}.{signature}",
            f"{head}.{payload}.", f"{head}.{payload}", head, good[:-2], f"{good}AAAA", "a.b.c", "..",
        ]
        for token in forgeries:
            with self.subTest(token=token[:200]):
                self.assertEqual(self.probe(token), 401)
        huge = ask(self.site, "GET", "/api/engine/v2/systems",
                   [("Authorization", f"Bearer {good}{'A' * (1 << 20)}")], until=b"\r\n\r\n")
        self.assertEqual(huge.status, 431)
        self.site.busbar("tokens", "rotate-key")
        self.assertEqual(self.probe(good), 200, "a rotation signs nobody out")
        ask(self.site, "POST", "/auth/oauth/revoke",
            [("Content-Type", "application/x-www-form-urlencoded")], f"token={good}".encode())
        self.assertEqual(self.probe(good), 401)

    def test_replays_end_the_family_and_are_audited(self):
        browser = self.signed_in(self.site, "ada")
        code = browser.code(self.app)
        tokens = json.loads(browser.redeem(self.app, code).body)
        self.assertEqual(browser.redeem(self.app, code).status, 400)
        self.assertEqual(self.probe(tokens["access_token"]), 401)
        first = browser.tokens(self.app)
        second = json.loads(browser.refresh(self.app, first["refresh_token"]).body)
        self.assertEqual(self.probe(second["access_token"]), 200)
        self.assertEqual(browser.refresh(self.app, first["refresh_token"]).status, 400)
        self.assertEqual(self.probe(second["access_token"]), 401)
        self.assertEqual(browser.refresh(self.app, second["refresh_token"]).status, 400)
        wait_for(lambda: self.audited("reused") == 2, "both are in the audit log")
        self.assertEqual(self.audited("token_refused"), 1, "the one after the family's end")

    def audited(self, action):
        entries = self.site.ask("GET", "/api/busbar/v1/audit?limit=100")
        return sum(entry["action"] == action for entry in entries)

    def test_what_a_credential_opened_ends_with_it_at_once(self):
        site = self.site
        self.add_person(site, "eve", support=True)
        bob, tom = self.add_person(site, "bob"), self.add_person(site, "tom")
        ada_token = self.signed_in(site, "ada").tokens(self.app)["access_token"]
        eve_browser = self.signed_in(site, "eve")
        eve_token = eve_browser.tokens(self.app)["access_token"]
        bob_token = self.signed_in(site, "bob").tokens(self.app)["access_token"]
        key = site.ask("POST", KEYS, {"name": "panel", "permissions": "user"})
        toms = site.ask("POST", KEYS, {"name": "own", "permissions": "user", "user_id": tom})
        stays = WebSocket(site, [("X-API-Key", site.key)])

        def revoke():
            ask(site, "POST", "/auth/oauth/revoke",
                [("Content-Type", "application/x-www-form-urlencoded")],
                f"token={ada_token}".encode())

        for what, header, end in (
                ("a token", ("Authorization", f"Bearer {ada_token}"), revoke),
                ("a session", ("Authorization", f"Bearer {eve_token}"),
                 lambda: eve_browser.ask("GET", "/auth/logout")),
                ("a user", ("Authorization", f"Bearer {bob_token}"),
                 lambda: site.ask("DELETE", f"/api/engine/v2/users/{bob}")),
                ("a key", ("X-API-Key", key["x_api_key"]),
                 lambda: site.ask("DELETE", f"{KEYS}/{key['id']}")),
                ("the user of a key", ("X-API-Key", toms["x_api_key"]),
                 lambda: site.ask("DELETE", f"/api/engine/v2/users/{tom}"))):
            with self.subTest(what):
                control = WebSocket(site, [header])
                self.assertEqual(control.status, 101)
                stream = connect(site)
                stream.sendall(f"GET /api/busbar/v1/events?kinds=state HTTP/1.1\r\nHost: localhost"
                               f"\r\n{header[0]}: {header[1]}\r\n\r\n".encode())
                self.assertIn(b" 200 ", stream.recv(4096))
                begin = time.monotonic()
                end()
                self.assertEqual(control.close_code(), 4401)
                stream.settimeout(PATIENCE_S)
                while stream.recv(4096):
                    pass
                self.assertLess(time.monotonic() - begin, AT_ONCE_S)
                control.close()
                stream.close()
        stays.send(b"ping")
        self.assertEqual(stays.receive(), (1, b"pong"))


class Guesses(SecurityTest):
    ACCOUNTS, ADDRESSES, GUESSES = (100, 50, 10_000) if LONG else (6, 10, 200)
    PEOPLE, SAMPLES = (200, 5) if LONG else (4, 5)  # wrong guesses at each: as many as are free

    def guess(self, name, source, headers=()):
        return Browser(self.site, source).sign_in(f"{name}@site.test", "a wrong guess",
                                                  headers).status

    def flood(self, sources):
        """{account: guesses that were looked at}"""
        looked = {}
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            names = [f"person{n % self.ACCOUNTS}" for n in range(self.GUESSES)]
            statuses = pool.map(self.guess, names, (sources[n % len(sources)]
                                                    for n in range(self.GUESSES)))
            for name, status in zip(names, statuses):
                self.assertIn(status, (401, 429))
                looked[name] = looked.get(name, 0) + (status == 401)
        return looked

    def stranger_is_held_up(self):
        """Whether the right password waits too, from another address, right after wrong ones had to."""
        return any(self.guess("person0", f"127.3.0.{n}") == 429 for n in range(1, 12)) and \
            Browser(self.site, "127.3.1.1").sign_in("person0@site.test", PASSWORD).status == 429

    def test_few_guesses_are_looked_at_and_nobody_is_locked_out(self):
        self.site = self.begin()
        self.add_person(self.site, "person0")
        owner = self.signed_in(self.site, "person0")
        times, stop = [], threading.Event()

        def watch():
            while not stop.is_set():
                begin = time.monotonic()
                self.assertEqual(ask(self.site, "GET", "/livez").status, 200)
                times.append(time.monotonic() - begin)
                stop.wait(0.01)

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        begin = time.monotonic()
        one = self.flood(["127.1.0.1"])
        many = self.flood([f"127.2.0.{n + 1}" for n in range(self.ADDRESSES)])
        quarters = 1 + int((time.monotonic() - begin) / 900)
        self.assertLessEqual(sum(one.values()), 10 * quarters, one)
        for name, count in many.items():
            self.assertLessEqual(count + one[name], 10 * quarters, name)
        self.assertGreater(sum(many.values()), 0)
        stop.set()
        watcher.join()
        times.sort()
        self.assertLess(times[int(0.99 * len(times))], 1)  # 0.1 on a machine of its own
        wait_for(self.stranger_is_held_up, "a stranger with the right password waits too")
        self.assertEqual(owner.sign_in("person0@site.test", PASSWORD).status, 202)
        print(f"{2 * self.GUESSES} guesses: looked at {sum(one.values())} from one address, "
              f"{sum(many.values())} from {self.ADDRESSES}; others p99 "
              f"{1000 * times[int(0.99 * len(times))]:.0f} ms")

    def test_time_does_not_tell_who_exists(self):
        self.site = self.begin()
        known, unknown = [], []
        for number in range(self.PEOPLE):
            self.add_person(self.site, f"known{number}")
        for number in range(self.PEOPLE * self.SAMPLES):
            for name, times in ((f"known{number % self.PEOPLE}", known),
                                (f"other{number % self.PEOPLE}", unknown)):
                source = f"127.{4 + len(known) % 2}.{number // 250}.{number % 250 + 1}"
                begin = time.monotonic()
                self.assertEqual(self.guess(name, source), 401)
                times.append(time.monotonic() - begin)
        pairs = sum((a > b) + 0.5 * (a == b) for a in known for b in unknown)
        area = pairs / (len(known) * len(unknown))
        print(f"area under the curve {area:.3f} over {len(known) + len(unknown)} samples")
        self.assertLess(abs(area - 0.5), 0.05 if LONG else 0.35)


class Audit(SecurityTest):
    def test_one_changed_byte_is_found_and_named(self):
        site = self.begin()
        for number in range(5):
            site.add_system(f"Room {number}")
        self.assertEqual(site.busbar_outcome("audit", "verify").returncode, 0)
        db = sqlite3.connect(os.path.join(site.data, "config.db"), timeout=PATIENCE_S)
        self.addCleanup(db.close)
        columns = [row[1] for row in db.execute("PRAGMA table_info(audit)")]
        rows = db.execute("SELECT * FROM audit ORDER BY sequence").fetchall()
        victim = next(row for row in rows if "Room 2" in row[columns.index("after")])
        sequence = victim[0]
        for column in ("action", "subject", "user_id", "peer", "after", "time_ms", "hash"):
            with self.subTest(column):
                before = victim[columns.index(column)]
                after = before + 1 if isinstance(before, int) else \
                    chr(ord(before[0]) ^ 1) + before[1:] if before else "x"
                change = f"UPDATE audit SET {column} = ? WHERE sequence = ?"
                self.write(db, change, after, sequence)
                self.expect_broken(site, sequence)
                self.write(db, change, before, sequence)
        for at in (sequence, rows[-1][0]):  # from the middle, and the end cut off
            with self.subTest(removed=at):
                row = next(row for row in rows if row[0] == at)
                self.write(db, "DELETE FROM audit WHERE sequence = ?", at)
                self.expect_broken(site, at)
                self.write(db, f"INSERT INTO audit VALUES ({','.join('?' * len(row))})", *row)
        self.assertEqual(site.busbar_outcome("audit", "verify").returncode, 0)

    @staticmethod
    def write(db, statement, *values):
        """As one who has the file: what guards the table in the database is in the way of nobody."""
        with db:
            db.execute("BEGIN IMMEDIATE")
            triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' "
                                  "AND tbl_name = 'audit'").fetchall()
            for name, _ in triggers:
                db.execute(f"DROP TRIGGER {name}")
            db.execute(statement, values)
            for _, sql in triggers:
                db.execute(sql)

    def expect_broken(self, site, sequence):
        found = site.busbar_outcome("audit", "verify")
        self.assertNotEqual(found.returncode, 0)
        named = re.search(r"from entry (\d+)", found.stderr)
        self.assertTrue(named, found)
        self.assertIn(int(named.group(1)), (sequence, sequence + 1), found)


if __name__ == "__main__":
    cases.main()
