# Rolls back the apply $id, which has failed at any point. state.sh and timer.sh come before it.
: "${s:?}" "${id:?}"
b=$s/$id
# It was finished, and only its answer was lost.
if test "$(cat "$s/last" 2>/dev/null)" = "$id"; then exec /bin/sh "$b/rollback.sh" asked; fi
# Over ssh it may still be at work on the host: it begins nothing once it finds this.
if test -d "$b"; then : >"$b/going-back"; fi
if test "$(cat "$s/pending" 2>/dev/null)" = "$id"; then exec /bin/sh "$b/rollback.sh" now; fi
# It had not begun, and has left half a folder of copies at most.
test -e "$s/pending" || disarm
rm -rf "$b"
