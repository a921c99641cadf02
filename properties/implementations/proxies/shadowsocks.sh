#!/bin/sh
# A shadowsocks tunnel, ss-tunnel -> ss-server: shadowsocks.sh PORT BACKEND
# Not for: SOCKS.
set -eu
inner=$(python3 "$(dirname "$0")/inner_port.py")
ss-server -s 127.0.0.1 -p "$inner" -k key -m aes-256-gcm -t 3600 &
exec ss-tunnel -s 127.0.0.1 -p "$inner" -b 127.0.0.1 -l "$1" -k key -m aes-256-gcm -t 3600 -L "$2"
