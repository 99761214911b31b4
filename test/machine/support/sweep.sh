#!/bin/bash
# Cuts the scripts of an apply off before each of their commands, one after the other, lets the host recover in each of
# its ways, and looks what came of it. The files are real, below a root of their own; systemd and dockerd are played:
#
#   systemd   has loaded the drop-in as it was at the last daemon-reload (/model/loaded), and knows one timer (/model/timer)
#   dockerd   runs with what was loaded and with the files as they were when it was started; it does not start with a
#             listener in both places, nor without the files that it is told of (/model/running: all that it has read)
#
# An empty file in /model stands for none. What runs thousands of times does without other programs where the shell can do
# it: a process costs a millisecond.
#
#   sweep.sh outer FOLDER ID   FOLDER has the scripts and template/etc; in a mount namespace of its own
#   sweep.sh inner ID          goes on in there
#
# Prints a line `SCRIPT STATES` for each script, and `WRONG ...` for each end that is neither old nor new.
set -u
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
state=/var/lib/docker-mtls

outer() {
  local root=$1/root path
  mkdir -p "$root/usr" "$root/proc" "$root/dev" "$root/var/lib" "$root/model" "$root/cuts" "$root/tmp"
  cp -a "$1/template/etc" "$root/etc"
  cp "$1"/*.sh "$0" "$root"
  for path in bin sbin lib lib32 lib64; do
    if test -h "/$path"; then cp -a "/$path" "$root"; elif test -d "/$path"; then mkdir "$root/$path"; mount --rbind "/$path" "$root/$path"; fi
  done
  for path in usr proc dev; do mount --rbind "/$path" "$root/$path"; done
  mount -t tmpfs -o mode=755 played "$root/usr/local/sbin"
  exec chroot "$root" bash /sweep.sh inner "$2"
}

played() {
  cat >"/usr/local/sbin/$1"
  chmod 755 "/usr/local/sbin/$1"
}

play() {
  # What takes time on a real disk says nothing here.
  played sync </dev/null
  played sleep </dev/null
  played systemd-run <<'END'
#!/bin/sh
while case $1 in -*) true ;; *) false ;; esac; do shift; done
echo "$*" >/model/timer
END
  played systemctl <<'END'
#!/bin/sh
text() {
  text=
  test -e "$1" || return 0
  while IFS= read -r line; do text="$text$line
"; done <"$1"
  text=$text$line
}
# Are all files there that the words name?
named() {
  for word; do
    case $word in */etc/docker/tls/*.pem*) ;; *) continue ;; esac
    word=${word#*/etc/docker/tls/}
    test -s "/etc/docker/tls/${word%%.pem*}.pem" || return 1
  done
}
start() {
  : >/model/running
  text /model/loaded
  flags=$text
  text /etc/docker/daemon.json
  case $text in *'"hosts"'*) case $flags in *'-H '*) exit 1 ;; esac ;; esac
  set -f
  named $flags $text || exit 1
  set +f
  running="runs
