# Functions that look at one thing each. They change nothing. On stdout, each prints entries: a name, a NUL, a value and a NUL.
# A shell's values have no NUL, so no name of a file makes another entry. Contents of files may have one, so they are facts on
# the file descriptor 3; fact-functions.sh, which comes before, says how those are framed. A text leaves the host only if it is
# configuration, a policy, a certificate, a revocation list or a rule of auditd; of a key, only the SHA-256 of its public half does.
: "${root?}" "${proc:?}" "${rootless:?}" "${ssh_key_names:?}"
# look-at-host.sh sets these: the process of dockerd and its user, its unit, and its daemon.json.
pid='' owner='' unit='' config_file=''
me=$(id -u)

# Prints an entry.
entry() {
  printf '%s\0%s\0' "$1" "$2"
}

# Prints stdin as the entry $1.
contents() {
  piped "$1" >&3
}

# A folder with more files, and a file with more bytes, is not configuration.
most_files=200
longest_text=262144

# Prints what is at the path $2, which has the role $1, as the entry "look ROLE PATH": missing, hidden, or
# "KIND LINK MODE UID GID OWNER:GROUP", where a link counts as its target.
look() {
  at=$root$2
  # A socket or a FIFO is never opened.
  kind='other' link='-'
  test -f "$at" && kind='file'
  test -d "$at" && kind='folder'
  test -S "$at" && kind='socket'
  test -h "$at" && link='link'
  if test -e "$at"; then
    entry "look $1 $2" "$kind $link $(stat -L -c '%a %u %g %U:%G' "$at" 2>/dev/null)"
  elif is_hidden "$at"; then
    entry "look $1 $2" hidden
  else
    entry "look $1 $2" missing
  fi
}

# Does the path $1 perhaps only look missing, since permissions hide it?
is_hidden() {
  test "$me" != 0 || return 1
  # The target of a link may be in a hidden folder.
  test -h "$1" && return 0
  nearest "$1"
  test -d "$p" && ! test -x "$p"
}

# The same for a file with a text, and its text as the entry "text PATH".
text() {
  look "$1" "$2"
  if is_text "$root$2"; then contents "text $2" <"$root$2"; fi
}

# Is $1 a file that can be read, and short?
is_text() {
  test -f "$1" && test -r "$1" && test "$(stat -L -c %s "$1" 2>/dev/null || echo "$longest_text"0)" -le "$longest_text"
}

# Prints the arguments of dockerd, one a line. It only finds paths to look at: a line feed in an argument makes it miss one.
arguments() {
  if test -r "$proc/$pid/cmdline"; then tr '\0' '\n' <"$proc/$pid/cmdline"; fi
}

# Prints the values of the flag $1 of dockerd, and of the key $1 in its daemon.json, one a line, for the same purpose.
values() {
  arguments | sed -n -e "s/^--$1=//p" -e "/^--$1\$/{n;p;}"
  strings | sed -n "s/^.*\"$1\"[[:space:]]*:[[:space:]]*\"\\([^\"\\\\]*\\)\".*\$/\\1/p"
}

# Prints daemon.json with each of its values on a line of its own.
strings() {
  # Each character becomes a line feed.
  # shellcheck disable=SC2020
  if is_text "$root$config_file"; then tr '\n' ' ' <"$root$config_file" | tr ',{}[' '\n\n\n\n'; fi
}

# Prints the sockets on which dockerd is told to listen.
sockets_of_dockerd() {
  { arguments && strings; } | sed -n 's,^.*unix://\(/[^"\\]*\).*$,\1,p'
}

