# Restores everything that one apply has changed. state.sh and timer.sh come before it.
#
# It is a file on the host, beside the copies that it restores. It can be interrupted and run again. $1 says who runs it:
#   now    docker-mtls, after a failed verification
#   late   the systemd timer, if docker-mtls did not commit the apply in time
#   boot   the boot after a power failure
#   asked  somebody, for a finished apply. $2 is "checked" if docker-mtls itself runs it: a rollback command after its checks, or an apply
#          whose answer was lost
#
# The file entries has a line for each path: "NUMBER PATH" if there is a copy, "- PATH" if there was no file, "d PATH"
# for a folder that the apply has created, and "=MODE,UID:GID PATH" for a folder that it has removed, or of which it has changed
# mode or owner.
# unit_folders has the folders of systemd's units, separated by spaces.
: "${s:?}" "${gateway:?}" "${units:?}" "${unit_folders:?}"
set -u
umask 077
b=$(cd "$(dirname "$0")" && pwd) || exit 1
id=$(basename "$b")
how=${1-now}
# How long it waits for systemd. dockerd may need longer: then the rollback is complete, and docker-mtls waits.
restart_s=90
# After this time the host completes a requested rollback by itself, if it was interrupted.
retry_s=180
# A run takes less: it waits for systemd three times at most.
lock_s=300

# Refuses to leave containers running that dockerd will not see. With live-restore, containers keep running while dockerd
# restarts, and a dockerd with other user namespaces doesn't see them.
refuse_left_behind() {
  if ! systemctl is-active --quiet docker.service || ! command -v docker >/dev/null; then return; fi
  case $(timeout 30 docker -H unix:///run/docker.sock info --format '{{.LiveRestoreEnabled}} {{.ContainersRunning}}' 2>/dev/null) in
  'true 0') ;;
  'true '*)
    # The user types this command, so $( ) must not be expanded.
    # shellcheck disable=SC2016
    echo 'live-restore keeps containers running while dockerd restarts, and with other user namespaces dockerd would no longer see them. Stop them first:  docker stop $(docker ps -q)' >&2
    exit 77
    ;;
  esac
}

# Of the command of the unit $1, prints the first two words: Node.js and the script.
program_of() {
  sed -n 's/^ExecStart=//p' "$1" 2>/dev/null | tail -n 1 | cut -d ' ' -f 1,2
}

# Prints the name of the copy of the gateway's unit in the folder $1 of an apply, if there is one.
unit_copy() {
  sed -n "s|^\([0-9][0-9]*\) $units/$gateway\$|\1|p" "$1/entries"
}

