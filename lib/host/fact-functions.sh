# Functions that print facts about a host. They change nothing. Each prints lines of one of these forms:
#   fact NAME VALUE
#   file PATH MODE OWNER:GROUP CONTENTS
#   secret PATH MODE OWNER:GROUP SUM       for a key, of which only the SHA-256 leaves the host
# Each word after the first is encoded. A value that is a list has a line for each item, and each word in it that somebody
# else may choose (a path, a name) is encoded again. So no line feed or space in a name makes another line or another word.

# In bytes. /etc/passwd and /etc/subuid have a line for each user, and may be long.
longest_file=8000000

b64() {
  base64 -w 0
}

# Prints $1 as an encoded word: as it is after "=" if all its characters are harmless, which needs no processes, and in base64
# otherwise.
encode() {
  case $1 in
  *[!A-Za-z0-9/._:,=+-]*) printf %s "$1" | b64 ;;
  *) printf '=%s' "$1" ;;
  esac
}

# Prints the beginning of a line: the first word $1, and the other arguments encoded.
begin_record() {
  printf %s "$1"
  shift
  for word; do
    printf ' '
    encode "$word"
  done
}

record() {
  begin_record "$@"
  printf '\n'
}

# Prints the fact $1 with the value $2.
fact() {
  record fact "$1" "$2"
}

# Prints the fact $1 with its stdin as the value, to the last byte.
piped() {
  begin_record fact "$1"
  printf ' '
  b64
  printf '\n'
}

# Prints the fact $1 with the output of a command as its value.
said() {
  name=$1
  shift
  fact "$name" "$("$@" 2>/dev/null)"
}

# Prints a fact if something other than a file is at the path $1: "link TARGET" or "other". An apply must not replace it.
odd() {
  if test -h "$1"; then
    { printf 'link ' && readlink -n "$1"; } | piped "odd:$1"
  elif test -e "$1" && ! test -f "$1"; then
    fact "odd:$1" other
  fi
}

