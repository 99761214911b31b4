import { setTimeout as wait } from 'node:timers/promises'
import { ProvisionError } from '../../base/errors.ts'
import { STATE_FOLDER } from '../../host/facts-script.ts'
import { asScript } from '../../host/script.ts'
import { lastWords, type HostShell } from '../../host/shell.ts'
import { runStep, type OnStep } from '../../base/progress.ts'
import { STATE_FUNCTIONS } from '../state-script.ts'

/** Exit codes of the script below. */
const DONE = 0
const AT_WORK = 10
const GOES_BACK = 11

const POLL_MS = 2000

/** Puts back what a run that is gone has left, where that is certain; else the timer does. */
export const SETTLE_SCRIPT: string = asScript([
  'umask 077',
  ...STATE_FUNCTIONS,
  // What it has left of itself, after it was done or before it had begun.
  'tidy() { disarm; systemctl stop "docker-mtls-rollback-*.timer" 2>/dev/null; prune; exit 0; }',
  // How many seconds the timer still waits.
  'left() { until=$(cat "$s/$id/until" 2>/dev/null) && test -n "$until" && echo "$((until - $(date +%s)))"; }',
  'test -e "$s/pending" || tidy',
  'id=$(cat "$s/pending")',
  // Everything that is needed for going back is on the disk before the first change: without that there was none.
  'if ! test -s "$s/$id/rollback.sh"; then rm -f "$s/pending"; tidy; fi',
  `if runs "$s/$id/owner"; then exit ${AT_WORK}; fi`,
  `if ! test -s "$s/$id/owner" && systemctl is-active --quiet "docker-mtls-rollback-$id.timer"; then left; exit ${GOES_BACK}; fi`,
  '/bin/sh "$s/$id/rollback.sh" now || exit 1',
  'test -e "$s/pending" || tidy',
])

/**
 * Makes sure that no other apply is under way. What one that was killed has left is put back first.
 *
 * @throws {@link ProvisionError} ERR_APPLY_PENDING, ERR_APPLY_ROLLBACK_FAILED
 */
export async function settlePending(shell: HostShell, onStep?: OnStep, signal?: AbortSignal): Promise<void> {
  const title = 'put back what an apply has left'
  await runStep(onStep, { step: 'settle', title }, async ({ wait: waiting }) => {
    let until: string | undefined
    for (;;) {
      const ran = await shell.run(SETTLE_SCRIPT, { signal })
      if (ran.code === DONE) return
      if (ran.code === AT_WORK) throw atWork(shell)
      if (ran.code !== GOES_BACK) throw rollbackFailed(shell.name, lastWords(ran))
      until ??= momentIn(ran.stdout)
      waiting(`${until ?? 'some minutes'}, when the host does it by itself`)
      await wait(POLL_MS, undefined, { signal })
    }
  })
}

/** By the clock here, of the seconds that the host says: `19:45:10`. */
function momentIn(stdout: string): string | undefined {
  const seconds = /^-?\d+$/m.exec(stdout)?.[0]
  return seconds === undefined
    ? undefined
    : new Date(Date.now() + Math.max(0, Number(seconds)) * 1000).toTimeString().slice(0, 8)
}

function atWork({ name }: HostShell): ProvisionError {
  return new ProvisionError('ERR_APPLY_PENDING', {
    tried: `beginning an apply on ${name}`,
    got: 'another one is at work there',
    todo: 'Wait for its end. If it hangs, end its process: the host then puts everything back by itself.',
  })
}

/**
 * What is said where even going back failed: a person has to look, and needs to know where. It is unfinished then, and
 * `daemon rollback` goes on with it.
 */
export function rollbackFailed(host: string, got: string, cause?: unknown): ProvisionError {
  return new ProvisionError('ERR_APPLY_ROLLBACK_FAILED', {
    tried: `putting everything back on ${host}`,
    got,
    todo: `What was there is kept in ${STATE_FOLDER}; look at  journalctl -u docker.service , and put it back with  docker-mtls daemon rollback`,
    cause,
  })
}

/** What is said where everything is put back, and its daemon keeps silent: another rollback would undo an earlier apply. */
export function daemonSilent(host: string, silence: string, cause?: unknown): ProvisionError {
  return new ProvisionError('ERR_APPLY_ROLLBACK_FAILED', {
    tried: `seeing the old daemon answer on ${host}, where everything is put back`,
    got: silence,
    todo: 'Look at  journalctl -u docker.service , mend what it names, and start docker:  systemctl restart docker.service',
    cause,
  })
}
