# Finds the TCP sockets on which a process listens. It reads /proc (proc_pid_fd(5), proc_pid_net(5)), which every Linux has;
# ss(8) may be missing.

# Prints the machine's architecture, the inodes of the sockets of the process $1, and the listening sockets (state 0A) of its
# network namespace.
sockets() {
  uname -m
  # The names of these files contain no line feeds. find -printf would be an alternative, but only GNU has it.
  # shellcheck disable=SC2010
  ls -l "/proc/$1/fd" 2>/dev/null | grep -o 'socket:.[0-9]*'
  cat "/proc/$1/net/tcp" "/proc/$1/net/tcp6" 2>/dev/null | grep ' 0A '
}

dockerd_pid() {
  systemctl show docker.service -p MainPID --value 2>/dev/null
}
