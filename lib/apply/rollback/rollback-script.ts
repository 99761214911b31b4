import { UNIT_NAME } from '../../daemon-config/unit/installed-unit.ts'
import { asScript } from '../../host/script.ts'
import { LOCAL_SOCKET } from '../../daemon-config/listen.ts'
import { LEFT_BEHIND } from '../running.ts'
import { ORPHANS_CODE, PENDING_CODE, STATE_FUNCTIONS } from '../state-script.ts'
import { shellWord } from '../../base/shell-quote.ts'

/** How long dockerd may take to start or stop; its own unit has no limit (TimeoutStartSec=0). */
export const RESTART_S = 90

/** When the host goes on by itself, should a rollback that was asked for be cut off. */
const ASKED_AGAIN_S = 180

/**
 * What puts back everything that one apply has changed. It is a file on the host, beside the copies that it puts back, and
 * whoever runs it gets the same: we, when a proof fails; a timer of systemd, when we are not heard of again; the boot
 * after a power cut; `daemon rollback`, later. It can be interrupted and run again.
 *
 * Its argument says who runs it: `now`, `late` (the timer), `boot`, or `asked` for an apply that was finished.
 *
 * The folder has a line in `entries` for each path, `NUMBER PATH` where there is a copy, `- PATH` where there was no file,
 * `d PATH` for a folder that was made. `restarted` is there once dockerd was touched, `going-back` from the beginning of this
 * on; `was-active` and `socket-was-off` say what ran before, `other-userns` that user namespaces were changed; `writer` is
 * the process that carries the apply out.
 */
export const ROLLBACK_SCRIPT: string = asScript([
  'set -u; umask 077',
  'b=$(cd "$(dirname "$0")" && pwd) || exit 1',
  'id=$(basename "$b"); how=${1-now}; bad=',
  ...STATE_FUNCTIONS,
  ...leftBehind(),
  ...begin(),
  ...putBack(),
  ...restart(),
  ...tidy(),
])

/** With live-restore containers outlive the daemon, and one with other user namespaces would not see them any more. */
function leftBehind(): string[] {
  return [
    'left_behind() {',
    `  if ! systemctl is-active --quiet ${UNIT_NAME} || ! command -v docker >/dev/null; then return; fi`,
    `  case $(timeout 30 docker -H ${LOCAL_SOCKET} info --format "{{.LiveRestoreEnabled}} {{.ContainersRunning}}" 2>/dev/null) in`,
    '  "true 0") ;;',
    `  "true "*) printf "%s\\n" ${shellWord(`${LEFT_BEHIND.got}. ${LEFT_BEHIND.todo}`)} >&2; exit ${ORPHANS_CODE} ;;`,
    '  esac',
    '}',
  ]
}

function begin(): string[] {
  return [
    // Whoever finishes it at this moment looks for this afterwards, and we look for them after that.
    'if test "$how" != asked && test -d "$b"; then : >"$b/going-back"; fi',
    // Finished meanwhile, or put back already.
    'if test "$how" != asked && test "$(cat "$s/pending" 2>/dev/null)" != "$id"; then',
    '  test -e "$s/pending" || disarm',
    '  exit 0',
    'fi',
    'if test "$how" = asked; then',
    // What it would put back is older than what the later one has found.
    '  last=$(cat "$s/last" 2>/dev/null)',
    '  if test "$last" != "$id"; then echo "a later apply goes back first:  sh $s/$last/rollback.sh asked" >&2; exit 1; fi',
    '  if test -e "$b/other-userns"; then left_behind; fi',
    '  rm -f "$b/writer"; : >"$b/restarted"',
    '  arm || exit 1',
    '  sync',
    `  if ! (set -C; printf "%s\\n" "$id" >"$s/pending") 2>/dev/null; then echo "another apply is unfinished" >&2; exit ${PENDING_CODE}; fi`,
    `  arm_timer "$id" ${ASKED_AGAIN_S} 2>/dev/null`,
    'fi',
    // Over ssh it may still be at work, whoever has given it up: nothing is to be written behind our back.
    'if runs "$b/writer"; then kill -KILL "$who"; sleep 1; fi',
  ]
}

function putBack(): string[] {
  return [
    // A folder in the place of a file is not replaced either.
    'same() { if test -d "$1"; then test -d "$2"; return; fi; test -f "$2" && ! test -h "$1" && ! test -h "$2" && cmp -s -- "$1" "$2" && test "$(stat -c "%a %u %g" "$1")" = "$(stat -c "%a %u %g" "$2")"; }',
    // Beside it first: the old file is there whole, or not yet. A link needs no room on a disk that is full.
    'put_back() { { ln -f -- "$1" "$2.docker-mtls" 2>/dev/null || cp -a -- "$1" "$2.docker-mtls"; } && mv -f -T -- "$2.docker-mtls" "$2"; }',
    'while read -r n p; do',
    '  case $n in',
    '  d) ;;',
    '  -) rm -f -- "$p" "$p.docker-mtls" || bad=1 ;;',
    // What was not changed may be what nobody can change.
    '  *) if same "$b/$n" "$p"; then rm -f -- "$p.docker-mtls"; else put_back "$b/$n" "$p" || bad=1; fi ;;',
    '  esac',
    'done <"$b/entries"',
    'test -z "$bad" || exit 1',
    'sort -r "$b/entries" | while read -r n p; do if test "$n" = d; then rmdir -- "$p" 2>/dev/null; fi; done',
    'sync',
  ]
}

function restart(): string[] {
  return [
    'systemctl daemon-reload || exit 1',
    'if test "$how" != boot && test -e "$b/restarted"; then',
    `  systemctl reset-failed ${UNIT_NAME} docker.socket 2>/dev/null`,
    '  if test -e "$b/was-active"; then',
    `    timeout ${RESTART_S} systemctl restart ${UNIT_NAME} || exit 1`,
    // With its socket, or the next call would start it again.
    `  elif test -e "$b/socket-was-off"; then timeout ${RESTART_S} systemctl stop ${UNIT_NAME} docker.socket`,
    `  else timeout ${RESTART_S} systemctl stop ${UNIT_NAME}; fi`,
    'fi',
  ]
}

function tidy(): string[] {
  return [
    'if test "$(cat "$s/last" 2>/dev/null)" = "$id"; then if test -s "$s/$(cat "$b/previous" 2>/dev/null)/rollback.sh"; then cp "$b/previous" "$s/last.new" && mv -f "$s/last.new" "$s/last"; else rm -f "$s/last"; fi; fi',
    // From here on it is done. What follows is done again by the next one, or at the next boot.
    'rm -f "$s/pending"',
    'disarm',
    'sync',
    // The timer that runs us would end us with itself.
    'if test "$how" != late; then systemctl stop "docker-mtls-rollback-$id.timer" 2>/dev/null; fi',
    'systemctl daemon-reload',
    'rm -rf "$b"',
    'exit 0',
  ]
}
