#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
#
# Starts Debian's snmpd on a loopback UDP port, for tests and demonstrations, with a community and three v3
# users. Prints "ready PORT" when it answers, serves in the foreground, ends on SIGTERM or after --for seconds.
#
#   snmpd.sh --state DIR [--port PORT] [--community NAME] [--for SECONDS]
#
# PORT 0 (the default) takes a free one. DIR is made if absent and holds configuration and engine state.
#   community  NAME (default "public"), read and write
#   busbar     authPriv, SHA "authpassword", AES "privpassword"
#   busbar256  authPriv, SHA-256 "authpassword", AES-256 "privpassword"
#   busbarauth authNoPriv, SHA-512 "authpassword"
set -euo pipefail

state="" port=0 community=public lifetime=3600
while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || { echo "snmpd.sh: $1 needs a value" >&2; exit 2; }
  case "$1" in
    --state) state=$2 ;;
    --port) port=$2 ;;
    --community) community=$2 ;;
    --for) lifetime=$2 ;;
    *) echo "snmpd.sh: unknown option $1" >&2; exit 2 ;;
  esac
  shift 2
done
[ -n "$state" ] || { echo "snmpd.sh: --state DIR is missing" >&2; exit 2; }
for number in "$port" "$lifetime"; do
  [[ $number =~ ^[0-9]+$ ]] || { echo "snmpd.sh: $number is not a number" >&2; exit 2; }
done
[[ $community =~ ^[A-Za-z0-9_]+$ ]] || { echo "snmpd.sh: the community may hold letters, digits and _" >&2; exit 2; }

server=$(PATH=$PATH:/usr/sbin command -v snmpd) || { echo "snmpd.sh: snmpd is not installed" >&2; exit 2; }
state=$(realpath -m "$state")
mkdir -p "$state/persistent"
cat > "$state/snmpd.conf" <<CONF
rwcommunity $community 127.0.0.1
rwuser busbar priv
rwuser busbar256 priv
rwuser busbarauth auth
sysName simulated
sysServices 72
agentXPerms 0600 0600
CONF
# createUser is obeyed, and replaced by localised keys, only in the persistent file.
if ! grep -qs usmUser "$state/persistent/snmpd.conf"; then
  cat > "$state/persistent/snmpd.conf" <<CONF
createUser busbar SHA "authpassword" AES "privpassword"
createUser busbar256 SHA-256 "authpassword" AES-256 "privpassword"
createUser busbarauth SHA-512 "authpassword"
CONF
fi

# True when a UDP socket of the loopback address is bound to the port.
is_bound() { grep -q "0100007F:$(printf %04X "$1") " /proc/net/udp; }

child=""
end() { [ -z "$child" ] || kill "$child" 2>/dev/null || true; wait || true; exit 0; }
trap end TERM INT

for _ in $(seq 20); do
  chosen=$port
  [ "$port" != 0 ] || chosen=$((20000 + RANDOM % 12000))
  if ! is_bound "$chosen"; then
    SNMPCONFPATH=$state:$state/persistent SNMP_PERSISTENT_DIR=$state/persistent MIBS="" timeout --foreground "$lifetime" \
      "$server" -f -Lf "$state/snmpd.log" -I -smux "udp:127.0.0.1:$chosen" &
    child=$!
    for _ in $(seq 200); do
      if is_bound "$chosen"; then
        echo "ready $chosen"
        wait "$child" || true
        exit 0
      fi
      kill -0 "$child" 2>/dev/null || break
      sleep 0.05
    done
    kill "$child" 2>/dev/null || true
  fi
  [ "$port" = 0 ] || break
done
echo "snmpd.sh: snmpd did not start; see $state/snmpd.log" >&2
exit 1
