# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""Planted secrets go through the real program, by good requests and bad ones, and are then looked for wherever
they do not belong: logs, streams, files, answers, processes, drivers, and what drivers send."""
import base64
import http.server
import json
import os
import pathlib
import resource
import secrets
import shutil
import signal
import subprocess
import threading
import unittest
import urllib.parse

import cases
from site_under_test import Events, Site, descendants, wait_for
from web_client import Browser, WebSocket, ask, send_raw

MADE_UP = ("password", "new password", "mistyped password", "level 1", "level 2", "level 3",
           "basic password", "userinfo", "secret header", "query", "cookie", "argument", "bad token", "bad key",
           "password as a name")


def forms(secret):
    """The ways in which a text may lie somewhere: as it is and as encodings make of it."""
    raw = secret.encode()
    found = {raw, raw.hex().encode(), raw.hex().upper().encode(), raw[::-1],
             urllib.parse.quote(secret, safe="").encode(),
             json.dumps(secret)[1:-1].encode(), raw.decode().encode("utf-16-le"),
             "".join(f"%{byte:02x}" for byte in raw).encode(),
             "".join(f"%{byte:02X}" for byte in raw).encode()}
    for shift in range(3):  # wherever it begins in the base64 of something longer
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(b"\0" * shift + raw).rstrip(b"=")
            found.add(text[-(-shift * 4 // 3) if shift else 0:-2][1:])
    return found


class Service(http.server.ThreadingHTTPServer):
    """A web service that notes everything that it is sent."""

    def __init__(self):
        self.seen = []
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.server.seen.append(f"{self.requestline}\n{self.headers}\n".encode() + body)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        do_GET = do_PUT = do_POST

        def log_message(self, *_):
            pass


@unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
class Secrets(unittest.TestCase):
    """One site that all secrets pass through; each case looks for them somewhere else."""

    @classmethod
    def setUpClass(cls):
        # In a request's head, so without bytes that need an encoding; long, so that none is there by chance.
        cls.secrets = {what: f"c4nary-{n:02d}-{secrets.token_urlsafe(24)}"
                       for n, what in enumerate(MADE_UP)}
        # Names are logged in lower case.
        cls.secrets["password as a name"] = cls.secrets["password as a name"].lower()
        cls.answers = []  # of requests whose answer is not to hold any secret
        cls.site = Site("--log-level", "trace")
        cls.addClassCleanup(cls.site.__exit__, None, None, None)
        cls.service = Service()
        cls.addClassCleanup(cls.service.server_close)
        cls.addClassCleanup(cls.service.shutdown)
        cls.set_up_site()
        cls.system = cls.site.add_system("Room")
        cls.events = Events(cls.site, "kinds=state,log,module,progress")
        cls.addClassCleanup(cls.events.close)
        cls.add_modules()
        cls.control = WebSocket(cls.site, [("X-API-Key", cls.site.key)],
                                f"?x={cls.secrets['query']}")
        cls.control.command("debug", 1, ("sys-0", cls.web, 1, "debug"))
        cls.control.command("debug", 2, ("sys-0", cls.echo, 1, "debug"))
        cls.people()
        cls.bad_requests()
        cls.calls()

    @classmethod
    def set_up_site(cls):
        site = cls.site
        site.start()
        token = pathlib.Path(site.data, "setup-token").read_text(encoding="ascii").strip()
        cls.secrets["setup token"] = token
        body = {"token": token, "email": "root@site.test", "password": cls.secrets["password"]}
        cls.keep(ask(site, "POST", "/api/busbar/v1/setup", [("Content-Type", "application/json")],
                     json.dumps(body).encode()), 201)
        site.key = site.busbar("key", "create", "tester", "--role", "admin").strip()
        cls.secrets["API key"] = site.key

    @classmethod
    def keep(cls, answer, want=None):
        cls.answers.append(answer)
        if want and answer.status != want:
            raise AssertionError(f"{answer} is not {want}")
        return answer

    @classmethod
    def add_modules(cls):
        """A driver that sends with a password, and one that gets settings of each level."""
        site, hidden = cls.site, cls.secrets
        web = {"driver_id": site.install("http_json"), "uri": f"http://127.0.0.1:{cls.service.port}"}
        uri = f"http://user:{hidden['userinfo']}@127.0.0.1:{cls.service.port}"
        status, refused = site.request("POST", "/api/engine/v2/modules", {**web, "uri": uri})
        assert status == 422, refused
        cls.answers.append(json.dumps(refused).encode())
        answer = site.ask("POST", "/api/engine/v2/modules", web)
        cls.web = answer["id"]
        site.ask("PUT", f"/api/engine/v2/systems/{cls.system}/module/{cls.web}")
        cls.echo = site.add_module(site.install("echo"), cls.system, start=False)
        pair = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                               "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=x", "-keyout", "-"],
                              check=True, capture_output=True, text=True).stdout
        key, _, certificate = pair.partition("-----END PRIVATE KEY-----\n")
        hidden["TLS key"] = key.splitlines()[2]
        settings = {
            "auth": "basic", "username": "user", "password": hidden["basic password"],
            "headers": {"X-Secret": hidden["secret header"]},
            "busbar": {"tls": {"key": key + "-----END PRIVATE KEY-----\n",
                               "certificate": certificate}},
            "commands": [{"name": "go", "method": "POST", "path": "/go", "body": "{\"a\": {a}}"}],
        }
        cls.add_settings(cls.web, 3, settings)
        for level in (1, 2, 3):
            cls.add_settings(cls.echo, level, {f"level{level}": hidden[f"level {level}"]})
        site.ask("POST", f"/api/engine/v2/modules/{cls.echo}/start")
        site.ask("POST", f"/api/engine/v2/modules/{cls.web}/start")
        site.wait_running(cls.echo)

    @classmethod
    def add_settings(cls, parent, level, settings):
        cls.site.ask("POST", "/api/engine/v2/settings", {
            "parent_id": parent, "encryption_level": level,
            "settings_string": json.dumps(settings)})

    @classmethod
    def people(cls):
        site, hidden = cls.site, cls.secrets
        app = site.ask("POST", "/api/engine/v2/oauth_apps", {
            "name": "panel", "redirect_uri": "https://panel.test/back"})
        server = site.ask("POST", "/api/engine/v2/oauth_apps", {
            "name": "server", "redirect_uri": "https://server.test/", "confidential": True})
        hidden["client secret"] = server["secret"]
        group = site.ask("POST", "/api/engine/v2/groups", {"name": "Guests"})["id"]
        for email in ("used@site.test", "open@site.test"):
            made = site.ask("POST", "/api/engine/v2/group_invitations", {"group_id": group, "email": email})
            hidden[f"invitation of {email}"] = made["secret"].partition(".")[2]
            if email.startswith("used"):
                site.ask("POST", "/api/engine/v2/group_invitations/accept", {"secret": made["secret"]})
        browser = Browser(site)
        assert browser.sign_in("root@site.test", hidden["password"]).status == 202
        hidden["session"] = browser.cookies["busbar_session"]
        hidden["device"] = browser.cookies["busbar_device"]
        hidden["verifier"] = browser.verifier
        hidden["code"] = browser.code(app)
        tokens = json.loads(browser.redeem(app, hidden["code"]).body)
        hidden["refresh token"] = tokens["refresh_token"]
        hidden["access token"] = tokens["access_token"]
        cls.keep(browser.redeem(app, hidden["code"]), 400)  # again
        cls.keep(browser.refresh(app, hidden["refresh token"]), 400)
        cls.keep(browser.ask("POST", "/auth/oauth/token", form={
            "grant_type": "client_credentials", "client_id": server["uid"] + "x",
            "client_secret": hidden["client secret"]}), 401)
        assert browser.ask("POST", "/auth/oauth/token", form={
            "grant_type": "client_credentials", "client_id": server["uid"],
            "client_secret": hidden["client secret"]}).status == 200
        cls.keep(browser.sign_in("root@site.test", hidden["mistyped password"]), 401)
        cls.keep(browser.sign_in(hidden["password as a name"], "root@site.test"), 401)
        root = json.loads(ask(site, "GET", "/api/engine/v2/users?q=root",
                              [("X-API-Key", site.key)]).body)[0]["id"]
        status, answer = site.request("PATCH", f"/api/engine/v2/users/{root}",
                                      {"password": hidden["new password"]})
        cls.answers.append(json.dumps(answer).encode())
        assert status == 200, answer

    @classmethod
    def bad_requests(cls):
        """Secrets in every place of requests that are refused, also where they do not belong."""
        site = cls.site
        for what, secret in list(cls.secrets.items()):
            key = [("X-API-Key", site.key), ("Content-Type", "application/json")]
            quoted = urllib.parse.quote(secret, safe="")
            text = json.dumps(secret)
            for answer in (
                    ask(site, "POST", "/auth/signin", key, f'{{"password":{text}}}'.encode()),
                    ask(site, "PUT", f"/auth/signin?password={quoted}"),
                    ask(site, "POST", "/api/busbar/v1/setup", key, f'{{"token":{text}'.encode()),
                    ask(site, "POST", "/api/busbar/v1/setup", key,
                        f'{{"token":{text},"password":{text},"email":1}}'.encode()),
                    ask(site, "POST", "/api/engine/v2/settings", key, f'{{"settings_string":{text}'
                        ',"encryption_level":3,"parent_id":"mod-0"}'.encode()),
                    ask(site, "POST", "/api/engine/v2/settings", key,
                        f'{{"settings_string":"a: [{secret}"'
                        f',"encryption_level":3,"parent_id":"{cls.echo}"}}'.encode()),
                    ask(site, "POST", "/api/engine/v2/users", key,
                        f'{{"password":{text},"email":"no address","name":"x"}}'.encode()),
                    ask(site, "POST", "/api/engine/v2/group_invitations/accept", key, f'{{"secret":{text}}}'.encode()),
                    ask(site, "GET", "/api/engine/v2/systems", [("X-API-Key", secret + "x")]),
                    ask(site, "GET", "/api/engine/v2/systems",
                        [("Authorization", f"Bearer {secret}x"), ("Cookie", f"a={secret}")]),
                    ask(site, "GET", f"/api/engine/v2/systems/control?api-key={quoted}x"),
                    send_raw(site, f"GET / HTTP/1.1\r\nX-API-Key : {secret}\r\n\r\n".encode())):
                # Echoing what the asker put into a path or an address is no leak to others.
                cls.keep(answer)
                assert answer.status < 500, (what, answer)

    @classmethod
    def calls(cls):
        """What callers show to busbard does not reach a driver; what they give to one, no log."""
        site, hidden = cls.site, cls.secrets
        headers = [("X-API-Key", site.key), ("Content-Type", "application/json"),
                   ("Cookie", f"session={hidden['cookie']}; bearer_token={hidden['access token']}")]
        target = f"/api/engine/v2/modules/{cls.web}/exec/send?trace={hidden['query']}"
        sent = ask(site, "POST", target, headers, b'{"name":"go","args":{"a":1}}')
        assert sent.status == 200, sent
        target = f"/api/engine/v2/modules/{cls.echo}/exec"
        value = json.dumps({"value": hidden["argument"]}).encode()
        assert ask(site, "POST", f"{target}/echo", headers, value).status == 200
        cls.keep(ask(site, "POST", f"{target}/no_such_function", headers, value))
        cls.keep(ask(site, "POST", f"{target}/echo", headers, value + b"}"), 400)
        socket_ = WebSocket(site, [("Cookie", f"api-key={site.key}; x={hidden['cookie']}")],
                            f"?bearer_token={site.key}")
        socket_.command("exec", 1, (cls.system, "Echo", 1, "echo"), args={"value": 1})
        assert socket_.reply()["type"] == "success"
        socket_.close()

    def search(self, where, content, allowed=()):
        content = content if isinstance(content, bytes) else str(content).encode()
        for what, secret in self.secrets.items():
            if what in allowed:
                continue
            for form in forms(secret):
                at = content.find(form)
                self.assertEqual(at, -1, f"{what} in {where}: "
                                 f"{content[max(0, at - 100):at + 100]!r}")

    def test_the_search_finds_what_is_there(self):
        text = self.secrets["password"]
        for hidden in (text, f"x{text}y", urllib.parse.quote(text), text.encode().hex(),
                       *(base64.b64encode(f"{'z' * n}{text}tail".encode()).decode()
                         for n in range(4))):
            with self.assertRaises(AssertionError):
                self.search("here", hidden)

    def test_not_in_logs_and_streams(self):
        site = self.site
        wait_for(lambda: "too_many_failures" in site.log() or "sign_in_refused" in site.log(),
                 "the log has got so far")
        self.search("the log", site.log())
        for module in (self.web, self.echo):
            lines = site.ask("GET", f"/api/busbar/v1/modules/{module}/logs")
            self.search("a module's log", json.dumps(lines))
        # State is what a driver publishes: echo holds no settings back, so only its values may be seen.
        self.search("the event stream", json.dumps(self.events.seen))
        self.control.send(b"ping")
        while (frame := self.control.receive()) and frame[1] != b"pong":
            self.search("the debug stream", frame[1])

    def test_not_in_files(self):
        """Sealed, hashed or not there at all; also not in what was freed inside the database."""
        site = self.site
        wait_for(lambda: site.ask("GET", "/api/busbar/v1/audit?limit=1"), "what was queued is written")
        checked = 0
        for path in pathlib.Path(site.folder).rglob("*"):
            if path.is_file() and path.suffix != ".so":
                self.search(path, path.read_bytes())
                checked += 1
        self.assertGreater(checked, 4)
        database = b"".join(path.read_bytes() for path in pathlib.Path(site.data).glob("config.db*"))
        self.assertIn(b"root@site.test", database, "what is no secret can be read")
        key = pathlib.Path(site.data, "secret.key").read_bytes().strip()
        self.assertNotIn(key, database)
        self.assertNotIn(key, site.log().encode())

    def test_not_in_answers(self):
        site = self.site
        for answer in self.answers:
            self.search("an answer", answer.body if hasattr(answer, "body") else answer)
        for path in ("/metrics", "/api/busbar/v1/export", "/api/busbar/v1/audit/export",
                     "/api/engine/v2/users", "/api/engine/v2/api_keys", "/api/engine/v2/oauth_apps",
                     "/api/engine/v2/group_invitations", "/api/engine/v2/group_history",
                     "/api/busbar/v1/status", "/api/busbar/v1/runners", "/api/engine/v2/domains"):
            answer = ask(site, "GET", path, [("X-API-Key", site.key)])
            self.assertEqual(answer.status, 200, path)
            self.search(path, answer.body)
        for path in (f"/api/engine/v2/modules/{self.web}/error",
                     f"/api/busbar/v1/modules/{self.web}/health"):
            self.search(path, site.request("GET", path)[1])

    def test_not_in_what_others_see_of_the_processes(self):
        for pid in [self.site.process.pid] + [pid for pid, _ in
                                              descendants(self.site.process.pid)]:
            for name in ("cmdline", "environ"):
                try:
                    self.search(f"{name} of {pid}", pathlib.Path(f"/proc/{pid}/{name}").read_bytes())
                except PermissionError:
                    pass  # nobody else sees it

    def test_callers_credentials_never_reach_a_driver(self):
        sent = b"".join(self.service.seen)
        self.assertIn(b"POST /go", sent)
        own = ("basic password", "secret header")
        self.assertIn(self.secrets["secret header"].encode(), sent)
        self.search("what a driver sent", sent, own)
        self.assertNotIn(b"\nCookie:", sent)
        if os.getuid() != 0:
            self.skipTest("only root may look into the memory of runners")
        mine = {"level 1", "level 2", "level 3", "argument", "basic password", "secret header",
                "TLS key"}
        runners = {self.site.runner_pid(module) for module in (self.web, self.echo)}
        looked = 0
        for pid in runners:
            memory = self.memory_of(pid)
            looked += len(memory)
            for what, secret in self.secrets.items():
                if what not in mine:
                    self.assertNotIn(secret.encode(), memory, f"{what} in the memory of {pid}")
        # The TLS key is for the host, which speaks TLS.
        self.assertGreater(looked, 1 << 20)

    @staticmethod
    def memory_of(pid):
        content = []
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
            for line in pathlib.Path(f"/proc/{pid}/maps").read_text("utf-8").splitlines():
                begin, end = (int(part, 16) for part in line.split()[0].split("-"))
                if "rw" in line.split()[1] and end - begin < 1 << 28:
                    try:
                        memory.seek(begin)
                        content.append(memory.read(end - begin))
                    except (OSError, OverflowError):
                        pass
        return b"".join(content)


class Core(unittest.TestCase):
    def dumps(self, process):
        """Whether a process left a core when it was aborted."""
        process.send_signal(signal.SIGABRT)
        _, status = os.waitpid(process.pid, 0)
        process.returncode = -signal.SIGABRT
        self.assertTrue(os.WIFSIGNALED(status))
        return os.WCOREDUMP(status)

    def test_busbard_leaves_no_core(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_CORE, (soft, hard))
        site = Site()
        self.addCleanup(site.__exit__, None, None, None)
        os.chdir(site.folder)
        self.addCleanup(os.chdir, "/")
        other = subprocess.Popen(["sleep", "60"])
        if not self.dumps(other):
            self.skipTest("no process leaves a core here")
        site.__enter__()
        module = site.add_module(site.install("echo"), site.add_system("Room"))
        limits = pathlib.Path(f"/proc/{site.runner_pid(module)}/limits").read_text("utf-8")
        self.assertRegex(limits, r"Max core file size +0 +0 ")
        self.assertFalse(self.dumps(site.process))


if __name__ == "__main__":
    cases.main()
