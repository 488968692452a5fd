#!/bin/sh
# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0

# make_certificates.sh FOLDER: a private authority (ca.pem), certificates by it, each with its key:
# device (127.0.0.1, device.test), expired, other (another name), client; and self, by itself.
set -eu
cd "$1"
key="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
# shellcheck disable=SC2086 # several words
openssl req -x509 $key -keyout ca.key -out ca.pem -subj "/CN=Test authority" -days 2 2>/dev/null

# issue NAME SAN DAYS
issue() {
  # shellcheck disable=SC2086 # several words
  openssl req $key -keyout "$1.key" -out "$1.csr" -subj "/CN=$1" 2>/dev/null
  echo "subjectAltName=$2" >"$1.ext"
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days "$3" -extfile "$1.ext" \
    -out "$1.pem" 2>/dev/null
}
issue device "IP:127.0.0.1,DNS:device.test" 2
issue expired "IP:127.0.0.1" -1
issue other "DNS:other.test" 2
issue client "DNS:client.test" 2
# shellcheck disable=SC2086 # several words
openssl req -x509 $key -keyout self.key -out self.pem -subj "/CN=self" -days 2 2>/dev/null
openssl x509 -in self.pem -pubkey -noout | openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary |
  openssl base64 >self.pin
