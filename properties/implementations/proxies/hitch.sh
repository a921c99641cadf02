#!/bin/sh
# hitch behind a stunnel, plain -> TLS -> plain: hitch.sh PORT BACKEND_HOST BACKEND_PORT FOLDER
# FOLDER has both.pem of keys.sh.
# Not for: checking certificates.
set -eu
folder=$(mktemp -d "$4/hitch.XXXXXX") here=$(dirname "$0")
inner=$(python3 "$here/inner_port.py")
cat >"$folder/client.conf" <<END
foreground = yes
pid =
syslog = no
debug = 4
[client]
client = yes
accept = 127.0.0.1:$1
connect = 127.0.0.1:$inner
END
as=
if [ "$(id -u)" = 0 ]; then as=--user=nobody; fi  # it refuses to serve as root
hitch $as --frontend="[127.0.0.1]:$inner" --backend="[$2]:$3" --log-level=0 "$4/both.pem" &
exec stunnel4 "$folder/client.conf"
