# Prints the end of dockerd's log, if the apply $id has restarted dockerd: before that the log has nothing to say.
: "${s:?}" "${id:?}"
test -e "$s/$id/restarted" || exit 0
journalctl --unit=docker.service --since=-3min --output=cat --no-pager --lines=60 2>/dev/null || true
