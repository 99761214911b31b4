# The systemd timer and the boot unit that roll back an unfinished apply if docker-mtls can't. state.sh comes before it.
: "${s:?}"
units=/etc/systemd/system
recover=docker-mtls-recover.service
# A target that systemd doesn't activate again while an apply is running.
wants=$units/multi-user.target.wants

# Installs the unit that rolls back an unfinished apply at the next boot. All applies share this unit, so that a refused apply
# doesn't remove the unit of a running one. If nothing is unfinished, the unit removes itself. systemd replaces $$ by $.
arm() {
  unit=$(
    cat <<'END_OF_UNIT'
[Unit]
Description=Puts back what an unfinished docker-mtls daemon apply has changed
Before=docker.service docker.socket docker-mtls-gateway.service
DefaultDependencies=no
After=local-fs.target

[Service]
Type=oneshot
ExecStart=/bin/sh -c 'id=$$(cat /var/lib/docker-mtls/pending) || ! test -e /var/lib/docker-mtls/pending || exit 1; if test -s "/var/lib/docker-mtls/$$id/rollback.sh"; then exec /bin/sh "/var/lib/docker-mtls/$$id/rollback.sh" boot; fi; rm -f /etc/systemd/system/multi-user.target.wants/docker-mtls-recover.service /etc/systemd/system/docker-mtls-recover.service'
END_OF_UNIT
  )
  # Don't rewrite a unit that is already correct: an interrupted write would leave an incomplete unit.
  if test "$(cat "$units/$recover" 2>/dev/null)" != "$unit"; then
    printf '%s\n' "$unit" >"$s/recover.new" && chmod 0644 "$s/recover.new" && sync &&
      mv -f "$s/recover.new" "$units/$recover" || return 1
  fi
  test -d "$wants" || mkdir -m 0755 "$wants" || return 1
  ln -sf "../$recover" "$wants/$recover" || return 1
}

# Removes the boot unit.
disarm() {
  rm -f "$wants/$recover" "$units/$recover" "$s/recover.new"
  rmdir "$wants" 2>/dev/null || true
}

# Starts the timer that rolls back the apply $1 in $2 seconds.
arm_timer() {
  echo "$(($(date +%s) + $2))" >"$s/$1/until" || true
  systemd-run --quiet --unit="docker-mtls-rollback-$1" --on-active="$2s" --timer-property=AccuracySec=1s \
    /bin/sh "$s/$1/rollback.sh" late
}
