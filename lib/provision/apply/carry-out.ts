import { randomBytes } from 'node:crypto'
import { promises as fs } from 'node:fs'
import { ConnectionError, isDockerMtlsError, ProvisionError } from '../../errors.ts'
import { asScript } from '../host/sh.ts'
import { lastWords, type HostShell, type Ran } from '../host/shell.ts'
import { tlsFilesIn } from '../override.ts'
import { runStep, type OnStep } from '../progress.ts'
import type { UsernsProof } from '../userns/prove.ts'
import { LOCAL_SOCKET, silenceOf } from './answers.ts'
import { isWritten } from './changes.ts'
import { whyNotStarted } from './journal.ts'
import { ROLLBACK_AFTER_S, type ApplyOptions } from './options.ts'
import { daemonSilent, rollbackFailed } from './pending.ts'
import { refuseConflicts, type ApplyPlan } from './plan.ts'
import type { ProofCheck } from './proof.ts'
import { proveAll } from './prove-all.ts'
import { STATE_FUNCTIONS } from './state-script.ts'
import { followSteps } from './steps.ts'
import { formatTarget, targetOf } from './targets.ts'
import { PENDING_CODE } from './rollback-script.ts'
import { commitScript, transactionScript, WENT_BACK_CODE } from './transaction.ts'
import { validate } from './validate.ts'

/** What an apply did. */
export interface ApplyReport {
  /** Of the way back; absent where nothing had to be changed. */
  readonly id?: string
  /** The files that were written. */
  readonly written: readonly string[]
  readonly restarted: boolean
  readonly proof: readonly ProofCheck[]
  /** Was it seen that a client's certificate gets in? */
  readonly clientProven: boolean
  /** What a container's root is on the host, where user namespaces are on and dockerd was restarted. */
  readonly userns?: UsernsProof
}

/** All that carrying out needs besides the plan. */
export type CarryOutOptions = Pick<ApplyOptions, 'shell' | 'probe' | 'address' | 'rollbackAfter' | 'signal' | 'onStep'>

/**
 * Carries out a plan: validates, keeps what is there, writes, restarts, proves from outside. Where any of it fails,
 * everything is put back, and the old daemon is seen to answer.
 *
 * @throws {@link ProvisionError} ERR_APPLY_CONFLICT, ERR_APPLY_INVALID, ERR_APPLY_PENDING: nothing was changed.
 *   ERR_APPLY_ROLLED_BACK: what was changed is put back. ERR_APPLY_ROLLBACK_FAILED: it is not
 * @throws the signal's reason, after everything was put back
 */
export async function carryOut(plan: ApplyPlan, options: CarryOutOptions): Promise<ApplyReport> {
  const { shell, onStep, signal } = options
  refuseConflicts(plan)
  await runStep(onStep, { step: 'validate', title: 'let systemd and dockerd judge the configuration' }, () =>
    validate(plan, shell, signal),
  )
  const complete = await withKey(plan, shell)
  if (!plan.restarts) {
    const proof = await proveAll(complete, options).catch(() => undefined)
    if (proof?.every(({ ok }) => ok) === true) return reportOf([], proof, false)
  }
  return transact(complete, options)
}

/** The key of the server is tried as a client's: where it is on this machine, it is read for that. */
async function withKey(plan: ApplyPlan, { isHere }: HostShell): Promise<ApplyPlan> {
  if (plan.server.key !== undefined || !isHere) return plan
  const key = await fs.readFile(tlsFilesIn(plan.tlsDir).key, 'utf8')
  return { ...plan, server: { ...plan.server, key } }
}

function reportOf(
  written: readonly string[],
  proof: readonly ProofCheck[],
  restarted: boolean,
  id?: string,
): ApplyReport {
  const clientProven = proof.some(({ name, ok }) => name === 'client' && ok)
  return { ...(id !== undefined && { id }), written, restarted, proof, clientProven }
}

/** Our process, and when it began (proc_pid_stat(5), its field 22): a later one may get the same number. */
async function ownMark(): Promise<string | undefined> {
  const stat = await fs.readFile('/proc/self/stat', 'utf8').catch(() => '')
  const began = stat.replace(/^.*\) /s, '').split(' ')[19]
  return began === undefined ? undefined : `${process.pid} ${began}`
}

/** Sorts by time, and is a fit part of a unit's name. */
function newId(): string {
  return `${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}-${randomBytes(3).toString('hex')}`
}

async function transact(plan: ApplyPlan, options: CarryOutOptions): Promise<ApplyReport> {
  const { shell, rollbackAfter = ROLLBACK_AFTER_S, signal, onStep } = options
  const id = newId()
  const owner = shell.isHere ? await ownMark() : undefined
  signal?.throwIfAborted()
  let ran: Ran | undefined
  let isEnding = false
  try {
    ran = await followSteps(shell, transactionScript(plan, { id, after: rollbackAfter, owner }), onStep)
    requireApplied(ran, shell)
    signal?.throwIfAborted()
    const proof = await proveAll(plan, options)
    const userns = await lookAtContainer(plan, options)
    signal?.throwIfAborted()
    isEnding = true
    await runStep(onStep, { step: 'commit', title: 'keep it' }, () => commit(id, shell))
    const written = plan.changes.filter(isWritten).map(({ path }) => path)
    return { ...reportOf(written, proof, true, id), ...(userns && { userns }) }
  } catch (cause) {
    // It never began: another one had.
    if (ran?.code === PENDING_CODE) throw cause
    const wasActive = plan.facts.property('service', 'ActiveState') === 'active'
    const started = ran?.code === 0
    throw await goBack(cause, { id, shell, onStep, signal, wasActive, started, isEnding, after: rollbackAfter })
  }
}

