# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""What a browser and an attacker send: exact bytes, sessions with cookies, websockets."""
import base64
import collections
import hashlib
import json
import os
import socket
import ssl
import struct
import urllib.parse

from site_under_test import PATIENCE_S

Answer = collections.namedtuple("Answer", "status headers body")  # headers: [(lower name, value)]


def parse_answer(raw):
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = [(name.lower(), value.strip())
               for name, _, value in (line.partition(":") for line in lines[1:])]
    return Answer(int(lines[0].split(" ")[1]) if raw else 0, headers, body)


def value_of(answer, name):
    """The header's value, or None."""
    return next((value for own, value in answer.headers if own == name), None)


def connect(site, source="127.0.0.1", tls=False):
    stream = socket.create_connection(("127.0.0.1", site.port), PATIENCE_S, (source, 0))
    if tls:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        stream = context.wrap_socket(stream)
    return stream


def send_raw(site, request, source="127.0.0.1", tls=False, until=b""):
    """All that comes back for exact bytes, until the end or until `until` was seen."""
    raw = b""
    with connect(site, source, tls) as stream:
        try:
            stream.sendall(request)
            while not (until and until in raw) and (data := stream.recv(65536)):
                raw += data
        except ConnectionError:
            pass  # what came before counts
    return parse_answer(raw)


def ask(site, method, target, headers=(), body=b"", **how):
    lines = [f"{method} {target} HTTP/1.1", f"Host: localhost:{site.port}", "Connection: close",
             *(f"{name}: {value}" for name, value in headers)]
    if body or method in ("POST", "PUT", "PATCH"):
        lines.append(f"Content-Length: {len(body)}")
    return send_raw(site, ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body, **how)


class Browser:
    """A person's browser, by its own address: keeps cookies."""

    def __init__(self, site, source="127.0.0.1", tls=False):
        self.site, self.how, self.cookies = site, {"source": source, "tls": tls}, {}
        self.verifier = base64.urlsafe_b64encode(os.urandom(33)).decode()

    def ask(self, method, target, headers=(), form=None):
        headers = list(headers)
        if self.cookies:
            headers.append(("Cookie", "; ".join(f"{n}={v}" for n, v in self.cookies.items())))
        body = b""
        if form is not None:
            body = urllib.parse.urlencode(form).encode()
            headers.append(("Content-Type", "application/x-www-form-urlencoded"))
        answer = ask(self.site, method, target, headers, body, **self.how)
        for name, value in answer.headers:
            if name == "set-cookie":
                cookie, _, content = value.split(";")[0].partition("=")
                self.cookies[cookie] = content
        return answer

    def sign_in(self, email, password, headers=()):
        return self.ask("POST", "/auth/signin", headers, {"email": email, "password": password})

    def code(self, app):
        """An authorization code for an application that does not keep secrets."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        query = urllib.parse.urlencode({
            "response_type": "code", "client_id": app["uid"], "redirect_uri": app["redirect_uri"],
            "code_challenge": challenge, "code_challenge_method": "S256", "state": "s"})
        answer = self.ask("GET", f"/auth/oauth/authorize?{query}")
        location = value_of(answer, "location") or ""
        return urllib.parse.parse_qs(urllib.parse.urlsplit(location).query)["code"][0]

    def redeem(self, app, code):
        return self.ask("POST", "/auth/oauth/token", form={
            "grant_type": "authorization_code", "client_id": app["uid"], "code": code,
            "redirect_uri": app["redirect_uri"], "code_verifier": self.verifier})

    def refresh(self, app, token):
        return self.ask("POST", "/auth/oauth/token", form={
            "grant_type": "refresh_token", "client_id": app["uid"], "refresh_token": token})

    def tokens(self, app):
        return json.loads(self.redeem(app, self.code(app)).body)


class WebSocket:
    """A client of the control socket that can break every rule."""
    PATH = "/api/engine/v2/systems/control"

    def __init__(self, site, headers=(), query="", source="127.0.0.1", receive_bytes=None):
        self.stream = socket.socket()
        if receive_bytes:
            self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.stream.settimeout(PATIENCE_S)
        self.stream.bind((source, 0))
        self.stream.connect(("127.0.0.1", site.port))
        lines = [f"GET {self.PATH}{query} HTTP/1.1", f"Host: localhost:{site.port}",
                 "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
                 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                 *(f"{name}: {value}" for name, value in headers)]
        self.stream.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.pending = b""
        while b"\r\n\r\n" not in self.pending and (data := self.stream.recv(65536)):
            self.pending += data
        head, _, self.pending = self.pending.partition(b"\r\n\r\n")
        self.status = int(head.split(b" ")[1])

    @staticmethod
    def frame(payload, opcode=1, is_last=True, claim=None):
        """`claim`: the length that is told instead of the true one, in 64 bits."""
        size = len(payload) if claim is None else claim
        head = bytes([opcode | (0x80 if is_last else 0)])
        if claim is not None or size > 65535:
            head += b"\xff" + struct.pack(">Q", size)
        elif size > 125:
            head += b"\xfe" + struct.pack(">H", size)
        else:
            head += bytes([0x80 | size])
        return head + b"\0\0\0\0" + payload  # a mask of zeroes changes nothing

    def send(self, payload, opcode=1, **more):
        self.stream.sendall(self.frame(payload, opcode, **more))

    def command(self, verb, identity, place, **more):
        system, module, index, name = place
        self.send(json.dumps({"id": identity, "cmd": verb, "sys": system, "mod": module,
                              "index": index, "name": name, **more}).encode())

    def receive(self):
        """(opcode, payload) of the next frame; None at the end of the connection."""
        while True:
            if len(self.pending) >= 2:
                size, at = self.pending[1] & 0x7F, 2
                if size > 125:
                    at += 2 if size == 126 else 8
                    size = int.from_bytes(self.pending[2:at], "big") if len(self.pending) >= at \
                        else 1 << 60
                if len(self.pending) >= at + size:
                    opcode, payload = self.pending[0] & 0x0F, self.pending[at:at + size]
                    self.pending = self.pending[at + size:]
                    return opcode, payload
            try:
                data = self.stream.recv(65536)
            except ConnectionError:
                data = b""
            if not data:
                return None
            self.pending += data

    def reply(self):
        """The next text as JSON; other frames are passed over."""
        while frame := self.receive():
            if frame[0] == 1 and frame[1] != b"pong":
                return json.loads(frame[1])
        return None

    def close_code(self):
        """How the server ends it: the code of its Close, or 0 for a connection that was cut."""
        while frame := self.receive():
            if frame[0] == 8:
                return int.from_bytes(frame[1][:2], "big")
        return 0

    def close(self):
        self.stream.close()