# Prints what the gateway needs and is gone: its program, such as a copy of docker-mtls that somebody has deleted, or its user. $1 is
# its unit.
gone_for() {
  if ! test -e "$1"; then
    echo "$1"
    return
  fi
  # A path in quotes isn't checked.
  for p in $(program_of "$1"); do
    case $p in /*) test -e "$p" || { echo "$p" && return; } ;; esac
  done
  user=$(sed -n 's/^User=//p' "$1" 2>/dev/null | tail -n 1)
  test -z "$user" || id -u "$user" >/dev/null 2>&1 || echo "the user $user"
}

# Refuses to bring back a gateway that couldn't start. One that systemd was starting again and again had perhaps neither program nor
# user: it comes back unless one works now.
refuse_gone_program() {
  if ! test -e "$b/gateway-was-active"; then return; fi
  if test "$(cat "$b/gateway-was-active")" = activating && test "$(gateway_runs)" != active; then return; fi
  # It ran although its unit file was gone, and comes back if it can.
  if test -e "$b/without-unit" || grep -qxF -- "- $units/$gateway" "$b/entries"; then return; fi
  n=$(unit_copy "$b")
  # Without a copy, the apply left the unit as it was.
  if test -n "$n"; then gone=$(gone_for "$b/$n"); else gone=$(gone_for "$units/$gateway"); fi
  if test -z "$gone"; then return; fi
  echo "$gone" >&2
  exit 80
}

# Prints how to roll back the apply $1. After a setup over ssh, docker-mtls isn't in PATH: the unit names its copy.
way_back() {
  if ! test -e "$s/$1/gateway"; then
    echo "sh $s/$1/rollback.sh asked"
    return
  fi
  f=$units/$gateway
  test -e "$f" || f=$s/$1/$(unit_copy "$s/$1")
  p=$(program_of "$f")
  case $p in /*' '/*) ;; *) p=docker-mtls ;; esac
  echo "$p gateway rollback"
}

# Prints a unit that starts a gateway in front of a daemon of this host, such as at a listener that returns, or that of the running one.
# Other products have a "gateway run", too.
gateway_unit() {
  run="gateway[\"']?[[:space:]]+[\"']?run"
  start="^ExecStart=.*(docker-mtls.*$run|$run.*--policy)"
  names=$(uname -n)$(sed -n 's#^listens tcp://\(.*\):[0-9]*$#|\1#p' "$b/before" | sed 's/[].[]/\\&/g' | tr -d '\n')
  own="localhost|127\.|0\.0\.0\.0|\[::1?\]|($names)([^[:alnum:].-]|\$)"
  set --
  for f in $unit_folders; do set -- "$@" "$f"/*.service "$f"/*.service.d/*.conf; done
  grep -lsE "$start" "$@" | while read -r f; do
    if grep -E "$start" "$f" | sed -E "s#://([^@ ]*@)?($own)#:own#gI" | grep -vE -- '--host[= ](tcp|ssh)://' >/dev/null; then echo "$f"; fi
  done | grep -m 1 . || { gateway_runs >/dev/null && echo "$gateway"; }
}

# By hand, nobody has made the checks of the commands. Refuses what they would refuse, as far as it is known here, and says what opens.
refuse_unchecked() {
  if test -e "$b/gateway"; then
    echo "this was an apply of the gateway, which only the command can undo safely:  $(way_back "$id")" >&2
    exit 1
  fi
  if ! test -e "$b/was-active" || ! test -e "$b/before"; then return; fi
  while read -r is what; do
    case $is in
    needs)
      if test -e "$what" && ! grep -qxF -- "- $what" "$b/entries"; then continue; fi
      if sed -n 's/^[0-9][0-9]* //p' "$b/entries" | grep -qxF -- "$what"; then continue; fi
      todo='Put it there again'
      if grep -qxF -- "- $what" "$b/entries"; then todo="This rollback would remove it. Run instead:  docker-mtls daemon remove"; fi
      echo "dockerd would not start without $what, which it used before. $todo" >&2
      exit 1
      ;;
    listens)
      beside=$(gateway_unit) || continue
      echo "dockerd would listen on $what beside a gateway ($beside). End the gateway first, then run this again" >&2
      exit 1
      ;;
    open) echo "dockerd listens on $what again, where everybody gets in without a certificate" >&2 ;;
    esac
  done <"$b/before"
}

# Begins to roll back an apply that was finished.
reopen() {
  # A later apply has changed the files since. Its copies have to be restored first.
  last=$(read_id last) || exit 1
  unfinished=$(read_id pending) || exit 1
  # An earlier run was interrupted, or dockerd didn't start: this one goes on.
  if test "$last" = "$id" && test "$unfinished" = "$id" && ! test -e "$b/writer" && ! runs "$b/runner"; then
    return
  fi
  if test "$last" != "$id"; then
    echo "a later apply has to be rolled back first:  $(way_back "$last")" >&2
    exit 75
  fi
  case $unfinished in
  '' | "$id") ;;
  *)
    echo 'another apply is unfinished' >&2
    exit 75
    ;;
  esac
  if test "$1" != checked; then refuse_unchecked; fi
  if test -e "$b/other-userns"; then refuse_left_behind; fi
  refuse_gone_program
  rm -f "$b/writer"
  # An apply that changed the gateway alone has not restarted dockerd.
  if ! test -e "$b/gateway" || test -e "$b/restarted"; then : >"$b/restarted"; fi
  if ! arm || ! sync || ! claim "$id"; then
    if test -e "$s/pending"; then
      echo 'another apply is unfinished' >&2
      exit 75
    fi
    disarm
    echo 'the disk may be full' >&2
    exit 1
  fi
}

# Lets the host complete a requested rollback that is interrupted. A unit that has failed keeps its name, as does a waiting timer.
arm_retry() {
  systemctl stop "docker-mtls-rollback-$id.timer" 2>/dev/null
  systemctl reset-failed "docker-mtls-rollback-$id.*" 2>/dev/null
  arm_timer "$id" "$retry_s" 2>/dev/null
}

# Ends if another run of this program was faster, such as that of the timer. The next apply may have begun since.
end_if_done() {
  unfinished=$(read_id pending) || exit 1
  if test "$unfinished" = "$id"; then return; fi
  # Without a lock, this run may have stopped the gateway after the other one had started it.
  test -z "$returns" || systemctl start --no-block "$gateway"
  exit 0
}

# Succeeds if $2 is the same as its copy $1. Two folders count as the same, so that a folder is never replaced. mv(1) doesn't replace
# a link by itself, as when a rollback runs again.
same() {
  if test -h "$1"; then
    test -h "$2" && test "$(readlink "$1")" = "$(readlink "$2")"
    return
  fi
  if test -d "$1"; then
    test -d "$2"
    return
  fi
  test -f "$2" && ! test -h "$1" && ! test -h "$2" && cmp -s -- "$1" "$2" &&
    test "$(stat -c '%a %u %g' "$1")" = "$(stat -c '%a %u %g' "$2")"
}

# Replaces $2 by the copy $1. The copy is first placed beside $2 and then renamed, so that $2 is never incomplete. A hard link
# is preferred, since it needs no space on a full disk.
restore() {
  mkdir -p -- "${2%/*}" || return 1
  { ln -f -T -- "$1" "$2.docker-mtls" 2>/dev/null || place_beside -a "$1" "$2"; } &&
    mv -f -T -- "$2.docker-mtls" "$2"
}

# Gives the folder $2 its mode and owner back: "MODE,UID:GID".
restore_folder() {
  if ! test -d "$2"; then return; fi
  chown "${1#*,}" "$2" && chmod "${1%%,*}" "$2"
}

# Whether a requested rollback leaves $1 as it is, a file of a gateway: a revocation list, and a policy that was changed since the apply,
# as by `grant`. The list before it, or none, would let clients in that were revoked since. It stays also without a gateway: a
# further rollback may bring one back.
keeps() {
  if test -e "$b/writer"; then return 1; fi
  case $1 in
  */docker-mtls/crl.pem) test -e "$1" ;;
  */docker-mtls/policy.yaml)
    hash=$(grep -F -- " $1" "$b/written" 2>/dev/null | tail -n 1 | cut -d ' ' -f 1)
    test -n "$hash" && test -f "$1" && test "$hash" != "$(sha256sum <"$1" | cut -d ' ' -f 1)"
    ;;
  *) return 1 ;;
  esac
}