function requireApplied(ran: Ran, { name }: HostShell): void {
  if (ran.code === 0) return
  if (ran.code === PENDING_CODE) {
    throw new ProvisionError('ERR_APPLY_PENDING', {
      tried: `beginning an apply on ${name}`,
      got: 'another one began at the same time',
      todo: 'Wait for its end.',
    })
  }
  if (ran.code === WENT_BACK_CODE) throw wentBack(`changing ${name}`)
  throw new ProvisionError('ERR_HOST_COMMAND_FAILED', {
    tried: `changing ${name}`,
    got: lastWords(ran),
    todo: 'Look at  journalctl -u docker.service',
  })
}

async function commit(id: string, shell: HostShell): Promise<void> {
  // Over ssh its answer may be lost; asked again, it says the same.
  const ran = await shell.run(commitScript(id)).catch(() => shell.run(commitScript(id)))
  if (ran.code !== 0) throw wentBack('ending the apply')
}

function wentBack(tried: string): ProvisionError {
  return new ProvisionError('ERR_HOST_COMMAND_FAILED', {
    tried,
    got: 'the host has put everything back meanwhile: it took longer than its timer waits',
    todo: 'Give it more time:  --rollback-after SECONDS',
  })
}

/** With user namespaces a container is looked at from outside, by the host's own socket or as the client of the proof. */
async function lookAtContainer(plan: ApplyPlan, options: CarryOutOptions): Promise<UsernsProof | undefined> {
  const { shell, probe, signal, onStep } = options
  const { rootUid } = plan.userns ?? {}
  if (rootUid === undefined || (!shell.isHere && probe === undefined)) return undefined
  const { connect } = await import('../../engine/connect.ts')
  const { proveUserns } = await import('../userns/prove.ts')
  const { listen } = plan.settings
  const endpoint = shell.isHere
    ? { host: LOCAL_SOCKET }
    : { host: formatTarget(targetOf(listen[0] ?? '', options.address, listen)), ...probe }
  const docker = await connect(endpoint, {})
  const readUidMap = async (pid: number): Promise<string> => (await shell.run(`cat /proc/${pid}/uid_map\n`)).stdout
  try {
    return await proveUserns(docker, { readUidMap, rootUid, signal, onStep })
  } finally {
    await docker.close()
  }
}

interface Going {
  readonly id: string
  readonly shell: HostShell
  readonly onStep: OnStep | undefined
  readonly signal: AbortSignal | undefined
  /** Did a daemon run before? */
  readonly wasActive: boolean
  /** Did the new one start? Then its log has nothing to say about what went wrong. */
  readonly started: boolean
  /** Was all of it done, but the last step? Then that one may have been taken, and only its answer was lost. */
  readonly isEnding: boolean
  /** When the host goes back by itself, in seconds. */
  readonly after: number
}

/** Puts everything back. What is returned is what the caller is to be told. */
async function goBack(cause: unknown, going: Going): Promise<unknown> {
  const { id, shell, onStep, signal, started } = going
  const why = started ? undefined : await whyNotStarted(shell).catch(() => undefined)
  await runStep(onStep, { step: 'roll-back', title: 'put everything back' }, async () => {
    const ran = await shell.run(undoScript(id)).catch((reason: unknown) => {
      throw outOfReach(going, reason)
    })
    if (ran.code !== 0) throw rollbackFailed(shell.name, lastWords(ran), cause)
  })
  const seen = going.wasActive ? await seeOldDaemon(going, cause) : ''
  if (signal?.aborted === true) return signal.reason
  if (!isDockerMtlsError(cause)) return cause
  return new ProvisionError('ERR_APPLY_ROLLED_BACK', {
    tried: cause.tried,
    got: why ?? cause.got,
    todo: `Everything is as it was${seen}. ${cause.todo}`,
    cause,
  })
}

/**
 * Of an apply that failed before it had begun, half a folder of copies may be there. Another one may be finished, and only
 * its answer was lost. And over ssh one may still be at work there: it begins nothing once it finds `going-back`.
 */
function undoScript(id: string): string {
  return asScript([
    ...STATE_FUNCTIONS,
    `b=$s/${id}`,
    `if test "$(cat "$s/last" 2>/dev/null)" = ${id}; then exec /bin/sh "$b/rollback.sh" asked; fi`,
    'if test -d "$b"; then : >"$b/going-back"; fi',
    `if test "$(cat "$s/pending" 2>/dev/null)" = ${id}; then exec /bin/sh "$b/rollback.sh" now; fi`,
    'test -e "$s/pending" || disarm',
    'rm -rf "$b"',
  ])
}

/** The host needs nobody for going back. */
function outOfReach({ shell, after, isEnding }: Going, cause: unknown): ProvisionError {
  const itself = `puts everything back by itself, ${after} seconds after the first change at the latest`
  return new ProvisionError('ERR_APPLY_ROLLBACK_FAILED', {
    tried: `putting everything back on ${shell.name}`,
    got: `it can not be reached any more (${isDockerMtlsError(cause) ? cause.got : String(cause)})`,
    todo: `${isEnding ? `It has kept the change, or ${itself}` : `It ${itself}`}. Run this again then.`,
    cause,
  })
}

/** Gives what is to be said of it. A host that can't be reached once more has put everything back all the same. */
function seeOldDaemon({ shell, onStep }: Going, cause: unknown): Promise<string> {
  return runStep(onStep, { step: 'old-daemon', title: 'see that the old daemon answers' }, async () => {
    const silence = await silenceOf(shell)
    if (silence === undefined) return ', and the old daemon answers'
    throw daemonSilent(shell.name, silence, cause)
  }).catch((error: unknown) => {
    if (!(error instanceof ConnectionError)) throw error
    return `, but it was not seen whether the old daemon answers (${error.got})`
  })
}
