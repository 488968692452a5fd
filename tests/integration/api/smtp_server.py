#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""A mail server (aiosmtpd) that says what it took.

  smtp_server.py starttls|tls|none [--cert FILE --key FILE] [--user USER --password PASSWORD]

Prints ADDRESS:PORT on its first line, then a line of JSON for each mail. What recipients get by their names:
later: 450 for the first two tries; never: 550; spam: 554 after the text; slow: no answer after the text.
"""
import argparse
import asyncio
import email
import email.policy
import json
import ssl

from aiosmtpd.smtp import SMTP, AuthResult


class Handler:
    def __init__(self):
        self.tries = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.split("@")[0]
        if name == "later":
            self.tries += 1
            if self.tries <= 2:
                return "450 4.2.0 come back later, secret-of-the-server"
        if name == "never":
            return "550 5.1.1 nobody here, secret-of-the-server"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        names = [address.split("@")[0] for address in envelope.rcpt_tos]
        if "spam" in names:
            return "554 5.7.1 spam, secret-of-the-server"
        if "slow" in names:
            await asyncio.sleep(3600)
        message = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
        text = message.get_content().replace("\r\n", "\n")
        print(json.dumps({
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "hello": session.host_name,
            "tls": server.transport.get_extra_info("ssl_object") is not None,
            "user": session.auth_data,
            "subject": message["Subject"],
            "id": message["Message-ID"],
            "text": text[:1000],  # a pipe that nobody reads yet holds 64 KiB
            "text_bytes": len(text.encode()),
            "defects": [str(defect) for defect in message.defects],
        }), flush=True)
        return "250 2.0.0 taken"


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=["starttls", "tls", "none"])
    for name in ("cert", "key", "user", "password"):
        parser.add_argument("--" + name)
    return parser.parse_args()


async def serve(args):
    context = None
    if args.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(args.cert, args.key)

    def check(server, session, envelope, mechanism, data):
        is_right = data.login == args.user.encode() and data.password == args.password.encode()
        return AuthResult(success=is_right, handled=False, auth_data=args.user if is_right else None)

    handler = Handler()
    is_starttls = args.mode == "starttls"

    def session():
        return SMTP(handler, hostname="mail.example", loop=asyncio.get_running_loop(),
                    tls_context=context if is_starttls else None, require_starttls=is_starttls,
                    authenticator=check if args.user else None, auth_required=bool(args.user),
                    auth_require_tls=is_starttls)

    server = await asyncio.get_running_loop().create_server(
        session, "127.0.0.1", 0, ssl=context if args.mode == "tls" else None)
    print("127.0.0.1:%d" % server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(serve(options()))
