import { UNIT_NAME } from '../installed-unit.ts'
import { STATE_FOLDER } from '../host/facts-script.ts'
import { asScript } from '../host/sh.ts'

/** Starts at boot while an apply is unfinished, before dockerd does. */
export const RECOVER_UNIT = 'docker-mtls-recover.service'

/** Who wants it: nothing that is started again while an apply is at work. */
export const BOOT = 'multi-user.target'

/** How long dockerd may take to start or stop; its own unit has no limit (TimeoutStartSec=0). */
export const RESTART_S = 90

/**
 * What puts back everything that one apply has changed. It is a file on the host, beside the copies that it puts back, and
 * whoever runs it gets the same: we, when a proof fails; a timer of systemd, when we are not heard of again; the boot
 * after a power cut; `daemon rollback`, later. It can be interrupted and run again.
 *
 * Its argument says who runs it: `now`, `late` (the timer), `boot`, or `asked` for an apply that was finished.
 *
 * The folder has a line in `entries` for each path, `NUMBER PATH` where there is a copy, `- PATH` where there was no file,
 * `d PATH` for a folder that was made. `restarted` is there once dockerd was touched.
 */
export const ROLLBACK_SCRIPT: string = asScript([
  'set -u; umask 077',
  'b=$(cd "$(dirname "$0")" && pwd) || exit 1',
  'id=$(basename "$b"); how=${1-now}',
  `s=${STATE_FOLDER}`,
  // Whoever finishes it at this moment looks for this afterwards, and we look for them after that.
  'if test "$how" != asked && test -d "$b"; then : >"$b/going-back"; fi',
  // Finished meanwhile, or put back already.
  'if test "$how" != asked && test "$(cat "$s/pending" 2>/dev/null)" != "$id"; then exit 0; fi',
  'if test "$how" = asked; then printf "%s\\n" "$id" >"$s/pending"; fi',
  'while read -r n p; do',
  '  case $n in',
  '  -) rm -f -- "$p" "$p.docker-mtls" ;;',
  '  d) ;;',
  // Beside it first: the old file is there whole, or not yet. A link needs no room on a disk that is full.
  '  *) { ln -f -- "$b/$n" "$p.docker-mtls" 2>/dev/null || cp -a -- "$b/$n" "$p.docker-mtls"; } && mv -f -T -- "$p.docker-mtls" "$p" || exit 1 ;;',
  '  esac',
  'done <"$b/entries"',
  'sort -r "$b/entries" | while read -r n p; do if test "$n" = d; then rmdir -- "$p" 2>/dev/null; fi; done',
  'sync',
  'systemctl daemon-reload || exit 1',
  'if test "$how" != boot && { test -e "$b/restarted" || test "$how" = asked; }; then',
  `  systemctl reset-failed ${UNIT_NAME} docker.socket 2>/dev/null`,
  '  if test -e "$b/was-active"; then',
  `    timeout ${RESTART_S} systemctl restart ${UNIT_NAME} || exit 1`,
  `  else timeout ${RESTART_S} systemctl stop ${UNIT_NAME}; fi`,
  'fi',
  'if test "$(cat "$s/last" 2>/dev/null)" = "$id"; then if test -s "$b/previous"; then cp "$b/previous" "$s/last"; else rm -f "$s/last"; fi; fi',
  // From here on it is done; what follows is tidying up.
  'rm -f "$s/pending"',
  `rm -f /etc/systemd/system/${BOOT}.wants/${RECOVER_UNIT} /etc/systemd/system/${RECOVER_UNIT}`,
  `rmdir /etc/systemd/system/${BOOT}.wants 2>/dev/null`,
  'sync',
  // The timer that runs us would end us with itself.
  'if test "$how" != late; then systemctl stop "docker-mtls-rollback-$id.timer" 2>/dev/null; fi',
  'systemctl daemon-reload',
  'rm -rf "$b"',
  'exit 0',
])
