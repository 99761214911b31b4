# Rolls back the apply $id, which may have failed at any point. state.sh and timer.sh come before it.
: "${s:?}" "${id:?}"
b=$s/$id
unfinished=$(read_id pending) || exit 1
last=$(read_id last) || test "$unfinished" = "$id" || exit 1
# The apply was committed, and only the answer was lost.
if test "$last" = "$id"; then exec /bin/sh "$b/rollback.sh" asked checked; fi
# A later apply was committed since, and goes back to this one.
if test -d "$b" && grep -qsxF "$id" "$s"/*/previous; then exit 75; fi
# Another run has begun or even completed the rollback: that of the timer, if the apply had begun.
if test -e "$b/going-back" || ! test -d "$b"; then echo '@overtaken'; fi
# Over ssh, transaction.sh may still be running on the host. It stops once this file exists.
if test -d "$b"; then true >"$b/going-back"; fi
unfinished=$(read_id pending) || exit 1
if test "$unfinished" = "$id"; then exec /bin/sh "$b/rollback.sh" now; fi
# The apply had not begun. At most, it has left an incomplete folder of copies.
test -e "$s/pending" || disarm
rm -rf "$b"
