# Writes the files of a plan, restarts dockerd, and starts the gateway. Before the first change it prepares the rollback: it
# copies the files, and creates the program that restores them, a timer that runs this program unless the apply is committed in
# time, and a unit that runs it at boot. state.sh and timer.sh come before it.
#
# Parameters:
#   id             the ID of the apply: letters, digits and "-"
#   after          the seconds until the timer rolls back
#   owner          the process of docker-mtls if it runs on this host, "PID START"; else empty
#   remaps         "yes" if user namespaces change
#   reloads_first  "yes" if dockerd has to read live-restore before it restarts
#   tls_dir        the folder of the server's key, which only root may read
#   restarts       "yes" if dockerd has to restart
#   user           the user of the gateway, who is created if there is none; empty if the apply has nothing to do with a gateway
#   starts         "yes" if the gateway has to start, or to restart
#   leaves         the folder of a gateway that is removed; empty if none is
#   before         how dockerd is configured: see state.sh
# and functions that are generated from the plan:
#   files FUNCTION    calls FUNCTION PATH SHA256 for each file. SHA256 is "-" if the file must not exist, and empty if its
#                     contents don't matter
#   write_files       calls write_file PATH MODE OWNER for each file, with its text on stdin, or remove_file PATH
#   rollback_program  prints rollback.sh
: "${s:?}" "${id:?}" "${after:?}" "${owner?}" "${remaps?}" "${reloads_first?}" "${tls_dir:?}"
: "${restarts?}" "${user?}" "${starts?}" "${leaves?}" "${before?}" "${gateway:?}" "${units:?}" "${wants:?}"
set -eu
umask 077
b=$s/$id
# With this link, systemd starts the gateway at boot (systemctl enable).
gateway_wants=$wants/$gateway

step() {
  printf '@step %s\n' "$1"
}

# Exits if the apply was already rolled back, after it has removed the files in its arguments. Over ssh, this script may
# still run after another login has rolled everything back.
require_ours() {
  if test -e "$b/going-back" || test "$(cat "$s/pending" 2>/dev/null)" != "$id"; then
    rm -f -- "$@"
    exit 76
  fi
}

n=0
copy() {
  n=$((n + 1))
  if test -e "$1" || test -h "$1"; then
    cp -a -- "$1" "$b/$n"
    printf '%s %s\n' "$n" "$1" >>"$b/entries"
  else
    printf '%s %s\n' - "$1" >>"$b/entries"
  fi
}

# Exits unless the file $1 is the same as when the plan was made. Minutes may pass until the user confirms the plan.
require_unchanged() {
  case $2 in
  '') return ;;
  -) if ! test -e "$1" && ! test -h "$1"; then return; fi ;;
  *) if test "$(sha256sum <"$1" | cut -d ' ' -f 1)" = "$2"; then return; fi ;;
  esac
  rm -rf "$b"
  echo "$1" >&2
  exit 78
}

back_up() {
  mkdir -p "$s" "$b"
  chmod 0700 "$s" "$b"
  printf '%s\n' "$owner" >"$b/owner"
  printf '%s %s\n' "$$" "$(started $$)" >"$b/writer"
  rollback_program >"$b/rollback.sh"
  : >"$b/entries"
  files copy
  if test -n "$user$leaves"; then copy "$gateway_wants"; fi
  files require_unchanged
  if systemctl is-active --quiet docker.service || docker_starts; then : >"$b/was-active"; fi
  if ! systemctl is-active --quiet docker.socket; then : >"$b/socket-was-off"; fi
  if test -n "$remaps"; then : >"$b/other-userns"; fi
  printf '%s\n' "$before" >"$b/before"
  if test -n "$user$leaves"; then
    : >"$b/gateway"
    if state=$(gateway_runs); then
      printf '%s\n' "$state" >"$b/gateway-was-active"
      if ! test -e "$units/$gateway"; then : >"$b/without-unit"; fi
    fi
  fi
  if test -s "$s/last"; then cp "$s/last" "$b/previous"; fi
  sync
}

# Makes this the unfinished apply. From here on, a failure leads to a rollback.
begin() {
  arm
  sync
  if ! claim "$id"; then
    # Another apply is unfinished, or the disk is full, or the caller has cancelled this apply and removed its folder.
    code=75
    if ! test -e "$s/pending"; then
      code=1
      disarm
    fi
    rm -rf "$b"
    exit "$code"
  fi
  # The caller may have cancelled the apply over another login.
  if test -e "$b/going-back" || ! test -s "$b/rollback.sh"; then
    rm -f "$s/pending"
    disarm
    rm -rf "$b"
    exit 1
  fi
  # Repeat this: an apply that has just finished may have removed the unit.
  arm
  sync
  ends=$(($(date +%s) + after))
  arm_timer "$id" "$after"
}

