import { randomBytes } from 'node:crypto'
import { promises as fs } from 'node:fs'
import { isDockerMtlsError, ProvisionError } from '../base/errors.ts'
import { LOCAL_SOCKET } from '../daemon-config/local-socket.ts'
import { lastWords, type HostShell, type Ran } from '../host/shell.ts'
import { tlsFilesIn } from '../daemon-config/requested-settings.ts'
import { runStep } from '../base/progress.ts'
import type { UsernsProof } from './userns/prove.ts'
import { isWritten } from './changes.ts'
import { refuseConflicts } from './conflicts.ts'
import { rollBackFailedApply } from './rollback/failed-apply.ts'
import { ROLLBACK_AFTER_S, type ApplyOptions } from './options.ts'
import type { ApplyPlan } from './plan.ts'
import type { ProofCheck } from './proof.ts'
import { proveAll } from './prove-all.ts'
import { formatTarget, targetOf } from '../daemon-config/listener-target.ts'
import { CHANGED_CODE, PENDING_CODE, ROLLED_BACK_CODE } from './rollback/state.ts'
import { commitScript, runTransaction, transactionScript } from './transaction.ts'
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
export interface CarryOutOptions extends Pick<
  ApplyOptions,
  'shell' | 'probe' | 'address' | 'rollbackAfter' | 'signal' | 'onStep'
> {
  /**
   * Asked before a restart that the plan did not speak of, with what was seen; rejects where nobody agrees. Absent: what
   * does not prove to be as it should be is an error.
   */
  readonly consent?: ((seen: string) => Promise<void>) | undefined
}

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
  if (plan.restarts) return transact(complete, options)
  try {
    return reportOf([], await proveAll(complete, options), false)
  } catch (cause) {
    await agreeToRestart(cause, options)
    return transact(complete, options)
  }
}

/** All is on the disk as it should be, and what runs is something else: dockerd was not restarted since, perhaps. */
async function agreeToRestart(cause: unknown, { consent, signal }: CarryOutOptions): Promise<void> {
  signal?.throwIfAborted()
  if (!isDockerMtlsError(cause)) throw cause
  if (consent !== undefined) return consent(cause.got)
  throw new ProvisionError('ERR_HOST_COMMAND_FAILED', {
    tried: cause.tried,
    got: cause.got,
    todo: `Its files are as they should be, so that nothing was written and docker was not restarted. If it was not since they have changed:  systemctl restart docker.service , and run this again. ${cause.todo}`,
    cause,
  })
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
    ran = await runTransaction(shell, transactionScript(plan, { id, after: rollbackAfter, owner }), onStep)
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
    // It never began: another one had, or somebody else.
    if (ran?.code === PENDING_CODE || ran?.code === CHANGED_CODE) throw cause
    const wasActive = plan.facts.property('service', 'ActiveState') === 'active'
    const started = ran?.code === 0
    throw await rollBackFailedApply(cause, {
      id,
      shell,
      onStep,
      signal,
      wasActive,
      started,
      isEnding,
      after: rollbackAfter,
    })
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
  if (ran.code === CHANGED_CODE) {
    throw new ProvisionError('ERR_HOST_COMMAND_FAILED', {
      tried: `changing ${lastWords(ran)}`,
      got: 'it is not what was read for the plan: somebody has changed it meanwhile, or it is no UTF-8',
      todo: 'Nothing was changed. Run this again, and look at the differences.',
    })
  }
  if (ran.code === ROLLED_BACK_CODE) throw wentBack(`changing ${name}`)
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
  const { connect } = await import('../engine/connect.ts')
  const { proveUserns } = await import('./userns/prove.ts')
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
