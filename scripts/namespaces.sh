#!/bin/sh
# PID 1 of namespaces of our own: namespaces.sh FOLDER COMMAND...
# A shell, because PID 1 inherits the orphans that daemons leave, and a shell reaps them. What is mounted here is seen by
# nobody else, and ends with the last process in here.
set -eu
folder=$1
shift

# An empty /run hides the host's containerd, docker.sock, systemd and D-Bus; -n, since mount keeps notes under the host's.
mount -n -t tmpfs -o mode=0755 tmpfs /run
mkdir -m 1777 /run/lock
# `--userns-remap=default` writes the user dockremap into passwd, group, subuid and subgid.
cp -a /etc /run/etc
mount -n --bind /run/etc /etc
# The host's may be a link into /run, and there is no name server in here.
rm -f /etc/resolv.conf
: >/etc/resolv.conf
# A daemon's data folder that lives in memory: fast, whole for overlay2, and gone with the namespace.
mkdir -p -m 0755 "$folder"
ip link set lo up

code=0
"$@" || code=$?
# The CPU time of all that has ended in here.
test -z "${DOCKER_MTLS_TIMES-}" || times >"$DOCKER_MTLS_TIMES"
exit "$code"
