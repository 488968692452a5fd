# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""What browsers are told with every kind of answer, what pages of other sites may not do, and paths that
would lead outside."""
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import unittest

import cases
from security_test import KEYS, PASSWORD, SecurityTest
from web_client import Browser, WebSocket, ask, send_raw, value_of


@unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
class Pages(SecurityTest):
    GUARDS = {"x-content-type-options", "content-security-policy", "referrer-policy",
              "cache-control"}

    def answers(self, site, tls):
        """{what: answer} of every kind."""
        key = [("X-API-Key", site.key)]

        def call(method, target, headers=(), body=b"", **more):
            return ask(site, method, target, headers, body, tls=tls, **more)

        def raw(request):
            return send_raw(site, request, tls=tls)

        form = [("Content-Type", "application/x-www-form-urlencoded")]
        return {
            "page": call("GET", "/login"), "style": call("GET", "/login/login.css"),
            "script": call("GET", "/login/login.js"),
            "list": call("GET", "/api/engine/v2/systems", key),
            "probe": call("GET", "/livez"), "figures": call("GET", "/metrics", key),
            "created": call("POST", KEYS, key, b'{"name":"k","permissions":"user"}'),
            "no credential": call("GET", "/api/engine/v2/systems"),
            "no route": call("GET", "/nowhere"), "no row": call("GET", f"{KEYS}/api_key-0", key),
            "no method": call("DELETE", "/livez"),
            "bad field": call("POST", KEYS, key, b'{"name":1}'),
            "bad JSON": call("POST", KEYS, key, b"{"), "malformed": raw(b"GET / HTTP/1.1\r\n\r\n"),
            "traversal": call("GET", "/login/%2e%2e/x"),
            "long head": raw(b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 20000 + b"\r\n\r\n"),
            "authority": call("GET", "/auth/authority"),
            "keys": call("GET", "/auth/oauth/discovery/keys"),
            "redirection": call("GET", "/auth/login?continue=/x"),
            "refused sign-in": call("POST", "/auth/signin", form, b"email=a&password=b"),
            "refused grant": call("POST", "/auth/oauth/token", form, b"grant_type=x"),
            "refused setup": call("POST", "/api/busbar/v1/setup",
                                  [("Content-Type", "application/json")], b'{"token":"x"}'),
            "no upgrade": call("GET", "/api/engine/v2/systems/control", key),
            "stream": call("GET", "/api/busbar/v1/events", key, until=b": open"),
            "head": call("HEAD", "/livez"),
        }

    def check(self, site, tls):
        for what, answer in self.answers(site, tls).items():
            with self.subTest(what, tls=tls):
                self.assertNotIn(answer.status, (0, 500), answer)
                names = [name for name, _ in answer.headers]
                for guard in self.GUARDS | ({"strict-transport-security"} if tls else set()):
                    self.assertEqual(names.count(guard), 1, answer)
                self.assertEqual("strict-transport-security" in names, tls)
                policy = value_of(answer, "content-security-policy")
                self.assertIn("default-src 'none'", policy)
                self.assertIn("frame-ancestors 'none'", policy)
                self.assertNotIn("unsafe", policy)
                self.assertEqual(value_of(answer, "x-content-type-options"), "nosniff")
                self.assertEqual(value_of(answer, "cache-control"), "no-store")
                self.assertIn(value_of(answer, "referrer-policy"), ("no-referrer", "same-origin"))
                self.assertNotIn("access-control-allow-origin", names)
                self.assertNotIn("server", names)

    def test_every_kind_of_answer_is_guarded(self):
        site = self.begin()
        self.check(site, False)
        self.add_person(site, "ada")
        self.check_cookies(site, "", False)
        self.check_other_sites(site)
        pair = [os.path.join(site.folder, name) for name in ("cert.pem", "key.pem")]
        made = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                               "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=x",
                               "-out", pair[0], "-keyout", pair[1]],
                              check=False, capture_output=True)
        self.assertEqual(made.returncode, 0, made.stderr)
        site.stop()
        site.flags = ("--tls-cert", pair[0], "--tls-key", pair[1])
        site.start()
        self.check(site, True)
        self.check_cookies(site, "__Host-", True)

    def check_cookies(self, site, prefix, tls):
        answer = Browser(site, tls=tls).sign_in("ada@site.test", PASSWORD)
        cookies = [value for name, value in answer.headers if name == "set-cookie"]
        self.assertEqual({cookie.split("=")[0] for cookie in cookies},
                         {f"{prefix}busbar_session", f"{prefix}busbar_device"})
        for cookie in cookies:
            self.assertIn("; HttpOnly", cookie)
            self.assertIn("; SameSite=Lax", cookie)
            self.assertIn("; Path=/;", cookie)
            self.assertNotIn("Domain", cookie)
            self.assertEqual("; Secure" in cookie, tls)

    def check_other_sites(self, site):
        """What a page of another site makes a browser send is refused."""
        browser = self.signed_in(site, "ada")
        for header in (("Origin", "https://evil.test"), ("Origin", "null"),
                       ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site")):
            with self.subTest(header):
                self.assertEqual(browser.sign_in("ada@site.test", PASSWORD, [header]).status, 403)
                self.assertEqual(browser.ask("GET", "/auth/logout", [header]).status, 403)
                if header[0] == "Origin":
                    cookie = ("Cookie", f"api-key={site.key}")
                    self.assertEqual(WebSocket(site, [header, cookie]).status, 403)
        self.assertIn(b'"session":true', browser.ask("GET", "/auth/authority").body)
        # A session opens nothing of the REST API, so no page can write by it.
        self.assertEqual(browser.ask("POST", "/api/engine/v2/systems", form={"name": "x"}).status,
                         401)


class Paths(SecurityTest):
    def encodings(self):
        """Ways to say ../../…/etc/passwd, and to break a path."""
        dots = ("..", "%2e%2e", ".%2e", "%2e.", "%252e%252e", "%c0%ae%c0%ae", "..;", "...",
                "%u002e%u002e", "\u2025".encode().hex(), "..%00", "..%0a")
        slashes = ("/", "%2f", "%2F", "%5c", "\\", "%252f", "%c0%af", "//", "/./")
        made = [slash.join([dot] * 8 + ["etc", "passwd"]) for dot in dots[:7] for slash in slashes]
        made += [f"{dot}/secret.key" for dot in dots]
        made += ["/etc/passwd", "%2fetc%2fpasswd", "file:%2f%2f%2fetc%2fpasswd", "etc%00passwd",
                 "secret.key", ".%2fsecret.key", "%2e", ".", "%", "%zz", "%00", "*", "~root",
                 "C:%5cwindows", "a" * 5000, "%ff%fe", "..%ef%bc%8f..%ef%bc%8fetc", "$(id)", "|id"]
        return made

    def test_no_path_leads_outside(self):
        site = self.begin()
        text = pathlib.Path(__file__).parents[2].joinpath("api/openapi.yaml").read_text("utf-8")
        routes = re.findall(r"^  (/[^\n:]*):\n(?:    (?!get:).*\n)*    get:", text, re.M)
        # Each parameter in turn, the others being harmless.
        targets = {(route[:found.start()] + place + route[found.end():]).replace(
            "{", "").replace("}", "") for route in routes
            for found in re.finditer(r"\{[^}]*\}", route) for place in self.encodings()}
        targets |= {f"{static}{place}" for place in self.encodings()
                    for static in ("/", "/login/", "/login/login.css/", "/metrics/")}
        secret = pathlib.Path(site.data, "secret.key").read_bytes()
        counts = {}

        def check(target):
            request = (f"GET {target} HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {site.key}\r\n"
                       "Connection: close\r\n\r\n").encode("latin-1")
            answer = send_raw(site, request)
            counts[answer.status] = counts.get(answer.status, 0) + 1
            self.assertTrue(200 <= answer.status < 500, (target, answer))
            self.assertNotIn(b"root:", answer.body, target)
            self.assertNotIn(secret, answer.body, target)

        self.assertGreater(len(self.encodings()), 60)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for _ in pool.map(check, sorted(targets)):
                pass
        self.assertGreater(len(targets), 1000)
        print(f"{len(targets)} targets: {dict(sorted(counts.items()))}")


if __name__ == "__main__":
    cases.main()
