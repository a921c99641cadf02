#!/bin/sh
# A pair of socats, plain -> TLS -> plain: socat_openssl.sh PORT BACKEND FOLDER
# FOLDER has both.pem of keys.sh.
# Not for: checking certificates.
set -eu
inner=$(python3 "$(dirname "$0")/inner_port.py")
socat -t 30 "OPENSSL-LISTEN:$inner,bind=127.0.0.1,fork,reuseaddr,backlog=128,cert=$3/both.pem,verify=0" "TCP:$2" &
exec socat -t 30 "TCP-LISTEN:$1,bind=127.0.0.1,fork,reuseaddr,backlog=128" "OPENSSL:127.0.0.1:$inner,verify=0"
