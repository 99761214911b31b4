#!/bin/bash
# Cuts the scripts of an apply off before each of their commands, one after the other, lets the host recover in each of
# its ways, and looks what came of it. The files are real, below a root of their own; systemd and dockerd are played:
#
#   systemd   has loaded the drop-in as it was at the last daemon-reload, and knows one timer
#   dockerd   runs with what was loaded and with the files as they were when it was started; it does not start with a
#             listener in both places, nor without the files that it is told of
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
#!/bin/bash
conf=/model/loaded/override.conf
start() {
  rm -f /model/active /model/running
  local flags= json= file
  test ! -e "$conf" || flags=$(<"$conf")
  test ! -e /etc/docker/daemon.json || json=$(</etc/docker/daemon.json)
  if [[ $json == *'"hosts"'* && $flags == *'-H '* ]]; then exit 1; fi
  for file in $flags $json; do
    [[ $file =~ /etc/docker/tls/[a-z-]*\.pem ]] || continue
    test -s "${BASH_REMATCH[0]}" || exit 1
  done
  cat "$conf" /etc/docker/daemon.json /etc/docker/tls/*.pem /etc/subuid /etc/subgid >/model/running 2>/dev/null
  : >/model/active
}
case $* in
  daemon-reload) rm -rf /model/loaded; cp -a /etc/systemd/system/docker.service.d /model/loaded 2>/dev/null; exit 0 ;;
  'is-active '*docker.service) test -e /model/active ;;
  'is-active '*docker.socket) ;;
  'is-active '*.timer) test -e /model/timer ;;
  'reset-failed '*|'reload '*) ;;
  'restart docker.service'|'start docker.service') start ;;
  'stop docker.service') rm -f /model/active /model/running ;;
  'stop '*.timer) rm -f /model/timer ;;
  *) echo "nobody plays systemctl $*" >>/model/complaints; exit 1 ;;
esac
END
}

# A state: all that an apply may change, and what is played.
save() {
  mkdir "$1"
  cp -a /etc /var/lib /model "$1"
}

load() {
  find /etc /var/lib /model -mindepth 1 -delete
  cp -a "$1/etc/." /etc
  cp -a "$1/lib/." /var/lib
  cp -a "$1/model/." /model
}

# What kill -9 would leave at this moment. Commands that change nothing leave what the one before has left.
cut() {
  local now
  now=$(find /etc /var/lib /model -printf '%p %m %U:%G %s %T@ %i %l\n' | md5sum)
  test -d "/cuts/${now%% *}" || save "/cuts/${now%% *}"
}
export -f save cut

# Runs a script. Bash runs its trap before each simple command, also of functions and of subshells (bash(1), -T).
with_cuts() {
  rm -rf /cuts/*
  bash --norc -c 'set -T; trap cut DEBUG; . "$0"' "$@" >/dev/null 2>/tmp/said
}

# The ways of a host to recover.
boot() {
  local units=/etc/systemd/system unit=docker-mtls-recover.service command
  rm -f /model/timer /model/active /model/running
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
  if ! test -e /model/timer; then again; return; fi
  command=$(</model/timer)
  rm -f /model/timer
  $command >/dev/null 2>&1
}

# Whoever began it is gone: no process has the number of the owner.
again() {
  sh /settle.sh >/dev/null 2>/tmp/said
}

etc() {
  (cd /etc && find . -printf '%p %y %m %U:%G %l\n' -type f -exec md5sum {} + | sort)
}

# Old, new, or what is wrong.
judge() {
  local now left
  now=$(etc)
  # The copies of what was there before: one has a key in it.
  left=$(ls -d $state/*Z-*/[0-9]* 2>/dev/null)
  # A unit that nothing wants does nothing.
  if test "${1-}" = boot && ! test -h /etc/systemd/system/multi-user.target.wants/docker-mtls-recover.service; then
    now=$(echo "$now" | grep -v '/docker-mtls-recover\.service')
  fi
  if test -e $state/pending; then echo 'it is still pending'
  elif test -e /model/timer; then echo 'its timer still runs'
  elif test -s /model/complaints; then cat /model/complaints
  elif ls /etc/docker/tls | grep -q docker-mtls; then echo 'half a file is left'
  elif ! test -e /model/active; then echo 'dockerd does not run'
  elif test "$now" = "$old" && cmp -s /model/running /tmp/running.old; then
    # They are in nobody's way, and the next apply at the latest removes them.
    if test "${1-}" != again || test -z "$left"; then echo old; else echo "old, but there is still $left"; fi
  elif test "$now" = "$new" && cmp -s /model/running /tmp/running.new; then echo new
  elif test "$now" = "$old" || test "$now" = "$new"; then echo 'dockerd runs with something else than what is on the disk'
  else diff <(echo "$old") <(echo "$now") | grep '^[<>]' | head -n 4 | tr '\n' ';'
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
      end=$(judge $way)
      case " $ends " in *" $end "*) ;; *) echo "WRONG $name after $states changes, then $way: $end" ;; esac
    done
  done
  echo "$name $states"
}

inner() {
  local back=$state/$1/rollback.sh
  play
  systemctl daemon-reload
  systemctl start docker.service
  cp /model/running /tmp/running.old
  old=$(etc)
  new=
  save /tmp/bare
  sh /transaction.sh >/dev/null || echo 'WRONG the transaction fails'
  save /tmp/written
  sh /commit.sh || echo 'WRONG the commit fails'
  cp /model/running /tmp/running.new
  new=$(etc)
  save /tmp/applied
  test "$old" != "$new" || echo 'WRONG nothing was changed'
  test "$(judge)" = new || echo "WRONG the end of it: $(judge)"
  load /tmp/written
  rm -f /model/timer /model/active /model/running
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
