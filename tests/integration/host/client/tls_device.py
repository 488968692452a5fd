#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""A device that speaks TLS on loopback: echoes what it gets, one connection after the other.

tls_device.py CERTIFICATE KEY [--client-ca FILE] [--starttls] [--tls12]
Prints its port. With --starttls it begins in clear, answers the line STARTTLS with "220 go" and goes
on with TLS. It leaves the choice of the cipher to the other side. The line "peer" is answered with the
client certificate's name, "cipher" with the cipher's, "rubbish" with some lines and then
bytes that are no TLS, "bye" ends the connection.
"""

import argparse
import os
import socket
import ssl
import sys


def line_of(connection, buffer):
    while b"\n" not in buffer:
        more = connection.recv(65536)
        if not more:
            return None
        buffer.extend(more)
    end = buffer.index(b"\n") + 1
    line = bytes(buffer[:end])
    del buffer[:end]
    return line


def name_of(connection):
    certificate = connection.getpeercert() if isinstance(connection, ssl.SSLSocket) else None
    return dict(pair[0] for pair in certificate["subject"])["commonName"] if certificate else "nobody"


def serve(connection, context, starts_in_clear):
    if not starts_in_clear:
        connection = context.wrap_socket(connection, server_side=True)
    buffer = bytearray()
    while (line := line_of(connection, buffer)) is not None:
        if line == b"STARTTLS\n" and not isinstance(connection, ssl.SSLSocket):
            connection.sendall(b"220 go\n")
            connection = context.wrap_socket(connection, server_side=True)
        elif line == b"inject\n":
            # What somebody on the way could add: clear bytes right behind the answer.
            connection.sendall(b"220 go\nforged\n")
            connection = context.wrap_socket(connection, server_side=True)
        elif line == b"peer\n":
            connection.sendall(name_of(connection).encode() + b"\n")
        elif line == b"cipher\n":
            connection.sendall(connection.cipher()[0].encode() + b"\n")
        elif line == b"rubbish\n":
            connection.sendall(b"x" * 20000 + b"\n")
            connection.sendall(b"last words\n")
            with socket.socket(fileno=os.dup(connection.fileno())) as wire:
                wire.sendall(b"no record at all")
        elif line == b"bye\n":
            break
        else:
            secure = b"secret " if isinstance(connection, ssl.SSLSocket) else b"clear "
            connection.sendall(secure + line)
    if isinstance(connection, ssl.SSLSocket):
        connection.unwrap()
    connection.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("certificate")
    parser.add_argument("key")
    parser.add_argument("--client-ca")
    parser.add_argument("--starttls", action="store_true")
    parser.add_argument("--tls12", action="store_true")
    options = parser.parse_args()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.certificate, options.key)
    context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    if options.tls12:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    if options.client_ca:
        context.load_verify_locations(options.client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        try:
            serve(connection, context, options.starttls)
        except (OSError, ssl.SSLError) as error:
            print(error, file=sys.stderr, flush=True)


main()
