#!/bin/sh
# Boots the machine's own systemd as PID 1 of a copy of this machine that forgets everything: a read-only look at
# the root file system with a tmpfs over it. Two stages, because the cgroup has to be made before its namespace.
#
#   boot.sh outer FOLDER NAME    supervises: makes the cgroup NAME, starts the inner stage, removes the cgroup
#   boot.sh inner FOLDER         becomes PID 1
#
# FOLDER is an empty folder. All mounts are in namespaces of their own and go with them.
set -eu

outer() {
  # From the first moment on: a signal in the middle of the work must not leave a cgroup behind. And whoever would
  # read our output may be dead by then: the shell's own "Killed" must not end us.
  init=
  stopped=
  trap 'trap "" TERM INT HUP; exec >/dev/null 2>&1; stopped=1; test -z "$init" || kill -KILL "$init"' TERM INT HUP
  mount --make-rprivate /
  mount -t tmpfs -o mode=755 harness "$1"
  mkdir "$1/cgroup" "$1/upper" "$1/work" "$1/root"
  mount -t cgroup2 harness "$1/cgroup"
  # What a run that was killed with its whole PID namespace left behind; rmdir spares all that lives.
  find "$1/cgroup" -depth -type d -path "$1/cgroup/${2%-*}-*" -mmin +10 -exec rmdir {} + 2>/dev/null || true
  # systemd makes init.scope and system.slice in its cgroup: in the root they would be the host's own.
  mkdir "$1/cgroup/$2"
  sh -c 'echo $$ >"$1/cgroup/$2/cgroup.procs"; exec unshare --uts --ipc --net --cgroup --mount --pid --fork --kill-child sh "$0" inner "$1"' \
    "$0" "$1" "$2" &
  init=$!
  test -z "$stopped" || kill -KILL "$init"
  # wait is interrupted by a signal, and once more by the end of what the trap killed.
  while kill -0 "$init" 2>/dev/null; do wait "$init" || true; done
  # The processes of a killed PID namespace leave their cgroups one after the other.
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    find "$1/cgroup/$2" -depth -type d -exec rmdir {} + 2>/dev/null || true
    test -d "$1/cgroup/$2" || break
    sleep 0.1
  done
  umount --lazy --recursive "$1"
  rmdir "$1"
}

node() {
  mknod -m "$2" "$root/dev/$1" c "$3" "$4"
}

inner() {
  # /proc is still the host's here, and so is the number that it gives us.
  read -r pid _ </proc/self/stat
  mount --make-rprivate /
  root=$1/root
  mount -t overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" overlay "$root"
  mount -t proc proc "$root/proc"
  mount --bind "$root/proc/sys" "$root/proc/sys"
  mount -o remount,bind,ro "$root/proc/sys"
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
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
  ln -s pts/ptmx "$root/dev/ptmx"
  mount -t tmpfs tmpfs "$root/dev/shm"
  mount -t tmpfs -o mode=755 tmpfs "$root/run"
  mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
  # Whatever is enabled on this machine, a docker.service above all, must not start here.
  mount -t tmpfs -o mode=755 tmpfs "$root/etc/systemd/system"
  ip link set lo up
  mkdir "$root/run/old"
  cd "$root"
  pivot_root . run/old
  cd /
  umount -l /run/old
  rmdir /run/old
  printf '[Unit]\nRequires=basic.target\nAfter=basic.target\n' >/etc/systemd/system/default.target
  for unit in systemd-sysctl.service systemd-modules-load.service systemd-binfmt.service systemd-udevd.service \
    systemd-udev-trigger.service systemd-udevd-control.socket systemd-udevd-kernel.socket console-getty.service \
    systemd-random-seed.service systemd-timesyncd.service systemd-networkd.service systemd-resolved.service \
    ldconfig.service systemd-journal-catalog-update.service systemd-sysusers.service systemd-update-done.service \
    systemd-firstboot.service systemd-hwdb-update.service systemd-pcrmachine.service dev-hugepages.mount \
    dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-fs-fuse-connections.mount \
    sys-kernel-config.mount; do
    ln -s /dev/null "/etc/systemd/system/$unit"
  done
  echo "$pid"
  exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --log-target=journal --show-status=no
}

"$@"