# Looks at the private keys and certificates in the folder $1.
keys_in() {
  if ! test -e "$root$1"; then
    if is_hidden "$root$1"; then entry "unread $1" yes; fi
    return 0
  fi
  if ! test -r "$root$1" || ! test -x "$root$1"; then
    entry "unread $1" yes
    return 0
  fi
  count=0
  for f in "$root$1"/*; do
    test -f "$f" || continue
    count=$((count + 1))
    if test "$count" -gt "$most_files"; then
      entry "unread $1" yes
      return 0
    fi
    key_or_certificate "$f"
  done
}

key_or_certificate() {
  if ! test -r "$1"; then
    entry "unread ${1#"$root"}" yes
    return 0
  fi
  is_text "$1" || return 0
  if grep -q -e '-----BEGIN [A-Z ]*PRIVATE KEY-----' "$1"; then entry "key ${1#"$root"}" "$(public_half "$1")"; fi
  if grep -q -e '-----BEGIN CERTIFICATE-----' "$1"; then
    # A key in the same file stays out, even if a certificate before it has no end.
    sed -n '/-----BEGIN CERTIFICATE-----/,/-----END CERTIFICATE-----/p' "$1" | sed '/PRIVATE KEY-----/,$d' |
      contents "certificates ${1#"$root"}"
  fi
}

# Prints the SHA-256 of the public half of the key in the file $1: that of nothing, if the key is encrypted.
public_half() {
  command -v openssl >/dev/null || return 0
  timeout 5 openssl pkey -in "$1" -passin pass: -pubout -outform DER 2>/dev/null </dev/null | sha256sum
}

# Looks at the SSH keys in the home $1, with which dockerd fetches repositories.
ssh_keys_in() {
  for name in $ssh_key_names; do
    f=$root$1/.ssh/id_$name
    if test -f "$f"; then test -r "$f"; else ! is_hidden "$f"; fi || entry ssh-hidden yes
  done
  open_ssh_keys "$root$1" | while IFS= read -r path; do entry "ssh-key ${path#"$root"}" yes; done
}

# Looks at the certificates of registries in the folder $1.
registries_in() {
  look registry-folder "$1"
  test -d "$root$1" || return 0
  if ! test -r "$root$1"; then entry "registries-unread $1" yes; fi
  count=0
  for f in "$root$1"/* "$root$1"/*/*; do
    test -e "$f" || test -h "$f" || continue
    count=$((count + 1))
    if test "$count" -gt "$most_files"; then
      entry "registries-unread $1" yes
      return 0
    fi
    if test -d "$f"; then look registry-folder "${f#"$root"}"; else look registry-file "${f#"$root"}"; fi
    if test -d "$f" && ! test -r "$f"; then entry "registries-unread ${f#"$root"}" yes; fi
  done
}

# Looks at the files of the units $unit, docker.socket and containerd.service in the folders $@, and at their drop-ins.
units_in() {
  for d; do
    # On most hosts /lib is /usr/lib, and would be read twice.
    case $d in /lib/*) test -h "$root/lib" && continue ;; esac
    for name in "$unit" docker.socket containerd.service; do
      for f in "$root$d/$name" "$root$d/$name.d"/*.conf; do
        test -e "$f" || test -h "$f" || continue
        text "unit" "${f#"$root"}"
      done
    done
  done
}

# Looks at the units of docker-mtls in the folders $@: its gateways and authorization plugins. Adds their words to $service_words,
# one a line, without quotes. They only find paths to look at.
service_words=''
services_in() {
  for d; do
    case $d in /lib/*) test -h "$root/lib" && continue ;; esac
    for f in "$root$d"/docker-mtls*.service "$root$d"/docker-mtls*.service.d/*.conf; do
      test -e "$f" || test -h "$f" || continue
      text unit "${f#"$root"}"
      if is_text "$f"; then
        # Each character becomes a line feed.
        # shellcheck disable=SC2020
        service_words=$service_words$(tr ' \t"' '\n\n\n' <"$f" | tr -d "'")'
'
      fi
    done
  done
}

# Prints the values of the flag $1 in those words that are absolute paths, one a line.
service_paths() {
  printf %s "$service_words" | sed -n -e "s/^--$1=//p" -e "/^--$1\$/{n;p;}" | grep '^/' | sort -u
}

# Looks at the files of those services.
service_files() {
  service_paths policy | while IFS= read -r path; do
    text policy "$path"
    parents "$root${path%/*}" >&3
  done
  service_paths from | while IFS= read -r path; do
    look gateway-folder "$path"
    look gateway-ca "$path/ca.pem"
    look gateway-cert "$path/server-cert.pem"
    look gateway-key "$path/server-key.pem"
    text crl "$path/crl.pem"
    keys_in "$path"
    parents "$root$path" >&3
  done
  printf %s "$service_words" | sed -n 's/^User=\([A-Za-z0-9_.-]*\)$/\1/p' | sort -u | while IFS= read -r name; do
    members "$name"
    twins "$name"
  done
  service_paths crl | while IFS= read -r path; do
    text crl "$path"
    parents "$root${path%/*}" >&3
  done
}

# Looks at the places where dockerd finds plugins (moby, pkg/plugins/discovery.go).
plugin_places() {
  for f in "$root/run/docker/plugins"/*.sock "$root/run/docker/plugins"/*/*.sock "$root/etc/docker/plugins"/*.* \
    "$root/etc/docker/plugins"/*/*.* "$root/usr/lib/docker/plugins"/*.* "$root/usr/lib/docker/plugins"/*/*.*; do
    if test -e "$f"; then look plugin "${f#"$root"}"; fi
  done
  if is_hidden "$root/run/docker/plugins/x"; then entry plugins-hidden yes; fi
}