# Prints for how many seconds systemd may be waited for. The rest is for a rollback before that of the timer.
seconds_left() {
  left=$((ends - after / 20 - 2 - $(date +%s)))
  echo "$((left > 1 ? left : 1))"
}

# Creates the missing folders of the path $1, beginning at the top, and adds them to entries.
make_folders() {
  folder='' rest=${1#/}
  while test "$rest" != "${rest#*/}"; do
    folder=$folder/${rest%%/*}
    rest=${rest#*/}
    if test -d "$folder"; then continue; fi
    printf 'd %s\n' "$folder" >>"$b/entries"
    if test "$folder" = "$tls_dir"; then mkdir -m 0700 "$folder"; else mkdir -m 0755 "$folder"; fi
  done
}

write_file() {
  make_folders "$1"
  require_ours
  rm -f "$b/new"
  cat >"$b/new"
  chown "$3" "$b/new"
  chmod "$2" "$b/new"
  # Unlike -a, -p leaves the SELinux label to the folder of the file.
  place_beside -p "$b/new" "$1"
  rm -f "$b/new"
  require_ours "$1.docker-mtls"
  mv -f -T -- "$1.docker-mtls" "$1"
  printf '%s %s\n' "$(sha256sum <"$1" | cut -d ' ' -f 1)" "$1" >>"$b/written"
}

# Its folder stays until the apply is committed, since a rollback puts the file back.
remove_file() {
  require_ours
  rm -f -- "$1"
}

# Creates the user of the gateway, without a home folder and without a shell.
create_user() {
  if id -u "$user" >/dev/null 2>&1; then return; fi
  printf '%s\n' "$user" >"$b/user"
  sync
  set -- --user-group
  if grep -q "^$user:" /etc/group; then set -- --gid "$user"; fi
  useradd --system "$@" --no-create-home --shell /usr/sbin/nologin "$user"
}

# Adds mode and owner of the folder $1 to entries, before the folder is changed or removed.
note_folder() {
  printf '=%s %s\n' "$(stat -L -c '%a,%u:%g' "$1")" "$1" >>"$b/entries"
  sync
}

# Lets the group of the gateway read the folder of its files.
share_folder() {
  make_folders "$tls_dir/"
  note_folder "$tls_dir"
  require_ours
  chown "root:$user" "$tls_dir"
  chmod 0750 "$tls_dir"
}

# Lets the gateway start with the machine, as systemctl enable does.
enable_gateway() {
  make_folders "$gateway_wants"
  require_ours
  ln -sfn "../$gateway" "$gateway_wants"
}

start_gateway() {
  systemctl reset-failed "$gateway" 2>/dev/null || true
  limited "$(seconds_left)" systemctl restart "$gateway" || exit 79
}

# Stops the gateway, whose port dockerd may need. It succeeds without a unit, too.
stop_gateway() {
  limited 90 systemctl stop "$gateway" ||
    test "$(systemctl show "$gateway" --value -p ActiveState)" = inactive
  systemctl reset-failed "$gateway" 2>/dev/null || true
}

# Removes the link with which the gateway starts, and its folder if nothing is left in it.
leave() {
  require_ours
  rm -f -- "$gateway_wants"
  rmdir -- "$leaves" 2>/dev/null || true
}

restart() {
  : >"$b/restarted"
  sync
  systemctl reset-failed docker.service docker.socket 2>/dev/null || true
  limited "$(seconds_left)" systemctl restart docker.service || {
    if test $? = 124 && docker_starts; then exit 81; fi
    if systemctl is-failed --quiet docker.socket; then
      journalctl --sync 2>/dev/null || true
      # The last line says only that it has failed.
      journalctl --unit=docker.socket --output=cat --no-pager --lines=4 | head -n 3 >&2
      exit 82
    fi
    exit 1
  }
  systemctl is-active --quiet docker.service
}

step backup
back_up
# If the reader of these lines has died, printing them ends this script, before anything has begun.
step arm
begin
if test -n "$user"; then
  step account
  require_ours
  create_user
fi
if test -n "$leaves"; then
  step stop-gateway
  require_ours
  stop_gateway
fi
step write
if test -n "$user"; then share_folder; fi
if test -d "$leaves"; then note_folder "$leaves"; fi
write_files
if test -n "$user"; then enable_gateway; fi
if test -n "$leaves"; then leave; fi
sync
step reload
require_ours
systemctl daemon-reload
if test -n "$reloads_first"; then
  step live-restore
  # On SIGHUP, dockerd reloads live-restore without a restart, but not the TLS files.
  systemctl reload docker.service
  sleep 1
fi
if test -n "$restarts"; then
  step restart
  require_ours
  restart
fi
if test -n "$starts"; then
  step gateway
  require_ours
  start_gateway
fi
