#!/bin/sh
# Boots this machine's own systemd as PID 1 of a copy of this machine: a read-only look at the root file system, with a
# disk in memory over it. Two stages, because the cgroup has to be made before its namespace.
#
#   boot.sh outer FOLDER NAME    supervises: makes the disk and the cgroup NAME, starts the inner stage, starts it once
#                                more for every line of its stdin after an end of it, and removes what it made
#   boot.sh inner FOLDER         becomes PID 1
#
# FOLDER is an empty folder. All mounts are in namespaces of their own and go with them. What is wanted comes in
# MACHINE_* variables: machine.ts says which.
set -eu
umask 022

outer() {
  folder=$1
  cgroup=$1/cgroup/$2
  # From the first moment on: a signal in the middle of the work must not leave a cgroup behind. And whoever would
  # read our output may be dead by then: the shell's own "Killed" must not end us.
  init=
  stopped=
  trap 'trap "" TERM INT HUP; exec >/dev/null 2>&1; stopped=1; test -z "$init" || kill -KILL "$init"' TERM INT HUP
  mount --make-rprivate /
  mount -t tmpfs -o mode=755 harness "$folder"
  mkdir "$folder/cgroup" "$folder/disk" "$folder/root"
  mount -t tmpfs -o "mode=755,size=$MACHINE_DISK" disk "$folder/disk"
  # Docker's folders are no part of the overlay: not every kernel lets overlay2 lie on one.
  mkdir "$folder/disk/upper" "$folder/disk/work" "$folder/disk/docker" "$folder/disk/containerd"
  chmod 710 "$folder/disk/docker"
  chmod 711 "$folder/disk/containerd"
  mount -t cgroup2 harness "$folder/cgroup"
  forget_the_dead "$folder/cgroup"
  while test -z "$stopped"; do
    # systemd makes init.scope and system.slice in its cgroup: in the root they would be the host's own.
    mkdir -p "$cgroup/visitors"
    # A killed supervisor takes unshare with it, and --kill-child that one's child.
    sh -c 'echo $$ >"$2/cgroup.procs"; exec setpriv --pdeathsig KILL \
      unshare --uts --ipc --net --cgroup --mount --pid --fork --kill-child sh "$0" inner "$1"' \
      "$0" "$folder" "$cgroup" </dev/null &
    init=$!
    test -z "$stopped" || kill -KILL "$init"
    # wait is interrupted by a signal, and once more by the end of what the trap killed.
    while kill -0 "$init" 2>/dev/null; do wait "$init" || true; done
    init=
    remove "$cgroup"
    test -n "$stopped" && break
    echo ended
    read -r _ || break
  done
  umount --lazy --recursive "$folder"
  rmdir "$folder"
}

# The processes of a killed PID namespace leave their cgroups one after the other.
remove() {
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    find "$1" -depth -type d -exec rmdir {} + 2>/dev/null || true
    test -d "$1" || return 0
    sleep 0.1
  done
}

# What runs left behind that were killed outright: a cgroup without any process.
forget_the_dead() {
  find "$1" -maxdepth 1 -type d -path "$1/docker-mtls-machine-*" -mmin +1 | while read -r old; do
    if grep -q '^populated 0' "$old/cgroup.events"; then
      find "$old" -depth -type d -exec rmdir {} + 2>/dev/null || true
    fi
  done
}

inner() {
  # /proc is still the host's here, and so is the number that it gives us.
  read -r pid _ </proc/self/stat
  mount --make-rprivate /
  disk=$1/disk
  root=$1/root
  here=${0%/*}
  test -e "$disk/furnished" || sh "$here/furnish.sh" hide "$disk/upper"
  mount -t overlay -o "lowerdir=/,upperdir=$disk/upper,workdir=$disk/work" overlay "$root"
  # A copy, because a folder of / can't be a layer of its own beside it.
  test -e "$disk/furnished" || test -z "${DOCKER_MTLS_ENGINE-}" ||
    cp -a "$DOCKER_MTLS_ENGINE/usr" "$DOCKER_MTLS_ENGINE/etc" "$root"
  test -e "$disk/furnished" || sh "$here/furnish.sh" furnish "$root"
  touch "$disk/furnished"
  mount --bind "$disk/docker" "$root/var/lib/docker"
  mount --bind "$disk/containerd" "$root/var/lib/containerd"
  mount_system
  mount_programs
  ip link set lo up
  mkdir "$root/run/old"
  cd "$root"
  pivot_root . run/old
  cd /
  umount -l /run/old
  rmdir /run/old
  # As systemd does it on a machine that is no container.
  mount --make-rshared /
  hostname "$MACHINE_NAME"
  echo "$pid"
  # No output of ours may be held open by what runs on.
  exec env -i container=test PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --log-target=journal --show-status=no >/dev/null 2>&1
}

mount_system() {
  mount -t proc proc "$root/proc"
  # systemd raises limits of the whole kernel there. What concerns the network is the machine's own.
  mount --bind "$root/proc/sys" "$root/proc/sys"
  mount -o remount,bind,ro "$root/proc/sys"
  mount --bind "$root/proc/sys/net" "$root/proc/sys/net"
  mount -o remount,bind,rw "$root/proc/sys/net"
  mount -t sysfs -o ro sysfs "$root/sys"
  mount -t tmpfs -o mode=755 tmpfs "$root/sys/fs/cgroup"
  mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
  # Nodes of its own: systemd changes the modes of what it finds, and a bound /dev/null would be the host's.
  mount -t tmpfs -o mode=755 tmpfs "$root/dev"
  node null 666 1 3
  node zero 666 1 5
  node full 666 1 7
  node random 666 1 8
  node urandom 666 1 9
  node tty 666 5 0
  node console 600 1 3
  mkdir "$root/dev/pts" "$root/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
  ln -s pts/ptmx "$root/dev/ptmx"
  ln -s /proc/self/fd "$root/dev/fd"
  ln -s fd/0 "$root/dev/stdin"
  ln -s fd/1 "$root/dev/stdout"
  ln -s fd/2 "$root/dev/stderr"
  mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
  mount -t tmpfs -o mode=755 tmpfs "$root/run"
  mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
  # With user namespaces a container gets a /proc only where one is in full view (mount_namespaces(7)), and ours has
  # mounts on it. systemd-nspawn has the same at this place.
  mkdir -p -m 700 "$root/run/host/proc"
  mount -t proc proc "$root/run/host/proc"
}

node() {
  mknod -m "$2" "$root/dev/$1" c "$3" "$4"
}

# By mounts that come back at each boot: what lies on another file system than /, or in a folder that is hidden.
mount_programs() {
  if test -n "$MACHINE_NODE"; then
    mkdir -p "$root$MACHINE_CHECKOUT_THERE"
    mount --bind "$MACHINE_CHECKOUT" "$root$MACHINE_CHECKOUT_THERE"
    mount -o remount,bind,ro "$root$MACHINE_CHECKOUT_THERE"
  fi
  if test -n "$MACHINE_NODE" && ! test -e "$root$MACHINE_NODE"; then
    touch "$root/usr/local/bin/node"
    mount --bind "$MACHINE_NODE" "$root/usr/local/bin/node"
  fi
  if test "$MACHINE_UNIT" = docker-ce; then
    touch "$root/usr/bin/dockerd"
    mount --bind /usr/sbin/dockerd "$root/usr/bin/dockerd"
  fi
}

"$@"
