# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""Where actions of triggers end: a receiver of webhooks and a mail server."""
import collections
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import re
import select
import subprocess
import threading
import time

from site_under_test import PATIENCE_S, wait_for

MAIL_PYTHON = "/usr/bin/python3"  # Debian's, which python3-aiosmtpd is for
MAIL_SERVER = pathlib.Path(__file__).resolve().parents[1] / "integration/api/smtp_server.py"

Delivery = collections.namedtuple("Delivery", "path headers body came_s")


def has_mail_server():
    return subprocess.run([MAIL_PYTHON, "-c", "import aiosmtpd"], capture_output=True,
                          check=False).returncode == 0


def throwaway_pair(folder):
    """(certificate, key) files for 127.0.0.1; the certificate is its own authority."""
    pair = [os.path.join(folder, name) for name in ("mail-cert.pem", "mail-key.pem")]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-days", "2", "-subj", "/CN=mail", "-addext",
                    "subjectAltName=IP:127.0.0.1", "-out", pair[0], "-keyout", pair[1]],
                   check=True, capture_output=True)
    return pair


def signature_of(secret, stamp, body):
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


class Receiver(http.server.ThreadingHTTPServer):
    """Notes each webhook, and answers 200 while its gate is open; else when it opens."""
    request_queue_size = 128

    def __init__(self):
        self.seen = []
        self.gate = threading.Event()
        self.gate.set()
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.server.seen.append(Delivery(self.path, self.headers, body, time.monotonic()))
            self.server.gate.wait(PATIENCE_S)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    def handle_error(self, *_):
        pass  # whoever waited for the answer was killed

    def of(self, path, value):
        """What came to `path` with {"value": value}, in order."""
        return [each for each in list(self.seen)
                if each.path == path and json.loads(each.body)["value"] == value]

    def close(self):
        self.gate.set()
        self.shutdown()
        self.server_close()


class MailServer:
    """smtp_server.py: `mode` is starttls, tls or none."""

    def __init__(self, mode, *pair):
        files = ("--cert", pair[0], "--key", pair[1]) if pair else ()
        self._process = subprocess.Popen([MAIL_PYTHON, "-B", str(MAIL_SERVER), mode, *files],
                                         text=True, stdout=subprocess.PIPE)
        self.seen = []
        try:
            ready, _, _ = select.select([self._process.stdout], [], [], PATIENCE_S)
            line = self._process.stdout.readline() if ready else ""
            self.port = int(re.fullmatch(r"127\.0\.0\.1:(\d+)\n", line).group(1))
        except BaseException:
            self._process.kill()
            raise
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        for line in self._process.stdout:
            self.seen.append(json.loads(line))

    def wait_mail(self, count):
        wait_for(lambda: len(self.seen) >= count, f"{count} mails")
        return self.seen[:count]

    def close(self):
        self._process.terminate()
        self._process.wait()
        self._thread.join()
        self._process.stdout.close()
