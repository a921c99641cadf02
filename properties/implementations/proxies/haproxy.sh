#!/bin/sh
# haproxy as a TCP proxy: haproxy.sh PORT BACKEND FOLDER
# Not for: HTTP, or more than one back end.
set -eu
folder=$(mktemp -d "$3/haproxy.XXXXXX")
cat >"$folder/haproxy.cfg" <<END
defaults
  mode tcp
  timeout connect 10s
  timeout client 1h
  timeout server 1h
listen echo
  bind 127.0.0.1:$1
  server backend $2
END
exec haproxy -db -f "$folder/haproxy.cfg"
