import { asScript, hereDocument } from '../host/script.ts'
import { PREAMBLE } from '../host/shell.ts'
import { UNIT_NAME } from '../daemon-config/unit/installed-unit.ts'
import { isWritten, OWNER, sumOf, type Change } from './changes.ts'
import type { ApplyPlan } from './plan.ts'
import { RESTART_S, ROLLBACK_SCRIPT } from './rollback/rollback-script.ts'
import { CHANGED_CODE, PENDING_CODE, STATE_FUNCTIONS, WENT_BACK_CODE } from './state-script.ts'
import { shellWord } from '../base/shell-quote.ts'

/** Steps of the script, in their order, as its lines `@step NAME` tell them. */
export const STEPS = {
  backup: 'keep what is there, for going back',
  arm: 'let the host go back by itself, should we be cut off',
  write: 'write the files',
  reload: 'let systemd read the unit',
  'live-restore': 'let dockerd read live-restore',
  restart: 'restart docker',
} as const

/** The name of a step. */
export type TransactionStep = keyof typeof STEPS

/** One apply, from its first change to its end. */
export interface Transaction {
  /** Letters, digits and `-`; they sort by their time. */
  readonly id: string
  /** The timer's seconds. */
  readonly after: number
  /** Our process, where it is one of the host, `PID START`: so that the next run knows that we are gone. */
  readonly owner: string | undefined
}

/** What of a plan is carried out by it. */
export type Written = Pick<ApplyPlan, 'changes' | 'tlsDir' | 'reloadsFirst' | 'remaps'>

/**
 * Writes all files of a plan and restarts dockerd. Before the first change everything is arranged for going back: copies,
 * the script that puts them back, a timer that runs it unless it is stopped in time, and a unit that runs it at boot.
 *
 * @param plan - without conflicts
 */
export function transactionScript(plan: Written, { id, after, owner }: Transaction): string {
  const written = plan.changes.filter(isWritten)
  return asScript([
    'set -eu; umask 077',
    ...STATE_FUNCTIONS,
    `b=$s/${id}`,
    'step() { printf "@step %s\\n" "$1"; }',
    // Over ssh we may go on here while a second login has put everything back already.
    `ours() { if test -e "$b/going-back" || test "$(cat "$s/pending" 2>/dev/null)" != ${id}; then rm -f -- "$@"; exit ${WENT_BACK_CODE}; fi; }`,
    ...backup(written, owner, plan.remaps),
    ...arm(id, after),
    'step write',
    ...written.flatMap((change) => write(change, plan.tlsDir)),
    'sync',
    'step reload; ours',
    'systemctl daemon-reload',
    ...(plan.reloadsFirst ? liveRestore() : []),
    ...restart(),
  ])
}

function backup(written: readonly Change[], owner: string | undefined, remaps: boolean): string[] {
  return [
    'step backup',
    'mkdir -p "$s" "$b"',
    'chmod 0700 "$s" "$b"',
    `printf "%s\\n" "${owner ?? ''}" >"$b/owner"`,
    'printf "%s %s\\n" "$$" "$(started $$)" >"$b/writer"',
    `cat >"$b/rollback.sh" ${hereDocument(PREAMBLE + ROLLBACK_SCRIPT)}`,
    ': >"$b/entries"',
    'n=0; keep() { n=$((n+1)); if test -e "$1" || test -h "$1"; then cp -a -- "$1" "$b/$n"; printf "%s %s\\n" "$n" "$1"; else printf "%s %s\\n" - "$1"; fi >>"$b/entries"; }',
    ...written.map(({ path }) => `keep ${shellWord(path)}`),
    // Between the look and the yes of a person there may be minutes.
    `seen() { if test "$2" = -; then ! test -e "$1" && ! test -h "$1"; else test "$(sha256sum <"$1" | cut -d " " -f 1)" = "$2"; fi || { rm -rf "$b"; echo "$1" >&2; exit ${CHANGED_CODE}; }; }`,
    ...written.flatMap((change) => seen(change)),
    `if systemctl is-active --quiet ${UNIT_NAME}; then : >"$b/was-active"; fi`,
    'if ! systemctl is-active --quiet docker.socket; then : >"$b/socket-was-off"; fi',
    ...(remaps ? [': >"$b/other-userns"'] : []),
    'if test -s "$s/last"; then cp "$s/last" "$b/previous"; fi',
    'sync',
  ]
}

