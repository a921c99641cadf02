#!/bin/sh
# rinetd: rinetd.sh PORT BACKEND_HOST BACKEND_PORT FOLDER [tcp|udp]
# Not for: allow and deny rules.
set -eu
folder=$(mktemp -d "$4/rinetd.XXXXXX")
echo "127.0.0.1 $1/${5-tcp} $2 $3/${5-tcp}" >"$folder/rinetd.conf"
exec rinetd -f -c "$folder/rinetd.conf"