# Before a requested rollback replaces or removes $1, whose copy is $2: keeps aside what somebody has changed since the apply, under a
# name that no other rollback takes. A hard link needs no space on a full disk, and the file is replaced by a rename.
set_aside() {
  if test -e "$b/writer" || ! test -e "$b/written" || ! test -f "$1" || test -h "$1" || same "$2" "$1"; then return; fi
  hash=$(grep -F -- " $1" "$b/written" | tail -n 1 | cut -d ' ' -f 1)
  test "$hash" = "$(sha256sum <"$1" | cut -d ' ' -f 1)" ||
    ln -f -T -- "$1" "$1.before-rollback.$id" 2>/dev/null ||
    cp -a -T --remove-destination -- "$1" "$1.before-rollback.$id"
}

restore_all() {
  failed=''
  # Their files come next.
  while read -r n p; do
    case $n in =*) test -d "$p" || mkdir -m 0700 -- "$p" ;; esac
  done <"$b/entries"
  while read -r n p; do
    if keeps "$p"; then continue; fi
    case $n in
    d) ;;
    =*) restore_folder "${n#=}" "$p" || failed=1 ;;
    -)
      set_aside "$p" "$b/none" && rm -f -- "$p" "$p.docker-mtls" || failed=1
      ;;
    *)
      # Skip a file that was not changed: it may be one that even root can't replace.
      if same "$b/$n" "$p"; then rm -f -- "$p.docker-mtls"; else
        set_aside "$p" "$b/$n" && restore "$b/$n" "$p" || failed=1
      fi
      ;;
    esac
  done <"$b/entries"
  test -z "$failed" || exit 1
  sort -r "$b/entries" | while read -r n p; do
    if test "$n" = d; then rmdir -- "$p" 2>/dev/null; fi
  done
  sync
}

# Restarts dockerd, which then reads the restored files. If an earlier run has begun that, this one only waits.
restart_docker() {
  verb=restart
  start=$(systemctl show docker.service --value -p InvocationID)
  test -s "$b/old-start" || printf '%s\n' "$start" >"$b/old-start"
  if test -s "$b/old-start" && test "$start" != "$(cat "$b/old-start")" && docker_starts; then verb=start; fi
  limited "$restart_s" systemctl "$verb" docker.service || { test $? = 124 && docker_starts; }
}

# Restores the previous state of dockerd. At boot, systemd starts dockerd after this script.
restart() {
  systemctl daemon-reload || exit 1
  if test "$how" = boot || ! test -e "$b/restarted"; then return; fi
  systemctl reset-failed docker.service docker.socket 2>/dev/null
  # Without its folder, nobody knows any more whether dockerd ran.
  end_if_done
  if test -e "$b/was-active"; then
    restart_docker || exit 1
  elif test -e "$b/socket-was-off"; then
    # Stop the socket too, or the next connection would start dockerd again.
    limited "$restart_s" systemctl stop docker.service docker.socket
  else
    limited "$restart_s" systemctl stop docker.service
  fi
}

