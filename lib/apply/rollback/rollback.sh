# Puts back everything that one apply has changed. state.sh and timer.sh come before it.
#
# It is a file on the host, beside the copies that it puts back, and does the same whoever runs it: docker-mtls, when a
# proof fails; a timer of systemd, when docker-mtls is not heard of again; the boot after a power cut; `daemon rollback`,
# later. It can be interrupted and run again.
#
# $1 says who runs it: now (docker-mtls), late (the timer), boot, or asked (for an apply that was finished).
#
# The file entries has a line for each path: "NUMBER PATH" where there is a copy, "- PATH" where there was no file,
# "d PATH" for a folder that the apply has made.
: "${s:?}"
set -u
umask 077
b=$(cd "$(dirname "$0")" && pwd) || exit 1
id=$(basename "$b")
how=${1-now}
# dockerd's own unit has no limit for its start and stop (TimeoutStartSec=0).
restart_s=90
# When the host goes on by itself, if a rollback that was asked for is cut off.
retry_s=180

# With live-restore containers outlive dockerd, and one with other user namespaces would not see them any more.
refuse_left_behind() {
  if ! systemctl is-active --quiet docker.service || ! command -v docker >/dev/null; then return; fi
  case $(timeout 30 docker -H unix:///run/docker.sock info --format '{{.LiveRestoreEnabled}} {{.ContainersRunning}}' 2>/dev/null) in
  'true 0') ;;
  'true '*)
    # The command is for a person to type.
    # shellcheck disable=SC2016
    echo 'live-restore keeps containers running while dockerd restarts, and with other user namespaces dockerd would no longer see them. Stop them first:  docker stop $(docker ps -q)' >&2
    exit 77
    ;;
  esac
}

# Begins to roll back an apply that was finished.
reopen() {
  # What it would put back is older than what the later one has found.
  last=$(cat "$s/last" 2>/dev/null)
  if test "$last" != "$id"; then
    echo "a later apply has to be rolled back first:  sh $s/$last/rollback.sh asked" >&2
    exit 1
  fi
  if test -e "$b/other-userns"; then refuse_left_behind; fi
  rm -f "$b/writer"
  : >"$b/restarted"
  if ! arm || ! sync || ! claim "$id"; then
    if test -e "$s/pending"; then
      echo 'another apply is unfinished' >&2
      exit 75
    fi
    disarm
    echo 'the disk may be full' >&2
    exit 1
  fi
  arm_timer "$id" "$retry_s" 2>/dev/null
}

# Is $2 the same as its copy $1? A folder in the place of a file is not replaced either.
same() {
  if test -d "$1"; then
    test -d "$2"
    return
  fi
  test -f "$2" && ! test -h "$1" && ! test -h "$2" && cmp -s -- "$1" "$2" &&
    test "$(stat -c '%a %u %g' "$1")" = "$(stat -c '%a %u %g' "$2")"
}

# Puts the copy $1 in the place of $2. Beside it first, so that the old file is there whole or not yet. A link needs no
# room on a disk that is full.
restore() {
  { ln -f -- "$1" "$2.docker-mtls" 2>/dev/null || cp -a -- "$1" "$2.docker-mtls"; } &&
    mv -f -T -- "$2.docker-mtls" "$2"
}

restore_all() {
  failed=''
  while read -r n p; do
    case $n in
    d) ;;
    -) rm -f -- "$p" "$p.docker-mtls" || failed=1 ;;
    *)
      # What was not changed may be what nobody can change.
      if same "$b/$n" "$p"; then rm -f -- "$p.docker-mtls"; else restore "$b/$n" "$p" || failed=1; fi
      ;;
    esac
  done <"$b/entries"
  test -z "$failed" || exit 1
  sort -r "$b/entries" | while read -r n p; do
    if test "$n" = d; then rmdir -- "$p" 2>/dev/null; fi
  done
  sync
}

# At boot systemd starts dockerd by itself, after this.
restart() {
  systemctl daemon-reload || exit 1
  if test "$how" = boot || ! test -e "$b/restarted"; then return; fi
  systemctl reset-failed docker.service docker.socket 2>/dev/null
  if test -e "$b/was-active"; then
    timeout "$restart_s" systemctl restart docker.service || exit 1
  elif test -e "$b/socket-was-off"; then
    # With its socket, or the next call would start it again.
    timeout "$restart_s" systemctl stop docker.service docker.socket
  else
    timeout "$restart_s" systemctl stop docker.service
  fi
}

finish() {
  if test "$(cat "$s/last" 2>/dev/null)" = "$id"; then
    if test -s "$s/$(cat "$b/previous" 2>/dev/null)/rollback.sh"; then
      cp "$b/previous" "$s/last.new" && mv -f "$s/last.new" "$s/last"
    else
      rm -f "$s/last"
    fi
  fi
  # From here on the rollback is done. What follows is done again by the next one, or at the next boot.
  rm -f "$s/pending"
  disarm
  sync
  # The timer that runs this would end it with itself.
  if test "$how" != late; then systemctl stop "docker-mtls-rollback-$id.timer" 2>/dev/null; fi
  systemctl daemon-reload
  rm -rf "$b"
}

if test "$how" = asked; then
  reopen
else
  # Whoever commits the apply at this moment looks for this afterwards, and this looks for the commit after that.
  if test -d "$b"; then : >"$b/going-back"; fi
  # It was committed or rolled back already.
  if test "$(cat "$s/pending" 2>/dev/null)" != "$id"; then
    test -e "$s/pending" || disarm
    exit 0
  fi
fi
# Over ssh the apply may still be at work, although its caller has given it up: it must not write any more.
who=''
if runs "$b/writer"; then
  kill -KILL "$who"
  sleep 1
fi
restore_all
restart
finish
exit 0
