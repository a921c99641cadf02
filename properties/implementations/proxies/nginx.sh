#!/bin/sh
# nginx's stream module in front of a back end: nginx.sh PORT BACKEND FOLDER [udp] [LINE;...]
# "udp" makes it datagrams; the LINEs go into the server's block as they are.
# Not for: HTTP.
set -eu
port=$1 backend=$2 folder=$(mktemp -d "$3/nginx.XXXXXX")
shift 3
protocol=
if [ "${1-}" = udp ]; then protocol=udp && shift; fi
load=
for root in "" "${VERBATIM_ZOO_ROOT-}"; do  # Debian's module; elsewhere it is built in
  module=$root/usr/lib/nginx/modules/ngx_stream_module.so
  if [ -z "$load" ] && [ -e "$module" ]; then load="load_module $module;"; fi
done
cat >"$folder/nginx.conf" <<END
$load
daemon off;
pid $folder/pid;
error_log stderr;
worker_rlimit_nofile 4096;
events { worker_connections 4000; }
stream {
  server {
    listen 127.0.0.1:$port $protocol;
    proxy_pass $backend;
    proxy_timeout 1h;
    $*
  }
}
END
exec nginx -p "$folder" -e stderr -c "$folder/nginx.conf"
