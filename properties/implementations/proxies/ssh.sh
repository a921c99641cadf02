#!/bin/sh
# A tunnel of ssh -L, to an sshd of our own on a pipe (no second port, no account but ours): ssh.sh PORT BACKEND FOLDER
# FOLDER has the keys of keys.sh.
# Not for: logins; the system's sshd and its keys are not touched.
set -eu
keys=$3 folder=$(mktemp -d "$3/ssh.XXXXXX")
cp "$keys/user.pub" "$folder/authorized_keys"
sshd=$(command -v sshd || echo /usr/sbin/sshd)
# What sshd wants before it drops its rights; elsewhere than in a container the system has made it.
if [ "$(id -u)" = 0 ]; then mkdir -p /run/sshd; fi
cat >"$folder/sshd_config" <<END
HostKey $keys/host
AuthorizedKeysFile $folder/authorized_keys
StrictModes no
UsePAM no
PermitRootLogin yes
PasswordAuthentication no
MaxSessions 2000
END
set -- ssh -F none -N -o ProxyCommand="$sshd -i -f $folder/sshd_config" -o UserKnownHostsFile=/dev/null \
  -o StrictHostKeyChecking=no -o IdentitiesOnly=yes -o IdentityAgent=none -o LogLevel=ERROR \
  -o ExitOnForwardFailure=yes -i "$keys/user" -L "127.0.0.1:$1:$2" "$(id -un)@localhost"
# Root's sshd wants the account that it drops its rights to. A package that was only unpacked has made none: it is seen
# by this tunnel alone, in a mount namespace of its own.
if [ "$(id -u)" = 0 ] && ! getent passwd sshd >/dev/null; then
  { cat /etc/passwd && echo 'sshd:x:65534:65534::/run/sshd:/usr/sbin/nologin'; } >"$folder/passwd"
  set -- unshare --mount sh -c 'mount --bind "$0" /etc/passwd && exec "$@"' "$folder/passwd" "$@"
fi
exec "$@"
