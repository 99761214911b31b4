# Removes the data for rollbacks, each of which has a server's key, and the folders that are empty then. It can be run again.
# state.sh comes before it.
#
# Parameters:
#   tls_dir   the folder of the server's files
: "${s:?}" "${tls_dir:?}"
# Another apply has begun.
if test -e "$s/pending"; then exit 75; fi
# One rename(2), after which nothing can be rolled back any more.
if test -e "$s"; then
  rm -rf -- "$s.removed"
  mv -T -- "$s" "$s.removed"
fi
sync
rm -rf -- "$s.removed"
for d in "$tls_dir" /etc/systemd/system/docker.service.d; do
  rmdir -- "$d" 2>/dev/null || true
done