# Prints the members of the group $1 as the entry "group NAME": its number, and the names of those whose group it is.
members() {
  line=$(group_line "$1")
  test -n "$line" || return 0
  gid=${line#*:*:}
  gid=${gid%%:*}
  entry "group $1" "$gid ${line##*:}$(
    while IFS=: read -r user _ _ first _; do
      if test "$first" = "$gid"; then printf ',%s' "$user"; fi
    done <"$root/etc/passwd"
  )"
}

# Prints the other users with the number of the user $1 as the entry "twins NAME".
twins() {
  number=$(sed -n "s/^$1:[^:]*:\([0-9]*\):.*/\1/p" "$root/etc/passwd")
  entry "twins $1" "$(
    while IFS=: read -r user _ uid _; do
      if test "$uid" = "${number:-none}" && test "$user" != "$1"; then printf '%s,' "$user"; fi
    done <"$root/etc/passwd"
  )"
}

# Prints the line of /etc/group, or of a directory service, for the group $1.
group_line() {
  if test -z "$root" && command -v getent >/dev/null; then
    timeout 10 getent group "$1"
    return
  fi
  while IFS=: read -r name rest; do
    if test "$name" = "$1"; then printf '%s:%s\n' "$name" "$rest"; fi
  done <"$root/etc/group"
}

# Prints the device of the path $1 and of each of its parents as the entry "device PATH".
devices() {
  p=$1
  while true; do
    at=$p
    entry "device $p" "$(stat -L -c %d "$root$p" 2>/dev/null)"
    test "$p" = / && return
    up
    test "$p" != "$at" || return 0
  done
}

# Prints the rules of auditd: those of the kernel, or else those in its files.
audit_rules() {
  test -z "$root" && command -v auditctl >/dev/null && entry auditd yes
  if test -z "$root" && rules=$(timeout 10 auditctl -l 2>/dev/null); then
    printf %s "$rules" | head -c "$longest_text" | contents 'rules kernel'
    return
  fi
  test -e "$root/etc/audit" && entry auditd yes
  for d in /etc/audit /etc/audit/rules.d; do
    if test -d "$root$d" && ! test -r "$root$d"; then entry "rules-unread $d" yes; fi
  done
  for f in "$root/etc/audit/rules.d"/*.rules "$root/etc/audit/audit.rules"; do
    test -e "$f" || continue
    if is_text "$f"; then contents "rules ${f#"$root"}" <"$f"; else entry "rules-unread ${f#"$root"}" yes; fi
  done
}

# Looks at the first program called $1 on the usual path.
program() {
  for d in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin; do
    if test -f "$root$d/$1"; then
      look program "$d/$1"
      return
    fi
  done
}

# What systemd says of the unit, and what is wrong with its files.
ask_systemd() {
  if test "$rootless" != yes; then
    timeout 10 systemctl "$@" 2>/dev/null
  elif test "$me" = "$owner"; then
    XDG_RUNTIME_DIR=/run/user/$owner timeout 10 systemctl --user "$@" 2>/dev/null
  fi
}
