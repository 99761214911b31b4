# The state and the functions that the programs of an apply share. $s is a folder on the host that only root can read. It has
# a folder $s/ID with the data for the rollback of each apply. $s/pending contains the ID of the unfinished apply, and $s/last
# the ID of the last finished one. $s/before has what the removed folders knew: see remember.
#
# Files in $s/ID:
#   rollback.sh, entries, 1, 2, ...  the program that restores everything, and its data: see rollback.sh
#   previous         the ID of the finished apply before this one
#   owner            the process of docker-mtls that runs the apply, "PID START"
#   writer           the shell that writes the files, "PID START"
#   written          "SHA256 PATH" of each file that the apply has written
#   new              the file that is being written
#   until            when the timer of this apply ends, in seconds since 1970
#   going-back       exists once a rollback of this apply has begun
#   was-active       exists if dockerd was running before the apply
#   before           how dockerd was configured before the apply: "open LISTENER", if everybody got in there without a certificate,
#                    "listens LISTENER", and "needs PATH" for a TLS file
#   socket-was-off   exists if docker.socket was not active before the apply
#   restarted        exists once the apply has begun to restart dockerd
#   other-userns     exists if the apply changes user namespaces
#   gateway          exists if the apply installs, changes or removes the gateway
#   gateway-was-active  exists if the gateway was running before the apply, and contains "activating" if it was only starting
#   without-unit     exists if that gateway ran although its unit file was gone
#   runner           the shell that carries out a rollback, "PID START"
#   restored         exists once a rollback has restored all files: if it goes on, it leaves what somebody has mended since
#   old-start        the start of dockerd (InvocationID) that a rollback has to end. Each later one reads the restored files
#   keep             exists if the apply is kept for good, since it has the only copy of a file
#   user             the user whom the apply has created for the gateway
#
# Exit codes of all these programs:
#   75  another apply is unfinished
#   76  the host was already rolled back
#   77  dockerd would no longer see running containers; nothing was changed
#   78  a file has changed since the plan was made; nothing was changed
#   79  the gateway doesn't start
#   80  the unit, program or user of the gateway before the apply is gone; nothing was changed
#   81  dockerd was still starting when the time of the apply was over
#   82  docker.socket, without which dockerd doesn't start, doesn't start
s=/var/lib/docker-mtls
# The programs that come after it use this name.
# shellcheck disable=SC2034
gateway=docker-mtls-gateway.service

# Prints the start time of the process $1 (proc_pid_stat(5), field 22), which distinguishes it from a later one with the same
# PID.
started() {
  sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20
}

# Succeeds if the process in the file $1, "PID START", is still running. Sets $who to its PID.
runs() {
  read -r who when 2>/dev/null <"$1" || return 1
  test -n "$when" && test "$(started "$who")" = "$when"
}

# Prints the state of the gateway if it runs, or if systemd is about to start it again: "activating (auto-restart)".
gateway_runs() {
  case $(systemctl show "$gateway" --value -p ActiveState) in
  active | reloading) echo active ;;
  activating) echo activating ;;
  *) return 1 ;;
  esac
}

# Succeeds while systemd starts dockerd, which may take minutes: its unit limits that. One that has failed and waits for its next start
# is "activating", too, but in the state "auto-restart".
docker_starts() {
  case $(systemctl show docker.service --value -p SubState) in start*) ;; *) return 1 ;; esac
}

# Runs a command for $1 seconds at most. Then its exit code is 124. It doesn't inherit the lock of rollback.sh: if that is killed, the
# next run need not wait for the command.
limited() {
  seconds=$1
  shift
  code=0
  timeout "$seconds" "$@" 9<&- || code=$?
  if test "$code" = 124; then echo "$* has not ended after $seconds seconds" >&2; fi
  return "$code"
}

# Prints the ID in the file $s/$1, if there is one. Fails if it can't be read, and says why: that isn't the same as none.
read_id() {
  cat "$s/$1" 2>/dev/null || ! test -e "$s/$1" || cat "$s/$1"
}