$flags$text"
  for path in /etc/docker/tls/*.pem /etc/subuid /etc/subgid; do
    text "$path"
    running=$running$text
  done
  printf %s "$running" >/model/running
}
case $* in
  daemon-reload)
    text /etc/systemd/system/docker.service.d/override.conf
    printf %s "$text" >/model/loaded
    ;;
  'is-active '*docker.service) test -s /model/running ;;
  'is-active '*docker.socket) ;;
  'is-active '*.timer) test -s /model/timer ;;
  'reset-failed '*|'reload '*) ;;
  # A start ends at once, so nobody has to tell one from another.
  'show docker.service --value -p InvocationID') echo 1 ;;
  'restart docker.service'|'start docker.service') start ;;
  'stop docker.service') : >/model/running ;;
  'stop '*.timer) : >/model/timer ;;
  *) echo "nobody plays systemctl $*" >>/model/complaints; exit 1 ;;
esac
END
}

# A state: all that an apply may change, and what is played.
save() {
  mkdir "$1"
  cp -a --parents /etc /var/lib /model "$1"
}

load() {
  find /etc /var/lib /model -mindepth 1 -delete
  cp -a "$1"/* /
}

# Sets $text to the contents of a file, which has no NUL; none where there is no file.
text() {
  text=
  test ! -e "$1" || IFS= read -r -d '' text <"$1"
}

# What kill -9 would leave at this moment. Commands that change nothing leave what the one before has left.
cut() {
  local now latest=
  now=$(find /etc /var/lib /model -printf '%p %m %U:%G %s %T@ %i %l\n')
  if test -e /tmp/latest; then mapfile -d '' -t latest </tmp/latest; fi
  if test "$now" != "${latest[0]}"; then
    printf %s "$now" >/tmp/latest
    now=$(md5sum <<<"$now")
    test -d "/cuts/${now%% *}" || save "/cuts/${now%% *}"
  fi
}
export -f save cut

# Runs a script. Bash runs its trap before each simple command, also of functions and of subshells (bash(1), -T).
with_cuts() {
  rm -rf /cuts/* /tmp/latest
  bash --norc -c 'set -T; trap cut DEBUG; . "$0"' "$@" >/dev/null 2>/tmp/said
}

# The ways of a host to recover.
boot() {
  local units=/etc/systemd/system unit=docker-mtls-recover.service command
  : >/model/timer
  : >/model/running
  systemctl daemon-reload
  if test -s "$units/multi-user.target.wants/$unit"; then
    # systemd.service(5), "Command lines": quotes as in a shell, and a dollar sign is written twice.
    command=$(sed -n 's/^ExecStart=//p' "$units/$unit" | sed 's/\$\$/$/g')
    eval "$command" >/dev/null 2>&1
    systemctl daemon-reload
  fi
  systemctl start docker.service
}

# Where there is no timer yet, or no more, it is up to the next one.
timer() {
  local command
  if ! test -s /model/timer; then again; return; fi
  command=$(</model/timer)
  : >/model/timer
  $command >/dev/null 2>&1
}

# Whoever began it is gone: no process has the number of the owner.
again() {
  sh /settle.sh >/dev/null 2>/tmp/said
}

# Sets $now to all that is in /etc: a line with the type, mode, owner and target of each path, and the contents of all files.
etc() {
  local path text
  now=$(cd /etc && stat -c '%N %f %U:%G' -- . **)
  for path in /etc/**; do
    test -f "$path" && ! test -h "$path" || continue
    text "$path"
    now+=$'\n'$path$'\n'$text
  done
}

# Sets $end to old, new, or what is wrong.
judge() {
  local now text left half unit=/etc/systemd/system/docker-mtls-recover.service
  # The copies of what was there before: one has a key in it.
  left=($state/*Z-*/[0-9]*)
  # A unit that nothing wants does nothing.
  if test "${1-}" = boot && ! test -h "${unit%/*}/multi-user.target.wants/${unit##*/}"; then
    test ! -e "$unit" || rm "$unit"
  fi
  half=(/etc/docker/tls/*docker-mtls*)
  etc
  text /model/running
  if test -e $state/pending; then end='it is still pending'
  elif test -s /model/timer; then end='its timer still runs'
  elif test -s /model/complaints; then end=$(</model/complaints)
  elif test ${#half[@]} != 0; then end='half a file is left'
  elif test -z "$text"; then end='dockerd does not run'
  elif test "$now" = "$old" && test "$text" = "$running_old"; then
    # They are in nobody's way, and the next apply at the latest removes them.
    if test "${1-}" != again || test ${#left[@]} = 0; then end=old; else end="old, but there is still ${left[*]}"; fi
  elif test "$now" = "$new" && test "$text" = "$running_new"; then end=new
  elif test "$now" = "$old" || test "$now" = "$new"; then end='dockerd runs with something else than what is on the disk'
  else end=$(diff <(echo "$old") <(echo "$now") | grep '^[<>]' | head -n 4 | tr '\n' ';')
  fi
}

# sweep NAME WAYS ENDS BEFORE SCRIPT ARGUMENT...: from the state BEFORE on, each end has to be one of ENDS, whichever way
# the host goes.
sweep() {
  local name=$1 ways=$2 ends=$3 before=$4 states=0 cut way end
  shift 4
  load "$before"
  with_cuts "$@" || echo "WRONG $name ended with $?: $(tail -n 1 /tmp/said)"
  for cut in $(ls -d -tr --time-style=full-iso /cuts/*); do
    states=$((states + 1))
    for way in $ways; do
      load "$cut"
      $way
      judge $way
      case " $ends " in *" $end "*) ;; *) echo "WRONG $name after $states changes, then $way: $end" ;; esac
    done
  done
  echo "$name $states"
}

inner() {
  local back=$state/$1/rollback.sh now text end
  shopt -s globstar dotglob nullglob
  play
  systemctl daemon-reload
  systemctl start docker.service
  text /model/running
  running_old=$text
  etc
  old=$now
  new=
  running_new=
  save /tmp/bare
  sh /transaction.sh >/dev/null || echo 'WRONG the transaction fails'
  save /tmp/written
  sh /commit.sh || echo 'WRONG the commit fails'
  text /model/running
  running_new=$text
  etc
  new=$now
  save /tmp/applied
  test "$old" != "$new" || echo 'WRONG nothing was changed'
  judge
  test "$end" = new || echo "WRONG the end of it: $end"
  load /tmp/written
  : >/model/timer
  : >/model/running
  save /tmp/off

  sweep transaction 'boot timer again' old /tmp/bare /transaction.sh
  sweep commit 'boot timer again' 'old new' /tmp/written /commit.sh
  sweep rollback-now 'boot timer again' old /tmp/written "$back" now
  sweep rollback-late 'again' old /tmp/written "$back" late
  sweep rollback-asked 'boot timer again' 'old new' /tmp/applied "$back" asked
  # Another power cut.
  sweep rollback-boot boot old /tmp/off "$back" boot
}

"$@"
