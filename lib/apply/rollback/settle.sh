# Rolls back an unfinished apply if its process is certainly gone. Otherwise its timer rolls it back. state.sh and timer.sh
# come before it.
#
# Exit codes: 0 nothing is unfinished; 10 another apply is running; 11 a rollback is running, or the timer will roll back in the printed
# number of seconds; else that of a rollback that failed.
: "${s:?}"
umask 077

# Removes what an apply leaves if it is killed after its commit or before its beginning.
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
id=$(read_id pending) || exit 1
# The data for a rollback is written to the disk before the first change. If it is missing, nothing was changed.
if ! test -s "$s/$id/rollback.sh"; then
  rm -f "$s/pending"
  tidy
fi
if runs "$s/$id/owner"; then exit 10; fi
# A second rollback would wait for one that runs, without a word.
if runs "$s/$id/runner" ||
  { ! test -s "$s/$id/owner" && systemctl is-active --quiet "docker-mtls-rollback-$id.timer"; }; then
  seconds_left || true
  exit 11
fi
# If another run has ended the rollback meanwhile, that program may be gone.
/bin/sh "$s/$id/rollback.sh" now || {
  code=$?
  { now=$(read_id pending) && test "$now" != "$id"; } || exit "$code"
}
test -e "$s/pending" || tidy
