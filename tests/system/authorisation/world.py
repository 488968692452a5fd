# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""What exists on the site that authorisation_test.py asks, who asks, and with which requests.

Two domains, each with a user, a support and an admin. Two zones, in each the same objects; the holders of grants have
theirs in the first. Nothing that a request of the matrix does is needed by another one: what would be made is refused
for its content, what would be deleted is deleted with dry_run.
"""
import json
import socket
import time
import urllib.parse

from site_under_test import BUILD, wait_for

HERE, THERE = "busbar.test", "other.test"  # hosts of the two domains
PASSWORD = "green ladder 1871"
BITS = {"R": 1, "O": 16, "C": 2, "U": 4, "D": 8, "M": 64}
ROLES = {"u": ("user", {}), "s": ("support", {"support": True}), "a": ("admin", {"sys_admin": True})}
ENGINE, BUSBAR = "/api/engine/v2", "/api/busbar/v1"
# Far enough back for a token of two hours, with its leeway, to be expired now.
SHIFT = {"LD_PRELOAD": str(BUILD / "tests/clock.so"), "CLOCK_SHIFT_S": "-10800"}


def holder(letter):
    """The user of a column of grants."""
    return ("grant_" if letter in BITS else "role_") + letter.lower()


class World:
    """Fills a site that was begun with SHIFT in its environment, and starts it again without."""

    def __init__(self, site):
        self.site = site
        self.ids = {}
        self.users = {}  # by name, ids
        self.keys = {}  # by name, texts of X-API-Key
        self.tokens = {}
        self.domains()
        self.tokens["expired"] = self.token(self.user("early", HERE), HERE)
        site.stop()
        site.environment = {}
        site.start()
        self.people()
        self.places()
        self.grants()
        self.foreign()
        self.dead()

    def make(self, path, **body):
        return self.site.ask("POST", ENGINE + path, body)["id"]

    def domains(self):
        self.ids["domain"] = self.site.ask("GET", ENGINE + "/domains")[0]["id"]
        self.site.ask("PATCH", f"{ENGINE}/domains/{self.ids['domain']}", {"domain": HERE})
        self.ids["other_domain"] = self.make("/domains", name="Other", domain=THERE)
        self.ids["spare_domain"] = self.make("/domains", name="Spare", domain="spare.test")
        for host, name in ((HERE, "app"), (THERE, "other_app")):
            self.ids[name] = self.make(
                "/oauth_apps", name=name, owner_id=self.domain_of(host), allow_password_grant=True,
                redirect_uri=f"https://{host}/oauth-resp.html")
            self.ids[name + "_uid"] = self.site.ask("GET", f"{ENGINE}/oauth_apps/{self.ids[name]}")["uid"]

    def domain_of(self, host):
        return self.ids["domain" if host == HERE else "other_domain"]

    def user(self, name, host, **more):
        self.users[name] = self.make("/users", name=name, email=f"{name}@{host}", authority_id=self.domain_of(host),
                                     password=PASSWORD if name in ("early", "late", "stranger") else "", **more)
        return name

    def key(self, name, user, permissions="user", **more):
        made = self.site.ask("POST", ENGINE + "/api_keys",
                             {"name": name, "user_id": self.users[user], "permissions": permissions, **more})
        self.keys[name] = made["x_api_key"]
        return made["id"]

    def token(self, user, host):
        form = urllib.parse.urlencode({"grant_type": "password", "username": f"{user}@{host}", "password": PASSWORD,
                                       "client_id": self.ids["app_uid" if host == HERE else "other_app_uid"]})
        status, body = Wire(self.site.port).ask(
            "POST", "/auth/oauth/token", form, {"Host": host, "Content-Type": "application/x-www-form-urlencoded"})
        assert status == 200, body
        return json.loads(body)["access_token"]

    def people(self):
        """Columns `usa`; everybody else of the matrix is a plain user of the first domain."""
        for letter, (role, flags) in ROLES.items():
            self.key(letter, self.user(role, HERE, **flags), role)
            self.key("other_" + letter, self.user("other_" + role, THERE, **flags), role)
        for letter in [*BITS, "m", "z"]:
            groups = {"m": ["Facilities"], "z": ["Bosses"]}.get(letter, [])
            self.key(letter, self.user(holder(letter), HERE, groups=groups))
        self.user("victim", HERE)
        self.user("joiner", HERE)
        self.user("leaver", HERE)
        self.ids["victim_key"] = self.key("victim", "victim")

    def places(self):
        ids = self.ids
        ids["driver"] = self.site.install("echo")
        ids["idle_driver"] = self.site.install_copy("echo", 1)
        ids["root_zone"] = self.make("/zones", name="Campus")
        ids["schema"] = self.make("/schema", name="Schema", schema={})
        ids["trigger"] = self.make("/triggers", name="Trigger")
        ids["driver_settings"] = self.make("/settings", parent_id=ids["driver"], encryption_level=0)
        for at in ("", "far_"):
            zone = ids[at + "zone"] = self.make("/zones", name=at + "Zone", parent_id=ids["root_zone"])
            for name in ("joined_zone", "left_zone"):
                ids[at + name] = self.make("/zones", name=at + name, parent_id=zone)
            for name, driver in (("module", "driver"), ("idle_module", "idle_driver")):
                ids[at + name] = self.make("/modules", driver_id=ids[driver], ignore_startstop=True,
                                           custom_name="Echo" if name == "module" else "_Hidden")
            ids[at + "system"] = self.make("/systems", name=at + "Room", zones=[zone], email=f"{at}room@{HERE}",
                                           modules=[ids[at + "module"], ids[at + "idle_module"]])
            ids[at + "instance"] = self.make(f"/systems/{ids[at + 'system']}/triggers", trigger_id=ids["trigger"])
            ids[at + "settings"] = self.make("/settings", parent_id=zone, settings_string="open: 1")
            ids[at + "secret_settings"] = self.make("/settings", parent_id=zone, encryption_level=1,
                                                    settings_string="secret: 1")
            for name in ("menu", "card"):
                self.make_metadata(zone, name)
            self.site.ask("POST", f"{ENGINE}/modules/{ids[at + 'module']}/start")
        self.make_zone_roles()
        for at in ("", "far_"):
            self.site.wait_running(ids[at + "module"])

    def make_zone_roles(self):
        roles = {"manage": ["facilities"], "admin": ["bosses"]}
        self.site.ask("PATCH", f"{ENGINE}/domains/{self.ids['domain']}", {"config": {"org_zone": self.ids["zone"]}})
        self.site.ask("POST", ENGINE + "/metadata",
                      {"parent_id": self.ids["zone"], "name": "permissions", "details": roles})

    def grants(self):
        for letter, bit in BITS.items():
            group = self.make("/groups", name="group " + letter, subsystems=["support"])
            self.site.ask("POST", ENGINE + "/group_users",
                          {"group_id": group, "user_id": self.users[holder(letter)], "permissions": bit})
            self.site.ask("POST", ENGINE + "/group_zones",
                          {"group_id": group, "zone_id": self.ids["zone"], "permissions": bit})
            self.ids["group"] = group  # the last one: of the holder of Manage

    def foreign(self):
        """Objects of the other domain, under the names of those here with other_ in front."""
        ids = self.ids
        self.user("other_victim", THERE)
        self.user("other_joiner", THERE)
        self.user("other_leaver", THERE)
        self.user("other_member", THERE)
        ids["other_victim_key"] = self.key("victim of the other", "other_victim")
        for place, name in (("", "victim"), ("other_", "other_victim")):
            for metadata in ("menu", "card"):
                self.make_metadata(self.users[name], metadata)
            ids[place + "user"] = self.users[name]
        ids["other_group"] = self.make("/groups", name="foreign", authority_id=ids["other_domain"])
        self.site.ask("POST", ENGINE + "/group_users", {"group_id": ids["other_group"], "permissions": 64,
                                                        "user_id": self.users["other_member"]})
        self.site.ask("POST", ENGINE + "/group_zones",
                      {"group_id": ids["other_group"], "zone_id": ids["zone"], "permissions": 1})
        for place, member in (("", holder("M")), ("other_", "other_member")):
            ids[place + "member"] = self.users[member]
            for name in ("joiner", "leaver"):
                ids[place + name] = self.users[place + name]
            ids[place + "subgroup"] = self.make("/groups", name=place + "below", parent_id=ids[place + "group"],
                                                authority_id=self.domain_of(THERE if place else HERE))
            ids[place + "invitation"] = self.make("/group_invitations", group_id=ids[place + "subgroup"],
                                                  email="guest@busbar.test")
        ids["admin"] = self.users["admin"]

    def make_metadata(self, parent, name):
        self.site.ask("POST", ENGINE + "/metadata", {"parent_id": parent, "name": name, "details": {}})

    def dead(self):
        ends = int(time.time()) + 2
        self.key("expired", "admin", "admin", expires_at=ends)
        self.site.ask("DELETE", f"{ENGINE}/api_keys/{self.key('revoked', 'admin', 'admin')}")
        self.keys["malformed"] = "bb_nothing"
        late = self.user("late", HERE)
        self.tokens["revoked"] = self.token(late, HERE)
        status, _ = Wire(self.site.port).ask("GET", "/auth/logout", headers={
            "Host": HERE, "Authorization": "Bearer " + self.tokens["revoked"]})
        assert status in (302, 303), status
        self.tokens["other_domain"] = self.token(self.user("stranger", THERE, sys_admin=True), THERE)
        self.tokens["good"] = self.token(late, HERE)
        wait_for(lambda: time.time() > ends, "the key is expired")

    def scope_keys(self, scopes):
        """Keys of the admin that a scope limits: `systems`, `systems.read`, `systems.write`."""
        for scope in scopes:
            self.key(scope, "admin", "admin", scopes=[scope])


class Wire:
    """A kept connection that sends bytes as they are; from an address of one's own, if one is named."""

    def __init__(self, port, source=None):
        self.port, self.source, self.socket, self.file = port, source, None, None

    def close(self):
        if self.socket is not None:
            self.file.close()
            self.socket.close()
            self.socket = None

    def ask(self, method, target, body="", headers=None):
        """(status, body) of one request."""
        status, _, text = self.exchange(method, target, body, headers)
        return status, text

    def exchange(self, method, target, body="", headers=None):
        head = {"Host": HERE, "Content-Type": "application/json", **(headers or {})}
        if body or method in ("POST", "PUT", "PATCH"):
            head["Content-Length"] = str(len(body.encode()))
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        request = f"{method} {target} HTTP/1.1\r\n{lines}\r\n{body}".encode()
        if self.socket is None:
            self.connect()
        self.socket.sendall(request)
        return self.read(method)

    def connect(self):
        self.socket = socket.create_connection(("127.0.0.1", self.port), 60,
                                               (self.source, 0) if self.source else None)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    def read(self, method):
        status = int(self.file.readline().split()[1])
        headers = {}
        while (line := self.file.readline().strip()):
            name, _, value = line.decode().partition(":")
            headers[name.strip().lower()] = value.strip()
        if status == 101 or headers.get("content-type") == "text/event-stream":
            self.close()  # let in; what follows has no end
            return status, headers, ""
        body = b""
        if method != "HEAD" and status not in (204, 304):
            body = self.file.read(int(headers.get("content-length", "0")))
            if headers.get("transfer-encoding") == "chunked":
                while (size := int(self.file.readline().split(b";")[0], 16)) > 0:
                    body += self.file.read(size + 2)[:-2]
                self.file.readline()
        if headers.get("connection", "").lower() == "close":
            self.close()
        return status, headers, body.decode("utf-8", "replace")
