#!/bin/sh
# An inetd with one service on any port: inetd.sh PROGRAM tcp|udp PORT FOLDER internal|COMMAND...
# PROGRAM: inetutils-inetd, inetd (OpenBSD's) or xinetd. "internal" is its own built-in echo.
# Not for: a real machine's services: nothing limits how many come, and how often.
set -eu
program=$1 protocol=$2 port=$3 folder=$(mktemp -d "$4/inetd.XXXXXX")
shift 4
if [ "$protocol" = tcp ]; then type=stream wait=nowait; else type=dgram wait=wait; fi

if [ "${program##*/}" = xinetd ]; then
  {
    echo "service echo"
    echo "{"  # on a line of its own, or xinetd starts with no service
    echo "  socket_type = $type"
    echo "  protocol = $protocol"
    echo "  port = $port"
    echo "  user = $(id -un)"
    echo "  flags = IPv4 NOLIBWRAP"  # it asks for the name of each peer, and /etc/hosts has none for ::ffff:127.0.0.1
    echo "  cps = 1000000 1"  # 50 a second, and 10 s of silence, unless given
    if [ "$1" = internal ]; then
      echo "  type = INTERNAL UNLISTED"
      echo "  wait = no"
    else
      echo "  type = UNLISTED"
      if [ $wait = wait ]; then echo "  wait = yes"; else echo "  wait = no"; fi
      echo "  server = $1"
      shift
      if [ $# != 0 ]; then echo "  server_args = $*"; fi
    fi
    echo "}"
  } >"$folder/xinetd.conf"
  exec xinetd -dontfork -f "$folder/xinetd.conf" -pidfile "$folder/pid" -filelog "$folder/log"
fi

# The older ones know their built-in services by name alone, and the name's port from /etc/services: here it is another
# file, in a mount namespace of our own.
echo "echo $port/$protocol" >"$folder/services"
if [ "$1" = internal ]; then
  echo "echo $type $protocol $wait root internal" >"$folder/inetd.conf"
else
  echo "echo $type $protocol $wait.1000000 root $1 $*" >"$folder/inetd.conf"
fi
case $program in
  *inetutils-inetd) set -- "$program" -d -R 1000000 -p"$folder/pid" "$folder/inetd.conf" ;;
  *) set -- "$program" -i -R 1000000 "$folder/inetd.conf" ;;
esac
exec unshare -rm sh -c 'mount --bind "$1" /etc/services && shift && exec "$@"' sh "$folder/services" "$@"
