#!/bin/sh
# A kcptun pair, TCP over UDP: kcptun.sh PORT BACKEND
# Not for: its tuning for long lines.
set -eu
inner=$(python3 "$(dirname "$0")/inner_port.py")
kcptun-server -l "127.0.0.1:$inner" -t "$2" --key key --quiet --log /dev/null &
exec kcptun-client -l "127.0.0.1:$1" -r "127.0.0.1:$inner" --key key --quiet --log /dev/null
