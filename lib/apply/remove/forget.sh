# Removes the data for rollbacks, which has a server's key, and the folders that are empty then. Files in it that docker-mtls has
# replaced and that don't come back are first put beside their old places. It can be run again. state.sh comes before it.
#
# Its arguments are the folders of the server's files. A function is generated from the plan:
#   asides FUNCTION   calls FUNCTION COPY PATH for each copy that is kept
: "${s:?}"
# Another apply has begun.
if test -e "$s/pending"; then exit 75; fi

keep_aside() {
  if cmp -s -- "$1" "$2"; then return; fi
  mkdir -p -- "${2%/*}" && cp -a -T --backup=numbered -- "$1" "$2" || exit 1
}

asides keep_aside
sync
# One rename(2), after which nothing can be rolled back any more.
if test -e "$s"; then
  rm -rf -- "$s.removed"
  mv -T -- "$s" "$s.removed"
fi
sync
rm -rf -- "$s.removed"
for d in "$@" /etc/systemd/system/docker.service.d; do
  rmdir -- "$d" 2>/dev/null || true
done
