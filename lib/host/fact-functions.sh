# Functions that print facts of a host and change nothing. A fact is a line "fact NAME VALUE" with both in base64. A file
# is "file PATH MODE OWNER:GROUP CONTENTS"; of a key only the SHA-256 leaves the host: "secret PATH MODE OWNER:GROUP SUM".

# In bytes; /etc/passwd and /etc/subuid have a line for each user.
longest_file=8000000

b64() {
  base64 | tr -d '\n'
}

# The name $1 with the value $2.
fact() {
  printf 'fact %s %s\n' "$(printf %s "$1" | b64)" "$(printf %s "$2" | b64)"
}

# The name $1 with what a command prints.
said() {
  name=$1
  shift
  fact "$name" "$("$@" 2>/dev/null)"
}

# What is in the place of a file and isn't one itself: whoever writes there has to know.
odd() {
  if test -h "$1"; then
    fact "odd:$1" "a link to $(readlink "$1")"
  elif test -e "$1" && ! test -f "$1"; then
    fact "odd:$1" 'no file'
  fi
}

secret() {
  odd "$1"
  test -f "$1" || return 0
  printf 'secret %s %s %s\n' "$(printf %s "$1" | b64)" "$(stat -L -c '%a %U:%G' "$1")" \
    "$(sha256sum <"$1" | cut -d ' ' -f 1)"
}

file() {
  # A file that is too long to be configuration: its text is not read.
  if test -f "$1" && test "$(stat -L -c %s "$1")" -gt "$longest_file"; then
    secret "$1"
    return
  fi
  odd "$1"
  test -f "$1" || return 0
  printf 'file %s %s %s\n' "$(printf %s "$1" | b64)" "$(stat -L -c '%a %U:%G' "$1")" "$(b64 <"$1")"
}

# Is the program $1 there?
program() {
  if test -x "$1"; then fact "program:$1" yes; fi
}

# The path $1, or the nearest folder above it that can be seen.
nearest() {
  p=$1
  while ! test -e "$p"; do p=$(dirname "$p"); done
  printf '%s\n' "$p"
}

writable() {
  if test -w "$(nearest "$1")"; then fact "writable:$1" yes; else fact "writable:$1" no; fi
}

# KiB that are left on the disk of $1: the fourth column of df -P (POSIX).
free_kib() {
  # The columns are what it is split into.
  # shellcheck disable=SC2046
  set -- $(df -Pk "$1" 2>/dev/null | tail -n 1)
  printf %s "${4-}"
}

room() {
  fact "room:$1" "$(free_kib "$(nearest "$1")")"
}

# Can $1 not be read, and is that why it looks as if it weren't there?
closed() {
  p=$(nearest "$1")
  if test -d "$p"; then test -x "$p"; else test -r "$p"; fi || fact "closed:$1" yes
}

# The folder $1 and all above it, as far as they are there: mode, owner, path.
parents() {
  fact parents "$(
    p=$1
    while true; do
      stat -L -c '%a %u %n' "$p" 2>/dev/null
      test "$p" = / && break
      p=$(dirname "$p")
    done
  )"
}

# Asks the daemon, if it is running: asking one that isn't would start it, through its socket.
ask_docker() {
  if systemctl is-active --quiet docker.service 2>/dev/null && command -v docker >/dev/null; then
    timeout 10 docker -H unix:///run/docker.sock "$@" 2>/dev/null
  else
    return 1
  fi
}

# How many networks of users the daemon has, if it could be asked.
networks() {
  if ids=$(ask_docker network ls --quiet --filter type=custom); then
    fact networks "$(printf %s "$ids" | grep -c .)"
  fi
}

# The id of the daemon that answers at the address $2, as the fact door:$1.
door() {
  said "door:$1" timeout 10 docker -H "tcp://$2:2375" info --format '{{.ID}}'
}

# What lies in the data folder $1 of dockerd.
data() {
  fact data "$(data_facts "$1")"
}
