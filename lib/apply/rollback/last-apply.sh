# Prints the apply that can be rolled back, one item a line: "pending" or "last", its ID, whether dockerd ran before it
# ("yes" or "no"), its entries, and "written SHA256 PATH" for each file that it has written. After "yes" or "no" comes "asked" for a
# requested rollback that is unfinished, "restored" if an unfinished rollback has restored the files, "gateway" for an apply of the
# gateway, and then "docker" if that has restarted dockerd, and "served" if the gateway ran before, or "lost" if that ran without its
# unit file and can't come back.
# Prints nothing if the folder of the ID is gone, or if the user isn't root. Fails if an ID can't be read. state.sh comes before it.
: "${s:?}"
for kind in pending last; do
  id=$(read_id "$kind") || exit 1
  if test -z "$id" || ! test -s "$s/$id/rollback.sh"; then continue; fi
  active=no
  if test -e "$s/$id/was-active"; then active=yes; fi
  # Only a requested rollback removes that file.
  if test "$kind" = pending && ! test -e "$s/$id/writer"; then active="$active asked"; fi
  if test -e "$s/$id/restored"; then active="$active restored"; fi
  if test -e "$s/$id/gateway"; then
    active="$active gateway"
    if test -e "$s/$id/restarted"; then active="$active docker"; fi
    if grep -qx active "$s/$id/gateway-was-active" 2>/dev/null; then
      if test -e "$s/$id/without-unit"; then active="$active lost"; else active="$active served"; fi
    fi
  fi
  printf '%s\n' "$kind" "$id" "$active"
  cat "$s/$id/entries"
  if test -e "$s/$id/written"; then sed 's/^/written /' "$s/$id/written"; fi
  exit 0
done
