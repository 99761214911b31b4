#!/bin/sh
# PID 1 of our namespaces: namespaces.sh FOLDER COMMAND...
# A shell, because PID 1 inherits the orphans of daemons, and a shell reaps them. Mounts are visible only inside, and
# disappear with the last process.
set -eu
folder=$1
shift

# An empty /run hides the host's containerd, docker.sock, systemd and D-Bus. -n, because mount keeps state in the host's /run.
mount -n -t tmpfs -o mode=0755 tmpfs /run
mkdir -m 1777 /run/lock
# `--userns-remap=default` writes the user dockremap into passwd, group, subuid and subgid.
cp -a /etc /run/etc
mount -n --bind /run/etc /etc
# The host's resolv.conf may be a link into /run, and no name server is reachable from here.
rm -f /etc/resolv.conf
# Another engine in the place of the system's: a folder with usr/ and etc/ (engines.ts).
if test -n "${DOCKER_MTLS_ENGINE-}"; then
  mount -n -t overlay -o "lowerdir=$DOCKER_MTLS_ENGINE/usr:/usr" overlay /usr
  cp -a "$DOCKER_MTLS_ENGINE/etc/." /etc
fi
: >/etc/resolv.conf
# The daemon's data folder, in memory: fast, usable for overlay2, and gone with the namespace.
mkdir -p -m 0755 "$folder"
ip link set lo up

code=0
"$@" || code=$?
# The CPU time of all processes that have ended in here.
test -z "${DOCKER_MTLS_TIMES-}" || times >"$DOCKER_MTLS_TIMES"
exit "$code"
