# What the programs of an apply share. $s is a folder on the host, for root alone, with what a rollback needs: a folder
# by the id of each apply, $s/ID. Beside them, $s/pending has the id of an apply that is unfinished, and $s/last that of
# the last one that was finished.
#
# In $s/ID:
#   rollback.sh, entries, 1, 2, ...  what puts everything back: see rollback.sh
#   previous         the id of the finished apply before this one
#   owner, writer    processes, "PID START": ours that carries the apply out, and the shell that writes
#   until            when the timer of this apply ends, in seconds since 1970
#   going-back       is there once a rollback of it has begun
#   was-active       is there if dockerd ran before the apply
#   socket-was-off   is there if docker.socket was not active before the apply
#   restarted        is there once the apply has touched dockerd
#   other-userns     is there if the apply changes user namespaces
#
# Exit codes of all these programs:
#   75  another apply is unfinished
#   76  the host was rolled back already
#   77  running containers would be left behind; nothing was changed
#   78  a file is no longer what the plan was made from; nothing was changed
s=/var/lib/docker-mtls

# When a process began (proc_pid_stat(5), field 22), which tells it from a later one with the same number.
started() {
  sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20
}

# Is the process in the file $1, "PID START", still running? It leaves its number in $who.
runs() {
  read -r who when 2>/dev/null <"$1" || return 1
  test -n "$when" && test "$(started "$who")" = "$when"
}

# Makes $1 the unfinished apply; fails if there is one already. Of two that begin at once only one succeeds, since link(2)
# replaces nothing. The file is complete from the start: on a full disk there is none, not an empty one.
claim() {
  rm -f "$s/$1/claim"
  printf '%s\n' "$1" >"$s/$1/claim" && ln "$s/$1/claim" "$s/pending" 2>/dev/null && rm -f "$s/$1/claim"
}

# Removes the folders of all applies but the last three that were finished, of the one that is unfinished, and of those
# that are about to begin. Each has a server's key in it.
prune() {
  keep='' count=0
  one=$(cat "$s/last" 2>/dev/null || true)
  while test -n "$one" && test "$count" -lt 3; do
    keep="$keep/$one/"
    count=$((count + 1))
    one=$(cat "$s/$one/previous" 2>/dev/null || true)
  done
  for one in "$s"/*/; do
    one=${one%/}
    name=${one##*/}
    case $keep in */"$name"/*) continue ;; esac
    if test "$(cat "$s/pending" 2>/dev/null)" = "$name" || runs "$one/owner"; then continue; fi
    # An apply from another machine has no owner here.
    if ! test -s "$one/owner" && test -n "$(find "$one" -maxdepth 0 -mmin -60 2>/dev/null)"; then continue; fi
    rm -rf -- "$one"
  done
}
