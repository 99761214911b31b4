# Commits the apply $id: its changes stay. Fails if the host was already rolled back.
# state.sh and timer.sh come before it.
: "${s:?}" "${id:?}"
set -eu
umask 077
b=$s/$id

require_ours() {
  if test -e "$b/going-back"; then exit 1; fi
}

# The caller may run this again if the first answer was lost.
if ! test -e "$s/pending" && test "$(cat "$s/last" 2>/dev/null)" = "$id"; then
  require_ours
else
  test "$(cat "$s/pending" 2>/dev/null)" = "$id"
  # The slow sync comes first. Then a single rename(2) commits the apply, unless the timer was faster and has created
  # going-back.
  sync
  mv -f "$s/pending" "$s/last"
  require_ours
  sync
fi
systemctl stop "docker-mtls-rollback-$id.timer" 2>/dev/null || true
test -e "$s/pending" || disarm
systemctl daemon-reload
prune
