# Prints which apply can be rolled back: "pending" or "last", its id, "yes" if dockerd ran before it, and its entries.
# An id whose folder is gone is none. Only root sees any.
: "${s:?}"
for kind in pending last; do
  id=$(cat "$s/$kind" 2>/dev/null)
  if test -z "$id" || ! test -s "$s/$id/rollback.sh"; then continue; fi
  active=no
  if test -e "$s/$id/was-active"; then active=yes; fi
  printf '%s\n' "$kind" "$id" "$active"
  cat "$s/$id/entries"
  exit 0
done
