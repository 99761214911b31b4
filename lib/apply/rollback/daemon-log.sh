# Prints the end of dockerd's log if the apply $id has restarted dockerd. Before that, the log doesn't concern the apply.
: "${s:?}" "${id:?}"
test -e "$s/$id/restarted" || exit 0
# dockerd's last messages may not have reached the journal yet.
journalctl --sync 2>/dev/null || true
journalctl --unit=docker.service --since="@$(stat -c %Y "$s/$id/restarted")" --output=cat --no-pager --lines=60 2>/dev/null || true
