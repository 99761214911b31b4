#!/bin/sh
# Runs a command on a throw-away host: host.sh ROOT COMMAND...
# In a mount namespace of its own, / becomes the folder ROOT. Of the machine it has only the programs, read-only.
set -eu
root=$1
shift

mount -n --bind "$root" "$root"
cd "$root"
for name in bin sbin lib lib32 lib64 libx32 usr; do
  if [ -L "/$name" ]; then
    ln -s "$(readlink "/$name")" "$name"
  elif [ -d "/$name" ]; then
    mkdir "$name"
    mount -n -o bind,ro "/$name" "$name"
  fi
done
# What programs need to find each other and their libraries.
for name in alternatives ld.so.cache; do
  test ! -e "/etc/$name" || cp -a "/etc/$name" etc/
done
mkdir dev proc run sys old
mount -n -t proc proc proc
mount -n --rbind /sys sys
mount -n --bind /run run
# No disk is in here, so not even a privileged container can reach one.
mount -n -t tmpfs -o mode=0755 tmpfs dev
mkdir dev/pts dev/shm
while read -r name major minor; do
  mknod -m 0666 "dev/$name" c "$major" "$minor"
done <<EOF
null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0
EOF
mount -n -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts dev/pts
ln -s pts/ptmx dev/ptmx
pivot_root . old
cd /
umount -n -l /old
rmdir /old
exec "$@"
