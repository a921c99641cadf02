#!/bin/sh
# A pair of stunnels, plain -> TLS -> plain: stunnel.sh PORT BACKEND FOLDER [LINE...]
# FOLDER has both.pem of keys.sh. Between the two is a unix socket, so that no second port is needed. The LINEs go into
# both configurations.
# Not for: checking certificates.
set -eu
port=$1 backend=$2 keys=$3 folder=$(mktemp -d "$3/stunnel.XXXXXX")
shift 3
for line in "$@"; do echo "$line" >>"$folder/lines"; done
touch "$folder/lines"
cat - "$folder/lines" >"$folder/server.conf" <<END
foreground = yes
pid =
syslog = no
debug = 4
[server]
accept = $folder/tls
connect = $backend
cert = $keys/both.pem
END
cat - "$folder/lines" >"$folder/client.conf" <<END
foreground = yes
pid =
syslog = no
debug = 4
[client]
client = yes
accept = 127.0.0.1:$port
connect = $folder/tls
END
stunnel4 "$folder/server.conf" &
while [ ! -S "$folder/tls" ]; do kill -0 $! && sleep 0.02; done
exec stunnel4 "$folder/client.conf"