# Makes $1 the unfinished apply. Fails if there already is one. If two applies begin at the same time, only one succeeds,
# since link(2) never replaces a file. The file is written before it is linked, so that a full disk never leaves an empty
# $s/pending.
claim() {
  rm -f "$s/$1/claim"
  printf '%s\n' "$1" >"$s/$1/claim" && ln "$s/$1/claim" "$s/pending" 2>/dev/null && rm -f "$s/$1/claim"
}

# Copies the file $2 to $3.docker-mtls, which can then be renamed to $3. $1 is an option of cp(1): -a or -p. Everybody knows that
# name, so cp removes what is there, creates the file with O_EXCL, and never follows a link.
place_beside() {
  cp "$1" -T --remove-destination -- "$2" "$3.docker-mtls"
}

# Succeeds if $s/before will have this copy, $1, of the file $2.
has_copy() {
  while read -r m q; do
    if test "$q" = "$2" && cmp -s -- "$o/$m" "$1"; then return; fi
  done <"$o/new.$$"
  return 1
}

# Adds to $s/before what only the folder $1 of a finished apply knows: the files from before docker-mtls, other files that no apply has
# written, and the sums of those that one has. $s/before has entries, copies and written, as $1, and complete, if the first apply is
# among them.
remember() {
  o=$s/before
  # The prune of an earlier release leaves a folder with the file keep.
  mkdir -p "$o" && true >>"$o/keep" && true >>"$o/written" || return
  if ! test -e "$o/entries"; then
    test -s "$1/previous" || true >"$o/complete" || return
    true >"$o/entries" || return
  fi
  cp "$o/entries" "$o/new.$$" || return
  while read -r n p; do
    case $n in d | =*) continue ;; esac
    # The oldest apply comes first, and its copy is the original. A later one may have replaced a key that somebody has put there.
    if sed 's/^[^ ]* //' "$o/new.$$" | grep -qxF -- "$p"; then
      test -f "$1/$n" || continue
      hash=$(sha256sum <"$1/$n" | cut -d ' ' -f 1)
      if grep -qsxF -- "$hash $p" "$s"/*/written || has_copy "$1/$n" "$p"; then continue; fi
    fi
    if test "$n" != -; then
      m=$(($(wc -l <"$o/new.$$") + 1))
      # A hard link needs no space on a full disk.
      ln -f -P -T -- "$1/$n" "$o/$m" 2>/dev/null || cp -a -T --remove-destination -- "$1/$n" "$o/$m" || return
      n=$m
    fi
    printf '%s %s\n' "$n" "$p" >>"$o/new.$$" || return
  done <"$1/entries" || return
  mv -f "$o/new.$$" "$o/entries" || return
  if ! test -e "$1/written"; then return; fi
  sort -u "$o/written" "$1/written" >"$o/new.$$" && mv -f "$o/new.$$" "$o/written"
}

# Removes the folders of old applies, since each contains a server's key. It keeps the last three finished applies, the
# unfinished one, those that are about to begin, and those with the file keep.
prune() {
  keep='' old='' count=0
  one=$(read_id last) || return 0
  while test -n "$one" && test -d "$s/$one"; do
    count=$((count + 1))
    if test "$count" -gt 3; then old="$one $old"; else keep="$keep/$one/"; fi
    one=$(cat "$s/$one/previous" 2>/dev/null || true)
  done
  for one in $old; do
    remember "$s/$one" || keep="$keep/$one/"
  done
  for one in "$s"/*/; do
    one=${one%/}
    name=${one##*/}
    case $keep in */"$name"/*) continue ;; esac
    if test -e "$one/keep"; then continue; fi
    unfinished=$(read_id pending) || return 0
    if test "$unfinished" = "$name" || runs "$one/owner"; then continue; fi
    # An apply over ssh has no owner on this host, so its age decides.
    if ! test -s "$one/owner" && test -n "$(find "$one" -maxdepth 0 -mmin -60 2>/dev/null)"; then continue; fi
    rm -rf -- "$one"
  done
}