/** What is there has to be what the change was decided from. */
function seen({ path, action, before }: Change): string[] {
  const sum = before === undefined ? (action === 'create' ? '-' : undefined) : sumOf(before)
  return sum === undefined ? [] : [`seen ${shellWord(path)} ${sum}`]
}

function arm(id: string, after: number): string[] {
  return [
    // Whoever reads our lines may be dead: then this one ends us, and nothing has begun.
    'step arm',
    'arm; sync',
    // O_EXCL: of two at once only one gets on (POSIX sh, "Redirecting Output", noclobber).
    `if ! (set -C; printf "%s\\n" ${id} >"$s/pending") 2>/dev/null; then rm -rf "$b"; exit ${PENDING_CODE}; fi`,
    // Or who began it has given it up meanwhile, over another login.
    'if test -e "$b/going-back" || ! test -s "$b/rollback.sh"; then rm -f "$s/pending"; disarm; rm -rf "$b"; exit 1; fi',
    // Once more: the one before us may just have taken it away.
    'arm; sync',
    `arm_timer ${id} ${after}`,
  ]
}

function write({ path, mode, text }: Change, tlsDir: string): string[] {
  const word = shellWord(path)
  const folders = parentsOf(path)
  return [
    ...folders.map(
      (folder) =>
        `if ! test -d ${shellWord(folder)}; then printf "d %s\\n" ${shellWord(folder)} >>"$b/entries"; mkdir -m ${folder === tlsDir ? '0700' : '0755'} ${shellWord(folder)}; fi`,
    ),
    'ours',
    `cat >${word}.docker-mtls ${hereDocument(text)}`,
    `chmod ${mode.toString(8).padStart(4, '0')} ${word}.docker-mtls; chown ${OWNER} ${word}.docker-mtls`,
    `ours ${word}.docker-mtls; mv -f -T -- ${word}.docker-mtls ${word}`,
  ]
}

/** From the top: `/etc`, `/etc/docker`. */
function parentsOf(path: string): string[] {
  const parts = path.split('/').slice(1, -1)
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`)
}

function liveRestore(): string[] {
  // SIGHUP: dockerd reads live-restore anew without a restart, and the files of TLS not.
  return ['step live-restore', `systemctl reload ${UNIT_NAME}; sleep 1`]
}

function restart(): string[] {
  return [
    'step restart; ours',
    ': >"$b/restarted"; sync',
    `systemctl reset-failed ${UNIT_NAME} docker.socket 2>/dev/null || true`,
    `timeout ${RESTART_S} systemctl restart ${UNIT_NAME}`,
    `systemctl is-active --quiet ${UNIT_NAME}`,
  ]
}

/** Ends a transaction: what was applied stays. Fails where the host went back meanwhile. */
export function commitScript(id: string): string {
  return asScript([
    'set -eu; umask 077',
    ...STATE_FUNCTIONS,
    `b=$s/${id}`,
    'ours() { if test -e "$b/going-back"; then exit 1; fi; }',
    // Asked a second time, since the answer was lost.
    `if ! test -e "$s/pending" && test "$(cat "$s/last" 2>/dev/null)" = ${id}; then ours; else`,
    `  test "$(cat "$s/pending" 2>/dev/null)" = ${id}`,
    // What takes long comes before: then it is finished by one rename(2), or the timer was first, and has left its mark.
    '  sync; mv -f "$s/pending" "$s/last"; ours; sync',
    'fi',
    `systemctl stop docker-mtls-rollback-${id}.timer 2>/dev/null || true`,
    'test -e "$s/pending" || disarm',
    'systemctl daemon-reload',
    'prune',
  ])
}
