# Prints what the kept applies, and the list of removed ones, know about the files before them, one item a line, the last apply first:
#   kept                  there is data for rollbacks, or the rest of it
#   apply ID              an apply, or "before" for those whose folders were removed; followed by its lines
#   entry NUMBER PATH     a line of its entries: see rollback.sh
#   written SHA256 PATH   a file as the apply has written it
# and at the end "complete", if the first apply on this host is among them. state.sh comes before it.
: "${s:?}"
tell() {
  printf 'apply %s\n' "$1"
  sed 's/^/entry /' "$s/$1/entries"
  if test -e "$s/$1/written"; then sed 's/^/written /' "$s/$1/written"; fi
}
if test -e "$s" || test -e "$s.removed"; then echo kept; fi
first=''
one=$(cat "$s/last" 2>/dev/null)
while test -n "$one" && test -s "$s/$one/rollback.sh"; do
  tell "$one"
  if ! test -s "$s/$one/previous"; then
    first=1
    break
  fi
  one=$(cat "$s/$one/previous")
done
if test -e "$s/before/entries"; then
  tell before
  first=$(ls "$s/before/complete" 2>/dev/null)
fi
if test -n "$first"; then echo complete; fi
exit 0
