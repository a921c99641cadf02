#!/bin/sh
# A key and a certificate of our own for TLS, and keys for ssh, made on the spot: keys.sh FOLDER tls|ssh
# Not for: anything but a test on the loopback: nobody should trust them.
set -eu
if [ "$2" = tls ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -keyout "$1/key.pem" \
    -out "$1/certificate.pem" 2>/dev/null
  cat "$1/key.pem" "$1/certificate.pem" >"$1/both.pem"
else
  rm -f "$1/host" "$1/user"
  ssh-keygen -q -t ed25519 -N '' -f "$1/host"
  ssh-keygen -q -t ed25519 -N '' -f "$1/user"
fi
