#!/bin/sh
# What is on the machine's disk before it boots for the first time: what Debian's packages put there, and nothing of what
# the owner of this machine has made of it.
#
#   furnish.sh hide UPPER       before the overlay is mounted: whole folders of this machine that the other has not
#   furnish.sh furnish ROOT     after that
set -eu
umask 022

SYSTEM=/usr/lib/systemd/system

# A whiteout (kernel: filesystems/overlayfs): for a folder it costs nothing, however much is in there.
hide_one() {
  test -d "$upper${1%/*}" || mkdir -p "$upper${1%/*}"
  mknod "$upper$1" c 0 0
}

hide() {
  upper=$1
  for path in /etc/docker /etc/systemd/system /etc/systemd/network /etc/ssh/sshd_config.d \
    /etc/ssh/ssh_config.d /etc/sudoers.d /etc/cron.d /root /home /var/lib/docker /var/lib/docker-mtls \
    /var/lib/containerd /var/log/journal /usr/local/lib/systemd; do
    hide_one "$path"
  done
  # `docker info` and `docker --help` run each of them, to ask what it is.
  hide_one /usr/libexec/docker/cli-plugins
}

furnish() {
  root=$1
  mkdir -p "$root/etc/systemd/system" "$root/etc/systemd/system-generators" "$root/etc/sudoers.d" "$root/etc/ssh/sshd_config.d" \
    "$root/var/lib/docker" "$root/var/lib/containerd" "$root/home"
  mkdir -m 700 "$root/root"
  furnish_names
  furnish_accounts
  furnish_units
  # Scripts in /etc/rc?.d are services, too (systemd-sysv-generator(8)), and so are the mounts of an fstab.
  rm -rf "$root"/etc/rc?.d
  : >"$root/etc/fstab"
  rm -f "$root/etc/crypttab"
  furnish_programs
  test -z "$MACHINE_DOCKER" || furnish_docker
  test -z "$MACHINE_SSH_KEY" || furnish_ssh
}

furnish_names() {
  tr -d - </proc/sys/kernel/random/uuid >"$root/etc/machine-id"
  echo "$MACHINE_NAME" >"$root/etc/hostname"
  printf '127.0.0.1 localhost\n::1 localhost ip6-localhost\n%s %s\n' \
    "${MACHINE_ADDRESS:-127.0.1.1}" "$MACHINE_NAME" >"$root/etc/hosts"
  # The host's may be a link into /run, and there is no name server in here.
  rm -f "$root/etc/resolv.conf"
  : >"$root/etc/resolv.conf"
}

# dockerd makes dockremap by itself, and takes its ranges after those of the first user (useradd(8)).
furnish_accounts() {
  set --
  for file in passwd group shadow gshadow passwd- group- shadow- gshadow-; do
    test ! -e "$root/etc/$file" || set -- "$@" "$root/etc/$file"
  done
  sed -i -E '/^(dockremap|deploy|asks|nosudo):/d' "$@"
  for file in subuid subgid; do
    printf 'deploy:100000:65536\n' >"$root/etc/$file"
    rm -f "$root/etc/$file-"
  done
  add_user deploy 2001 '*' 'ALL=(ALL:ALL) NOPASSWD: ALL'
  add_user asks 2002 "$(openssl passwd -6 -salt machine "$MACHINE_PASSWORD")" 'ALL=(ALL:ALL) ALL'
  add_user nosudo 2003 '*' ''
}

# `*`: no password, and not locked (shadow(5)).
add_user() {
  echo "$1:x:$2:$2::/home/$1:/bin/bash" >>"$root/etc/passwd"
  echo "$1:x:$2:" >>"$root/etc/group"
  echo "$1:$3:20000::::::" >>"$root/etc/shadow"
  mkdir -m 700 "$root/home/$1"
  chown "$2:$2" "$root/home/$1"
  test -z "$4" || echo "$1 $4" >"$root/etc/sudoers.d/$1"
}

