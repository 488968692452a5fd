# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""HTTPS as a scanner sees it: openssl s_client against busbard; certificates change on SIGHUP."""
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import unittest

import cases
from site_under_test import Site, wait_for

# What each offer of a client comes to. @SECLEVEL=0 lets the client offer what is too old for it.
MATRIX = (
    ("-tls1_3", "", "TLSv1.3"),
    ("-tls1_2", "ECDHE-ECDSA-AES128-GCM-SHA256", "TLSv1.2"),
    ("-tls1_2", "ECDHE-ECDSA-AES256-GCM-SHA384", "TLSv1.2"),
    ("-tls1_2", "ECDHE-ECDSA-CHACHA20-POLY1305", "TLSv1.2"),
    ("-tls1_2", "ECDHE-ECDSA-AES128-SHA256", None),  # CBC
    ("-tls1_2", "ECDHE-ECDSA-AES128-SHA", None),
    ("-tls1_2", "AES128-GCM-SHA256", None),  # no forward secrecy
    ("-tls1_2", "AES128-SHA", None),
    ("-tls1_2", "DHE-RSA-AES128-GCM-SHA256", None),
    ("-tls1_2", "AECDH-AES128-SHA", None),  # nobody is authenticated
    ("-tls1_2", "ECDHE-ECDSA-NULL-SHA", None),
    ("-tls1_1", "ALL:@SECLEVEL=0", None),
    ("-tls1", "ALL:@SECLEVEL=0", None),
)


@unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
class Tls(unittest.TestCase):
    def setUp(self):
        self.site = Site()  # its key comes over the control socket, all else over TLS
        self.addCleanup(self.site.__exit__, None, None, None)
        self.pair = [os.path.join(self.site.folder, name) for name in ("cert.pem", "key.pem")]
        self.write_pair("before")
        self.site.flags = ("--tls-cert", self.pair[0], "--tls-key", self.pair[1])
        self.site.__enter__()

    def write_pair(self, name):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                        "-out", self.pair[0], "-keyout", self.pair[1]],
                       check=True, capture_output=True)

    def client(self, *words, lines=""):
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.site.port}",
                               *words], input=lines, capture_output=True, text=True, timeout=30,
                              check=False)
        return done.stdout + done.stderr

    def subject(self):
        found = re.search(r"subject=.*CN ?= ?(\w+)", self.client())
        return found and found.group(1)

    def test_versions_and_ciphers(self):
        for version, cipher, wanted in MATRIX:
            with self.subTest(f"{version} {cipher}"):
                said = self.client(version, *(("-cipher", cipher) if cipher else ()))
                got = re.search(r"New, (TLSv1[.0-9]*), Cipher is (\S+)", said)
                self.assertEqual(got and got.group(1), wanted, said[-600:])
                if got and cipher:
                    self.assertEqual(got.group(2), cipher)

    def test_no_renegotiation_and_no_compression(self):
        said = self.client("-tls1_2")
        self.assertIn("Compression: NONE", said)
        self.assertIn("Secure Renegotiation IS supported", said)  # signalled, to be refused
        said = self.client("-tls1_2", lines="R\n")
        self.assertRegex(said, "no renegotiation|handshake failure|RENEGOTIATING\n.*error")
        self.assertNotIn("HTTP/1.1 200", said)

    def connect(self):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(socket.create_connection(("127.0.0.1", self.site.port)))

    def alive(self, connection):
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        return connection.recv(4096).startswith(b"HTTP/1.1 200")

    def test_certificates_are_read_again_on_sighup(self):
        with self.connect() as old:
            self.assertTrue(self.alive(old))
            self.assertEqual(self.subject(), "before")
            self.write_pair("after")
            self.assertEqual(self.subject(), "before", "nothing changes by itself")
            self.site.process.send_signal(signal.SIGHUP)
            wait_for(lambda: self.subject() == "after", "the new certificate is shown")
            with open(self.pair[0], "w", encoding="utf-8") as file:
                file.write("rubbish")
            self.site.process.send_signal(signal.SIGHUP)
            wait_for(lambda: "cert.pem" in self.site.log(), "the log names the bad file")
            self.assertEqual(self.subject(), "after", "the pair that works stays")
            self.assertTrue(self.alive(old), "connections outlive all of it")
        self.assertEqual(self.site.stop()[0], 0)


if __name__ == "__main__":
    cases.main()
