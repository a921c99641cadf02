#!/bin/sh
# xinetd's redirect: xinetd.sh PORT BACKEND_HOST BACKEND_PORT FOLDER
# Not for: its built-in services.
set -eu
folder=$(mktemp -d "$4/xinetd.XXXXXX")
cat >"$folder/xinetd.conf" <<END
service echo-behind
{
  type = UNLISTED
  socket_type = stream
  protocol = tcp
  flags = IPv4 NOLIBWRAP
  bind = 127.0.0.1
  port = $1
  wait = no
  user = $(id -un)
  redirect = $2 $3
  cps = 100000 1
  instances = UNLIMITED
  per_source = UNLIMITED
}
END
exec xinetd -dontfork -f "$folder/xinetd.conf" -pidfile "$folder/pid"
