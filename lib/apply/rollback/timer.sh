# What rolls an unfinished apply back if docker-mtls can't: a timer of systemd, and a unit that runs at boot. state.sh comes
# before it.
: "${s:?}"
units=/etc/systemd/system
recover=docker-mtls-recover.service
# A target that is not reached again while an apply is at work.
wants=$units/multi-user.target.wants

# Lets the next boot roll back whatever is unfinished. All applies share one unit, so that one that is refused takes
# nothing away from the one that is at work; where nothing is unfinished, the unit removes itself. systemd reads $$ as $.
arm() {
  unit=$(
    cat <<'END_OF_UNIT'
[Unit]
Description=Puts back what an unfinished docker-mtls daemon apply has changed
Before=docker.service docker.socket
DefaultDependencies=no
After=local-fs.target

[Service]
Type=oneshot
ExecStart=/bin/sh -c 'id=$$(cat /var/lib/docker-mtls/pending 2>/dev/null); if test -s "/var/lib/docker-mtls/$$id/rollback.sh"; then exec /bin/sh "/var/lib/docker-mtls/$$id/rollback.sh" boot; fi; rm -f /etc/systemd/system/multi-user.target.wants/docker-mtls-recover.service /etc/systemd/system/docker-mtls-recover.service'
END_OF_UNIT
  )
  # A unit that is there already is not touched: half a unit would be worse than none.
  if test "$(cat "$units/$recover" 2>/dev/null)" != "$unit"; then
    printf '%s\n' "$unit" >"$s/recover.new" && chmod 0644 "$s/recover.new" && sync &&
      mv -f "$s/recover.new" "$units/$recover" || return 1
  fi
  test -d "$wants" || mkdir -m 0755 "$wants" || return 1
  ln -sf "../$recover" "$wants/$recover" || return 1
}

# Removes the unit of arm.
disarm() {
  rm -f "$wants/$recover" "$units/$recover" "$s/recover.new"
  rmdir "$wants" 2>/dev/null || true
}

# Lets a timer of systemd roll back the apply $1 in $2 seconds.
arm_timer() {
  echo "$(($(date +%s) + $2))" >"$s/$1/until" || true
  systemd-run --quiet --unit="docker-mtls-rollback-$1" --on-active="$2s" --timer-property=AccuracySec=1s \
    /bin/sh "$s/$1/rollback.sh" late
}
