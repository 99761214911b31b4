import { STATE_FOLDER } from '../host/facts-script.ts'
import { hereDocument } from '../host/script.ts'

/** Starts at boot while an apply is unfinished, before dockerd does. */
export const RECOVER_UNIT = 'docker-mtls-recover.service'

const UNITS = '/etc/systemd/system'
/** Who wants it: nothing that is started again while an apply is at work. */
const WANTS = `${UNITS}/multi-user.target.wants`
const LINK = `${WANTS}/${RECOVER_UNIT}`

/** Exit codes of the scripts of an apply: another one is unfinished. */
export const PENDING_CODE = 75
/** The host has gone back meanwhile. */
export const WENT_BACK_CODE = 76
/** Containers that run would be left behind; nothing was changed. */
export const ORPHANS_CODE = 77
/** A file is no longer what the plan was made from; nothing was changed. */
export const CHANGED_CODE = 78

/** How many ways back are kept; each has a server's key in it. */
const KEPT = 3

/** Whatever is unfinished goes back; where nothing is, this was left behind, and goes. `$$` is a `$` of sh. */
const RECOVER = [
  `id=$$(cat ${STATE_FOLDER}/pending 2>/dev/null)`,
  `if test -s "${STATE_FOLDER}/$$id/rollback.sh"; then exec /bin/sh "${STATE_FOLDER}/$$id/rollback.sh" boot; fi`,
  `rm -f ${LINK} ${UNITS}/${RECOVER_UNIT}`,
].join('; ')

/** The same for each apply, so that one that is refused takes nothing away from the one that is at work. */
const UNIT = [
  '[Unit]',
  'Description=Puts back what an unfinished docker-mtls daemon apply has changed',
  'Before=docker.service docker.socket',
  'DefaultDependencies=no',
  'After=local-fs.target',
  '',
  '[Service]',
  'Type=oneshot',
  `ExecStart=/bin/sh -c '${RECOVER}'`,
  '',
].join('\n')

/**
 * Functions of sh that the scripts of an apply share. A folder of ways back has, for each apply, a folder by its id: `$s/ID`.
 *
 * - `$s/pending` has the id of the one that is unfinished, `$s/last` that of the last one that was finished.
 * - `arm` lets the boot go back, `arm_timer ID SECONDS` a timer; `disarm` takes that of the boot away again.
 *   `$s/ID/until` has when that timer ends, in seconds since 1970.
 * - `started PID` is when a process began (proc_pid_stat(5)), which tells it from a later one of the same number.
 * - `runs FILE` says whether the process in a file, `PID START`, still does.
 * - `prune` removes all folders but the last ones, what is unfinished, and what is being begun.
 */
export const STATE_FUNCTIONS: readonly string[] = [
  `s=${STATE_FOLDER}`,
  'started() { sed "s/.*) //" "/proc/$1/stat" 2>/dev/null | cut -d " " -f 20; }',
  'runs() { read -r who when 2>/dev/null <"$1" || return 1; test -n "$when" && test "$(started "$who")" = "$when"; }',
  'arm() {',
  `  unit=$(cat ${hereDocument(UNIT)}\n)`,
  // What is there already is not touched: half of it would be worse than none.
  `  if test "$(cat ${UNITS}/${RECOVER_UNIT} 2>/dev/null)" != "$unit"; then`,
  `    printf "%s\\n" "$unit" >"$s/recover.new" && chmod 0644 "$s/recover.new" && sync && mv -f "$s/recover.new" ${UNITS}/${RECOVER_UNIT} || return 1`,
  '  fi',
  `  test -d ${WANTS} || mkdir -m 0755 ${WANTS} || return 1`,
  `  ln -sf ../${RECOVER_UNIT} ${LINK} || return 1`,
  '}',
  `arm_timer() { echo "$(($(date +%s) + $2))" >"$s/$1/until" || true; systemd-run --quiet --unit="docker-mtls-rollback-$1" --on-active="$2s" --timer-property=AccuracySec=1s /bin/sh "$s/$1/rollback.sh" late; }`,
  `disarm() { rm -f ${LINK} ${UNITS}/${RECOVER_UNIT} "$s/recover.new"; rmdir ${WANTS} 2>/dev/null || true; }`,
  'prune() {',
  '  keep=; count=0; one=$(cat "$s/last" 2>/dev/null || true)',
  `  while test -n "$one" && test "$count" -lt ${KEPT}; do keep="$keep/$one/"; count=$((count + 1)); one=$(cat "$s/$one/previous" 2>/dev/null || true); done`,
  '  for one in "$s"/*/; do',
  '    one=${one%/}; name=${one##*/}',
  '    case $keep in */"$name"/*) continue ;; esac',
  '    if test "$(cat "$s/pending" 2>/dev/null)" = "$name" || runs "$one/owner"; then continue; fi',
  // One from another machine has no owner here.
  '    if ! test -s "$one/owner" && test -n "$(find "$one" -maxdepth 0 -mmin -60 2>/dev/null)"; then continue; fi',
  '    rm -rf -- "$one"',
  '  done',
  '}',
]