# Sets $size, $mode and $owner of the file $1. The name of a group may contain spaces.
inspect() {
  owner=$(stat -L -c '%s %a %U:%G' "$1")
  size=${owner%% *} owner=${owner#* }
  mode=${owner%% *} owner=${owner#* }
}

record_secret() {
  sum=$(sha256sum <"$1")
  record secret "$1" "$mode" "$owner" "${sum%% *}"
}

secret() {
  odd "$1"
  test -f "$1" || return 0
  inspect "$1"
  record_secret "$1"
}

file() {
  odd "$1"
  test -f "$1" || return 0
  inspect "$1"
  # A file of this length is not configuration, so its text is not read.
  if test "$size" -gt "$longest_file"; then
    record_secret "$1"
    return
  fi
  # The contents are not an argument, since a shell can't keep a NUL.
  begin_record file "$1" "$mode" "$owner"
  printf ' '
  b64 <"$1"
  printf '\n'
}

# Prints a fact if the program $1 exists and is executable.
program() {
  if test -x "$1"; then fact "program:$1" yes; fi
}

# Sets $p to its parent. $( ) with dirname(1) would drop line feeds at the end of a name.
up() {
  while test "$p" != / && test "$p" != "${p%/}"; do p=${p%/}; done
  case $p in
  */*) p=${p%/*} ;;
  *) p= ;;
  esac
  p=${p:-/}
}

# Sets $p to the path $1, or to its nearest parent that is visible.
nearest() {
  p=$1
  while ! test -e "$p"; do up; done
}

writable() {
  nearest "$1"
  if test -w "$p"; then fact "writable:$1" yes; else fact "writable:$1" no; fi
}

# Prints the free KiB on the disk of $1. df(1) would also print names, which may contain spaces.
free_kib() {
  # The output has to be split into its columns.
  # shellcheck disable=SC2046
  set -- $(stat -f -c '%a %S' "$1" 2>/dev/null)
  if test $# = 2; then printf %s "$(($1 * $2 / 1024))"; fi
}

room() {
  nearest "$1"
  fact "room:$1" "$(free_kib "$p")"
}

# Prints a fact if permissions hide the path $1, so that it only looks missing.
closed() {
  nearest "$1"
  if test -d "$p"; then test -x "$p"; else test -r "$p"; fi || fact "closed:$1" yes
}

# Prints the mode, owner, path and group of the folder $1 and of each of its parents that exists, as the fact parents:$1. If one of
# them is a link, it prints the same for the target and its parents: whoever may rename one of those chooses where $1 leads.
parents() {
  fact "parents:$1" "$(
    links=0
    while test $# -gt 0; do
      p=$1
      shift
      while true; do
        # The kernel follows no more links than this (path_resolution(7)).
        if test -h "$p" && test "$links" -lt 40; then
          links=$((links + 1))
          target=$(readlink -n "$p" && echo x)
          target=${target%x}
          case $target in
          /*) set -- "$@" "$target" ;;
          *) set -- "$@" "${p%/*}/$target" ;;
          esac
        fi
        if about=$(stat -L -c '%a %u %g' "$p" 2>/dev/null); then
          printf '%s ' "${about% *}"
          encode "$p"
          printf ' %s\n' "${about##* }"
        fi
        test "$p" = / && break
        up
      done
    done
  )"
}

# Prints the paths of every Node.js that root would find, without links and separated by spaces, as the fact nodes; and the
# parents of each. It runs none of them: others than root may be able to replace it.
nodes() {
  seen=
  # No path that contains a space is taken.
  # shellcheck disable=SC2046
  set -- $(
    command -v node
    command -v nodejs
    # The PATH of a login shell is often longer.
    timeout 10 sh -l -c 'command -v node' </dev/null 2>/dev/null | tail -n 1
    printf '%s\n' /usr/local/bin/node /usr/bin/node
  )
  for n; do
    case $n in [!/]* | *[!A-Za-z0-9/._+@-]*) continue ;; esac
    if ! test -f "$n" || ! test -x "$n"; then continue; fi
    n=$(readlink -f -- "$n")
    case " $seen " in *" $n "*) continue ;; esac
    seen="$seen $n"
    parents "$n"
  done
  fact nodes "${seen# }"
}

# Succeeds if an earlier one of $unit_folders has an entry with the name of the unit $1, such as a link to /dev/null.
is_hidden_unit() {
  for d in ${unit_folders:?}; do
    test "$d" != "${1%/*}" || return 1
    if test -e "$d/${1##*/}" || test -h "$d/${1##*/}"; then return 0; fi
  done
  return 1
}

# Prints the field $2 of passwd(5) of the user with the id $1.
passwd_field() {
  getent passwd "$1" | cut -d : -f "$2"
}

# Prints the home of the user with the id $1: ssh looks there, whatever HOME is.
home_of() {
  home=$(passwd_field "$1" 6)
  if test -z "$home" && test "$1" = 0; then home=/root; fi
  printf '%s\n' "$home"
}

# The names of the keys that ssh tries by itself, after id_ (ssh_config(5), IdentityFile).
ssh_key_names='rsa ecdsa ecdsa_sk ed25519 ed25519_sk dsa xmss'

# Prints the keys of the user with the id $1 that git can use over SSH.
ssh_keys_of() {
  home=$(home_of "$1")
  if test -n "$home"; then open_ssh_keys "$home"; fi
}

# Prints the keys in the home $1 that git can use over SSH: ssh tries them by itself, and they have no passphrase.
open_ssh_keys() {
  command -v git >/dev/null && command -v ssh >/dev/null || return 0
  for name in $ssh_key_names; do
    f=$1/.ssh/id_$name
    test -f "$f" || continue
    # Who can't ask whether it has one has to assume that it has none.
    if command -v ssh-keygen >/dev/null; then
      timeout 5 ssh-keygen -y -P '' -f "$f" >/dev/null 2>&1 </dev/null || continue
    fi
    printf '%s\n' "$f"
  done
}

# Runs docker with these arguments, if the daemon is running. Otherwise the socket unit would start it.
ask_docker() {
  if systemctl is-active --quiet docker.service 2>/dev/null && command -v docker >/dev/null; then
    timeout 10 docker -H unix:///run/docker.sock "$@" 2>/dev/null
  else
    return 1
  fi
}

# Prints the number of networks that users created, if the daemon answers.
networks() {
  if ids=$(ask_docker network ls --quiet --filter type=custom); then
    fact networks "$(printf %s "$ids" | grep -c .)"
  fi
}

# Prints the ID of the daemon that answers on the plaintext port of the address $2, as the fact door:$1.
door() {
  said "door:$1" timeout 10 docker -H "tcp://$2:2375" info --format '{{.ID}}'
}

# Prints what the data folder $1 of dockerd contains.
data() {
  fact data "$(data_facts "$1")"
}