# Stops the gateway, which holds the port that dockerd may need.
stop_gateway() {
  if ! test -e "$b/gateway"; then return; fi
  if test -e "$b/gateway-was-active"; then returns=1; fi
  # At boot, systemd would start it afterwards.
  if test "$how" = boot; then
    test -e "$b/gateway-was-active" || systemctl stop --no-block "$gateway" 2>/dev/null
    return
  fi
  limited "$restart_s" systemctl stop "$gateway" 2>/dev/null
}

# Restores the previous state of the gateway. Without it, nobody needs its user; the audit log stays.
restart_gateway() {
  if ! test -e "$b/gateway"; then return; fi
  if test -e "$b/gateway-was-active"; then
    if test "$how" = boot; then
      # An apply that has removed its unit has kept systemd from starting it.
      systemctl start --no-block "$gateway" 2>/dev/null
      return
    fi
    systemctl reset-failed "$gateway" 2>/dev/null
    # One that had not started before may not start now, either. Nor may one that has lost its program while it ran: the next apply
    # mends that, so the rollback has to end. systemd starts it after dockerd, which may need long.
    if test "$(cat "$b/gateway-was-active")" = activating || docker_starts || test -n "$(gone_for "$units/$gateway")"; then
      systemctl restart --no-block "$gateway"
      return
    fi
    limited "$restart_s" systemctl restart "$gateway" || exit 79
    return
  fi
  systemctl reset-failed "$gateway" 2>/dev/null
  user=$(cat "$b/user" 2>/dev/null)
  if test -z "$user"; then return; fi
  # Somebody else may get its number. systemd gives the folder of the log to the user of the service again.
  if test -d /var/log/docker-mtls; then chown -R -h root:root /var/log/docker-mtls; fi
  find /etc/docker-mtls/ -maxdepth 1 -group "$user" -exec chown -h root:root {} + 2>/dev/null
  # It refuses as long as a process of the user is ending.
  userdel "$user" 2>/dev/null || { sleep 2 && userdel "$user" 2>/dev/null; }
}

finish() {
  end_if_done
  if test "$(cat "$s/last" 2>/dev/null)" = "$id"; then
    if test -s "$s/$(cat "$b/previous" 2>/dev/null)/rollback.sh"; then
      # A hard link needs no space on a full disk.
      { ln -f "$b/previous" "$s/last.new" 2>/dev/null || cp "$b/previous" "$s/last.new"; } &&
        mv -f "$s/last.new" "$s/last" || exit 1
    else
      rm -f "$s/last"
    fi
  fi
  # With this, the rollback is complete. If the following cleanup is interrupted, the next rollback or the next boot repeats it.
  rm -f "$s/pending"
  disarm
  sync
  # Stopping the timer that runs this script would kill it.
  if test "$how" != late; then systemctl stop "docker-mtls-rollback-$id.timer" 2>/dev/null; fi
  systemctl daemon-reload
  rm -rf "$b"
}

if test "$how" = asked; then
  reopen "${2-}"
  arm_retry
else
  # If commit.sh runs at the same time, one of the two gives way: commit.sh checks for this file after it has renamed pending,
  # and this script checks pending after it has created the file.
  if test -d "$b"; then true >"$b/going-back"; fi
  # The apply was already committed or rolled back.
  unfinished=$(read_id pending) || exit 1
  if test "$unfinished" != "$id"; then
    test -e "$s/pending" || disarm
    exit 0
  fi
fi
# Only one run at a time: two would take each other's copies away. The kernel ends the lock with this process. A failed exec would end
# the shell.
if command -v flock >/dev/null && (exec 9<"$s") 2>/dev/null; then
  exec 9<"$s"
  # The one of BusyBox has no -w.
  timeout "$lock_s" flock 9
fi
returns=''
end_if_done
printf '%s %s\n' "$$" "$(started $$)" >"$b/runner"
# Over ssh, transaction.sh may still be running although its caller has given up. Stop it, so that it writes nothing more.
who=''
if runs "$b/writer"; then
  kill -KILL "$who"
  sleep 1
fi
stop_gateway
end_if_done
# A continued rollback doesn't overwrite a file that somebody has corrected so that dockerd starts.
if ! test -e "$b/restored"; then
  restore_all
  # Unlike ":", true doesn't end the shell if the disk is full. The next run then restores them again.
  true >"$b/restored"
  sync
fi
restart
restart_gateway
finish
exit 0
