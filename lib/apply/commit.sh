# Ends the transaction of the apply $id: its changes stay. Fails if the host was rolled back already.
# state.sh and timer.sh come before it.
: "${s:?}" "${id:?}"
set -eu
umask 077
b=$s/$id

require_ours() {
  if test -e "$b/going-back"; then exit 1; fi
}

# It may be asked a second time, because its answer was lost.
if ! test -e "$s/pending" && test "$(cat "$s/last" 2>/dev/null)" = "$id"; then
  require_ours
else
  test "$(cat "$s/pending" 2>/dev/null)" = "$id"
  # What takes long comes before: one rename(2) finishes the apply, unless the timer was first, and has left its mark.
  sync
  mv -f "$s/pending" "$s/last"
  require_ours
  sync
fi
systemctl stop "docker-mtls-rollback-$id.timer" 2>/dev/null || true
test -e "$s/pending" || disarm
systemctl daemon-reload
prune
