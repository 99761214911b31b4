# Rolls back an apply whose process is gone, where that is certain; otherwise its timer does. state.sh and
# timer.sh come before it.
#
# Exit codes: 0 nothing is unfinished; 10 another apply is at work; 11 the timer rolls back, in as many seconds as are
# printed; 1 the rollback failed.
: "${s:?}"
umask 077

# Removes what an apply has left of itself after it was done, or before it had begun.
tidy() {
  disarm
  systemctl stop 'docker-mtls-rollback-*.timer' 2>/dev/null
  prune
  exit 0
}

seconds_left() {
  until=$(cat "$s/$id/until" 2>/dev/null) && test -n "$until" && echo "$((until - $(date +%s)))"
}

test -e "$s/pending" || tidy
id=$(cat "$s/pending")
# Everything that a rollback needs is on the disk before the first change: without it there was none.
if ! test -s "$s/$id/rollback.sh"; then
  rm -f "$s/pending"
  tidy
fi
if runs "$s/$id/owner"; then exit 10; fi
if ! test -s "$s/$id/owner" && systemctl is-active --quiet "docker-mtls-rollback-$id.timer"; then
  seconds_left
  exit 11
fi
/bin/sh "$s/$id/rollback.sh" now || exit 1
test -e "$s/pending" || tidy
