# Writes the files of a plan and restarts dockerd. Before the first change it arranges for the rollback: copies, the
# program that puts them back, a timer that runs it unless it is stopped in time, and a unit that runs it at boot.
# state.sh and timer.sh come before it.
#
# Parameters:
#   id             of the apply: letters, digits and "-"
#   after          the timer's seconds
#   owner          the process of docker-mtls if it runs on this host, "PID START"; else empty
#   remaps         "yes" if user namespaces change
#   reloads_first  "yes" if dockerd has to read live-restore before it restarts
#   tls_dir        the folder of the server's key, which only root may read
# and functions made of the plan's data:
#   files FUNCTION    calls FUNCTION PATH SHA256 for each file: "-" if there was none, empty if its text doesn't matter
#   write_files       calls write_file PATH MODE for each file, with its text on stdin
#   rollback_program  prints rollback.sh
: "${s:?}" "${id:?}" "${after:?}" "${owner?}" "${remaps?}" "${reloads_first?}" "${tls_dir:?}"
set -eu
umask 077
b=$s/$id

step() {
  printf '@step %s\n' "$1"
}

# Over ssh this may go on while a second login has rolled everything back already: removes the file $1, and ends.
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

# Is $1 what the plan was made from? Between plan and consent there may be minutes.
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
  files require_unchanged
  if systemctl is-active --quiet docker.service; then : >"$b/was-active"; fi
  if ! systemctl is-active --quiet docker.socket; then : >"$b/socket-was-off"; fi
  if test -n "$remaps"; then : >"$b/other-userns"; fi
  if test -s "$s/last"; then cp "$s/last" "$b/previous"; fi
  sync
}

# From here on the apply is unfinished.
begin() {
  arm
  sync
  if ! claim "$id"; then
    # Another apply is unfinished; or the disk is full; or the caller has cancelled this one and removed its folder.
    code=75
    if ! test -e "$s/pending"; then
      code=1
      disarm
    fi
    rm -rf "$b"
    exit "$code"
  fi
  # The caller may have cancelled it over another login.
  if test -e "$b/going-back" || ! test -s "$b/rollback.sh"; then
    rm -f "$s/pending"
    disarm
    rm -rf "$b"
    exit 1
  fi
  # Once more: an apply that has just ended may have removed the unit.
  arm
  sync
  arm_timer "$id" "$after"
}

# Makes the folders of the path $1 that aren't there, from the top, and notes them.
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
  cat >"$1.docker-mtls"
  chmod "$2" "$1.docker-mtls"
  chown root:root "$1.docker-mtls"
  require_ours "$1.docker-mtls"
  mv -f -T -- "$1.docker-mtls" "$1"
}

restart() {
  : >"$b/restarted"
  sync
  systemctl reset-failed docker.service docker.socket 2>/dev/null || true
  # dockerd's own unit has no limit for its start and stop (TimeoutStartSec=0).
  timeout 90 systemctl restart docker.service
  systemctl is-active --quiet docker.service
}

step backup
back_up
# Whoever reads these lines may be dead: then this one ends the transaction, and nothing has begun.
step arm
begin
step write
write_files
sync
step reload
require_ours
systemctl daemon-reload
if test -n "$reloads_first"; then
  step live-restore
  # At a SIGHUP dockerd reads live-restore anew without a restart, and the files of TLS not.
  systemctl reload docker.service
  sleep 1
fi
step restart
require_ours
restart
