# What a process listens on, from /proc (proc_pid_fd(5), proc_pid_net(5)), which every Linux has; ss(8) may be missing.

# Prints the machine's name, the inodes of the sockets of the process $1, and the sockets of its network that wait for
# connections (state 0A).
sockets() {
  uname -m
  # Names of these files have no line feeds; find -printf is GNU's alone.
  # shellcheck disable=SC2010
  ls -l "/proc/$1/fd" 2>/dev/null | grep -o 'socket:.[0-9]*'
  cat "/proc/$1/net/tcp" "/proc/$1/net/tcp6" 2>/dev/null | grep ' 0A '
}

dockerd_pid() {
  systemctl show docker.service -p MainPID --value 2>/dev/null
}
