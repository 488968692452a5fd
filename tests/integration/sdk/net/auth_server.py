#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""A server that wants digest authentication (RFC 7616, qop=auth), or a proxy that says what it saw.

  auth_server.py MD5|SHA-256|proxy

Prints ADDRESS:PORT on its first line. Digest: user Mufasa, password "Circle of Life"; the answer is the body.
"""
import hashlib
import http.server
import re
import secrets
import sys

KIND = sys.argv[1]
NONCE = secrets.token_hex(16)


def digest(text):
    return hashlib.new("md5" if KIND == "MD5" else "sha256", text.encode()).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    last = ""

    def answer(self, status, body, *headers):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def is_known(self):
        fields = dict(re.findall(r'(\w+)="?([^",]*)"?', self.headers.get("Authorization", "")))
        if fields.get("nonce") != NONCE or fields.get("uri") != self.path:
            return False
        ha1 = digest("Mufasa:it:Circle of Life")
        ha2 = digest(f"{self.command}:{self.path}")
        expected = digest(f"{ha1}:{NONCE}:{fields['nc']}:{fields['cnonce']}:{fields['qop']}:{ha2}")
        return fields.get("response") == expected

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if KIND == "proxy":
            said = (f"{self.command} {self.path} {self.headers['Host']} {self.headers['Proxy-Authorization']} "
                    f"{self.headers['Authorization']}")
            shown = Handler.last if self.path.endswith("/last") else said
            Handler.last = said
            self.answer(403 if self.command == "CONNECT" else 200, shown.encode())
        elif self.is_known():
            self.answer(200, body)
        else:
            self.answer(401, b"who are you?",
                        ("WWW-Authenticate", f'Digest realm="it", qop="auth", algorithm={KIND}, nonce="{NONCE}"'))

    do_GET = do_POST = do_CONNECT = serve

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(f"127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
