# Prints what the kept applies know about the files before them, one item a line, the last apply first:
#   kept                  there is data for rollbacks, or the rest of it
#   apply ID              an apply, followed by its lines
#   entry NUMBER PATH     a line of its entries: see rollback.sh
#   written SHA256 PATH   a file as the apply has written it
# and at the end "complete", if the first apply on this host is among them. state.sh comes before it.
: "${s:?}"
if test -e "$s" || test -e "$s.removed"; then echo kept; fi
one=$(cat "$s/last" 2>/dev/null)
while test -n "$one" && test -s "$s/$one/rollback.sh"; do
  printf 'apply %s\n' "$one"
  sed 's/^/entry /' "$s/$one/entries"
  if test -e "$s/$one/written"; then sed 's/^/written /' "$s/$one/written"; fi
  if ! test -s "$s/$one/previous"; then
    echo complete
    break
  fi
  one=$(cat "$s/$one/previous")
done
exit 0
