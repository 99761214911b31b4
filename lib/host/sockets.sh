# Finds the TCP sockets on which a process listens. It reads /proc (proc_pid_fd(5), proc_pid_net(5)), which every Linux has;
# ss(8) may be missing. $proc is the folder of processes, /proc by default.

# Prints the inodes of the sockets of the process $1, each after $2.
inodes() {
  # A file that the process has opened may have any name. -q replaces line feeds (POSIX), and the first arrow in a line is the
  # one before the target. find -printf would be an alternative, but only GNU has it.
  # shellcheck disable=SC2012
  ls -lq "${proc:-/proc}/$1/fd" 2>/dev/null | sed -n "s/^[^>]*-> socket:\[\([0-9]*\)\]\$/$2 \1/p"
}

# Prints the machine's architecture, the inodes of the sockets of the process $1 and of systemd, and the listening sockets (state
# 0A) of the network namespace of $1. systemd keeps a socket that it passes to a service (sd_listen_fds(3)).
sockets() {
  uname -m
  inodes "$1" own
  # In a container, dockerd may be the first process itself.
  test "$1" = 1 || inodes 1 systemd
  cat "${proc:-/proc}/$1/net/tcp" "${proc:-/proc}/$1/net/tcp6" 2>/dev/null | grep ' 0A '
}

dockerd_pid() {
  systemctl show docker.service -p MainPID --value 2>/dev/null
}
