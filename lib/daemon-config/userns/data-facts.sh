(
set +eu
set +f
LC_ALL=C
# Prints $1 in base64: a path may contain spaces and line feeds.
e64() {
  printf %s "$1" | base64 -w 0
}
# Prints the number of entries in the folder $1 for which  test $2 ENTRY$3  succeeds.
count() {
  n=0
  for e in "$1"/*; do if test "$2" "$e$3"; then n=$((n + 1)); fi; done
  printf '%s\n' "$n"
}
# Prints what the folder $2 contains. $1 is the name of the folder in the output.
look() {
  for d in "$2" "$2/containers" "$2/volumes" "$2/image" "$2/plugins" "$2/swarm"; do
    if test -d "$d" && ! { test -r "$d" && test -x "$d"; }; then printf 'unreadable %s %s\n' "$1" "$(e64 "$d")"; fi
  done
  printf 'containers %s %s\n' "$1" "$(count "$2/containers" -f /config.v2.json)"
  printf 'volumes %s %s\n' "$1" "$(count "$2/volumes" -d /_data)"
  printf 'plugins %s %s\n' "$1" "$(count "$2/plugins" -f /config.json)"
  for s in "$2"/image/*/imagedb/content/sha256; do
    if test -d "$s"; then printf 'images %s %s\n' "$1" "$(count "$s" -f '')"; fi
  done
  if test -f "$2/swarm/docker-state.json"; then printf 'swarm %s yes\n' "$1"; fi
}
r=$1
if test -d "$r"; then
  r=$(cd -P "$r" 2>/dev/null && pwd -P || printf %s "$r")
  printf 'root there %s\n' "$(e64 "$r")"
  look - "$r"
  for f in "$r"/[0-9]*.[0-9]*; do
    case ${f##*/} in *[!0-9.]* | *.*.*) continue ;; esac
    if test -d "$f"; then look "${f##*/}" "$f"; fi
  done
  p=$(dirname "$r")
else
  printf 'root missing %s\n' "$(e64 "$r")"
  p=$r
  until test -d "$p"; do p=$(dirname "$p"); done
  p=$(cd -P "$p" 2>/dev/null && pwd -P || printf %s "$p")
fi
set -f
while :; do
  # Split the output into its columns. The path isn't taken from there, since it may contain blanks.
  # shellcheck disable=SC2046
  set -- $(ls -ldn "$p" 2>/dev/null)
  if test $# -gt 3; then printf 'parent %s %s %s %s\n' "$1" "$3" "$4" "$(e64 "$p")"; fi
  case $p in / | // | .) break ;; esac
  p=$(dirname "$p")
done
)