# Nothing that is enabled on this machine starts here. What would speak to the kernel or to hardware never does: an empty
# file masks a unit or a generator (systemd.unit(5), systemd.generator(7)), and the shell makes it without a process.
furnish_units() {
  for unit in systemd-sysctl.service systemd-modules-load.service systemd-binfmt.service systemd-udevd.service \
    systemd-udev-trigger.service systemd-udevd-control.socket systemd-udevd-kernel.socket console-getty.service \
    systemd-random-seed.service systemd-timesyncd.service systemd-networkd.service systemd-resolved.service \
    ldconfig.service systemd-journal-catalog-update.service systemd-sysusers.service systemd-update-done.service \
    systemd-firstboot.service systemd-hwdb-update.service systemd-pcrmachine.service dev-hugepages.mount \
    dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-fs-fuse-connections.mount \
    sys-kernel-config.mount proc-sys-fs-binfmt_misc.automount proc-sys-fs-binfmt_misc.mount \
    systemd-networkd-wait-online.service getty.target; do
    : >"$root/etc/systemd/system/$unit"
  done
  # systemd runs each of them at every daemon-reload, which costs more than the rest of it, and all but this one look for
  # what no machine here has: partitions to mount or to decrypt, a kernel command line, virtual sockets.
  for path in /usr/lib/systemd/system-generators/*; do
    test "${path##*/}" = systemd-sysv-generator || : >"$root/etc/systemd/system-generators/${path##*/}"
  done
  ln -s "$SYSTEM/multi-user.target" "$root/etc/systemd/system/default.target"
  mkdir "$root/etc/systemd/system/multi-user.target.wants" "$root/etc/systemd/system/sockets.target.wants"
}

enable() {
  ln -s "$SYSTEM/$1" "$root/etc/systemd/system/$2.wants/$1"
}

# The one node that is wanted, or none. Where it can't be seen from in here, boot.sh mounts it.
furnish_programs() {
  for folder in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin; do
    test "$folder/node" = "$MACHINE_NODE" || rm -f "$root$folder/node"
    rm -f "$root$folder/nodejs"
  done
  test -n "$MACHINE_NODE" && test -e "$root$MACHINE_NODE" || return 0
  test "$MACHINE_NODE" = /usr/local/bin/node || ln -s "$MACHINE_NODE" "$root/usr/local/bin/node"
}

furnish_docker() {
  mkdir -p "$root/etc/docker"
  : >"$root/etc/default/docker"
  enable docker.service multi-user.target
  enable containerd.service multi-user.target
  enable docker.socket sockets.target
  test "$MACHINE_UNIT" = docker-ce || return 0
  # Both units come from one file of moby's (contrib/init/systemd): these lines are where they differ.
  sed -i -e '/^EnvironmentFile=/d' -e 's|^ExecStart=/usr/sbin/dockerd\(.*\) \$DOCKER_OPTS$|ExecStart=/usr/bin/dockerd\1|' \
    "$root$SYSTEM/docker.service"
  rm -f "$root/etc/default/docker" "$root/etc/init.d/docker" "$root/usr/sbin/dockerd"
}

furnish_ssh() {
  rm -f "$root"/etc/ssh/ssh_host_*
  ssh-keygen -q -t ed25519 -N '' -C '' -f "$root/etc/ssh/ssh_host_ed25519_key"
  printf '%s\n' 'PasswordAuthentication no' 'KbdInteractiveAuthentication no' 'PermitRootLogin prohibit-password' \
    'UsePAM yes' 'PrintMotd no' 'AcceptEnv LANG LC_*' 'Subsystem sftp /usr/lib/openssh/sftp-server' \
    'Include /etc/ssh/sshd_config.d/*.conf' >"$root/etc/ssh/sshd_config"
  # A test that is turned away on purpose must not keep the next one out. Older ones don't know the word.
  if sshd -T -f /dev/null -h "$root/etc/ssh/ssh_host_ed25519_key" -o PerSourcePenalties=no >/dev/null 2>&1; then
    echo 'PerSourcePenalties no' >>"$root/etc/ssh/sshd_config"
  fi
  for account in root:0:/root deploy:2001:/home/deploy asks:2002:/home/asks nosudo:2003:/home/nosudo; do
    home=$root${account##*:}
    id=${account#*:}
    mkdir -m 700 "$home/.ssh"
    echo "$MACHINE_SSH_KEY" >"$home/.ssh/authorized_keys"
    chown -R "${id%%:*}:${id%%:*}" "$home/.ssh"
  done
  enable ssh.service multi-user.target
  ln -s "$SYSTEM/ssh.service" "$root/etc/systemd/system/sshd.service"
}

"$@"
