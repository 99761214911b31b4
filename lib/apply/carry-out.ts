import { randomBytes } from 'node:crypto'
import { promises as fs } from 'node:fs'
import { isDockerMtlsError, ProvisionError, sentencesOf } from '../base/errors.ts'
import { command, option, sentence, type Sentence } from '../base/sentence.ts'
import { GATEWAY_UNIT } from '../daemon-config/gateway-unit.ts'
import { LOCAL_SOCKET } from '../daemon-config/listen.ts'
import { SOCKET_UNIT, UNIT_NAME } from '../daemon-config/unit/installed-unit.ts'
import { isActive, runsOrStarts } from '../host/facts.ts'
import { CHANGE_LIMITS } from '../host/run-limits.ts'
import { stderrSummary, type HostShell, type ScriptResult } from '../host/shell.ts'
import { tlsFilesIn } from '../daemon-config/options.ts'
import { runStep } from '../base/progress.ts'
import type { UsernsVerification } from './userns/verify.ts'
import { isWritten } from './changes.ts'
import { refuseConflicts } from './conflicts.ts'
import { daemonBefore } from './rollback/before.ts'
import { rollBackFailedApply } from './rollback/failed-apply.ts'
import { whyNoAnswer } from './rollback/old-daemon.ts'
import { ROLLBACK_AFTER_S } from './options.ts'
import type { ApplyPlan } from './plan.ts'
import type { VerificationCheck } from './verify-listener.ts'
import { verifyDaemon, type VerificationOptions } from './verify-daemon.ts'
import { formatTarget, targetOf } from '../daemon-config/listener-target.ts'
import { CHANGED_CODE, GATEWAY_CODE, PENDING_CODE, ROLLED_BACK_CODE, SLOW_CODE, SOCKET_CODE } from './rollback/state.ts'
import { takenSince } from './taken-since.ts'
import { commitScript, runTransaction, type Written } from './transaction.ts'
import { validate } from './validate.ts'

/** The result of an apply. */
export interface ApplyReport {
  /** Identifies the rollback; absent if nothing had to be changed. */
  readonly id?: string
  /** The written files. */
  readonly written: readonly string[]
  readonly restarted: boolean
  readonly proof: readonly VerificationCheck[]
  /** Did the daemon accept a client certificate? */
  readonly clientProven: boolean
  /** The containers' root on the host, if user namespaces are on and dockerd was restarted. */
  readonly userns?: UsernsVerification
}

/** Options of {@link carryOut}. */
export interface CarryOutOptions extends VerificationOptions {
  /**
   * When the host rolls back by itself if the apply doesn't finish, in seconds after the first change.
   *
   * @defaultValue 180
   */
  readonly rollbackAfter?: number | undefined
  /**
   * Called with the reason before a restart that isn't in the plan; rejects if the user doesn't agree. Absent: a failed
   * verification is an error.
   */
  readonly consent?: ((seen: string) => Promise<void>) | undefined
}

/**
 * Carries out a plan: validates, backs up, writes, restarts, and tests the daemon from outside. If any of it fails, everything
 * is rolled back, and the old daemon is checked.
 *
 * @throws {@link ProvisionError} ERR_APPLY_CONFLICT, ERR_APPLY_INVALID, ERR_APPLY_PENDING: nothing was changed.
 *   ERR_APPLY_ROLLED_BACK: all changes were rolled back. ERR_APPLY_ROLLBACK_FAILED: they were not
 * @throws the signal's reason, after everything was rolled back
 */
export async function carryOut(plan: ApplyPlan, options: CarryOutOptions): Promise<ApplyReport> {
  const { shell, onStep, signal } = options
  refuseConflicts(plan)
  await runStep(onStep, { step: 'validate', title: 'validate the configuration with systemd and dockerd' }, () =>
    validate(plan, shell, signal),
  )
  const complete = await withKey(plan, shell)
  if (plan.restarts) return transact(complete, options)
  const title = 'wait until docker has started'
  if (!isActive(plan.facts)) await runStep(onStep, { step: 'start', title }, (talk) => whyNoAnswer(shell, talk, signal))
  try {
    return reportOf([], await verifyDaemon(complete, options), false)
  } catch (cause) {
    await agreeToRestart(cause, options)
    return transact(complete, options)
  }
}

/** All files are up to date, but the daemon isn't: perhaps dockerd wasn't restarted since they changed. */
async function agreeToRestart(cause: unknown, { consent, signal }: CarryOutOptions): Promise<void> {
  signal?.throwIfAborted()
  if (!isDockerMtlsError(cause)) throw cause
  if (consent !== undefined) return consent(cause.got)
  const { tried, got } = sentencesOf(cause)
  throw new ProvisionError('ERR_HOST_COMMAND_FAILED', {
    tried,
    got,
    todo: sentence`All files are up to date, so docker-mtls wrote nothing and didn't restart docker. If docker wasn't restarted since they changed, restart it and run this again:  ${command('systemctl', 'restart', 'docker.service')}`,
    cause,
  })
}

/** The verification presents the server's certificate as a client's, and needs its key. On the host, the key is in its file. */
async function withKey(plan: ApplyPlan, { isHere }: HostShell): Promise<ApplyPlan> {
  if (plan.server.key !== undefined || !isHere) return plan
  const key = await fs.readFile(tlsFilesIn(plan.tlsDir).key, 'utf8')
  return { ...plan, server: { ...plan.server, key } }
}

function reportOf(
  written: readonly string[],
  proof: readonly VerificationCheck[],
  restarted: boolean,
  id?: string,
): ApplyReport {
  const clientProven = proof.some(({ name, ok }) => name === 'client' && ok)
  return { ...(id !== undefined && { id }), written, restarted, proof, clientProven }
}

/** Our process and its start time (proc_pid_stat(5), field 22): a later process may get the same number. */
async function ownMark(): Promise<string | undefined> {
  const stat = await fs.readFile('/proc/self/stat', 'utf8').catch(() => '')
  const began = stat.replace(/^.*\) /s, '').split(' ')[19]
  return began === undefined ? undefined : `${process.pid} ${began}`
}

/** It sorts by time, and can be part of a unit's name. */
function newId(): string {
  return `${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}-${randomBytes(3).toString('hex')}`
}

async function transact(plan: ApplyPlan, options: CarryOutOptions): Promise<ApplyReport> {
  const guarded = { ...plan, listen: plan.settings.listen }
  const { id, seen } = await runGuarded(guarded, options, async () => {
    const proof = await verifyDaemon(plan, options)
    return { proof, userns: await inspectContainer(plan, options) }
  })
  const written = plan.changes.filter(isWritten).map(({ path }) => path)
  return { ...reportOf(written, seen.proof, true, id), ...(seen.userns && { userns: seen.userns }) }
}

/** Options of {@link runGuarded}. */
export type GuardOptions = Pick<CarryOutOptions, 'shell' | 'rollbackAfter' | 'signal' | 'onStep'> & {
  /** After a rollback, checks more than that the daemon answers. Rejects if the host isn't as it was. It gets why the apply failed. */
  readonly verifyOld?: ((cause: unknown) => Promise<void>) | undefined
}

/** The part of a plan that {@link runGuarded} needs. */
export type GuardedPlan = Written &
  Pick<ApplyPlan, 'facts'> & {
    /** The listeners that dockerd or the gateway will have. */
    readonly listen: readonly string[]
  }

/**
 * Changes files, restarts dockerd, verifies the result and keeps it. If any of it fails, everything is rolled back, and the old
 * daemon is checked.
 *
 * @param verify - rejects if the result isn't as planned
 */
export async function runGuarded<Seen>(
  plan: GuardedPlan,
  options: GuardOptions,
  verify: () => Promise<Seen>,
): Promise<{ readonly id: string; readonly seen: Seen }> {
  const { shell, rollbackAfter = ROLLBACK_AFTER_S, signal, onStep, verifyOld } = options
  const id = newId()
  const owner = shell.isHere ? await ownMark() : undefined
  const before = daemonBefore(plan.facts, shell)
  signal?.throwIfAborted()
  const began = Date.now()
  let ran: ScriptResult | undefined
  let isEnding = false
  try {
    ran = await runTransaction(shell, plan, { id, after: rollbackAfter, owner, before }, onStep)
    requireApplied(ran, shell)
    signal?.throwIfAborted()
    const seen = await verify()
    signal?.throwIfAborted()
    isEnding = true
    await runStep(onStep, { step: 'commit', title: 'keep the changes' }, () => commit(id, shell))
    return { id, seen }
  } catch (cause) {
    // The transaction didn't start: another apply did, or somebody changed a file.
    if (ran?.code === PENDING_CODE || ran?.code === CHANGED_CODE) throw cause
    const isSlow = ran?.code === SLOW_CODE
    const isOvertaken = Date.now() - began >= rollbackAfter * 1000
    const taken =
      isSlow || isOvertaken || signal?.aborted === true
        ? undefined
        : await takenSince(cause, plan.listen, shell).catch(() => undefined)
    throw await rollBackFailedApply(taken ?? cause, {
      id,
      shell,
      onStep,
      signal,
      wasActive: runsOrStarts(plan.facts),
      started: taken !== undefined || [0, GATEWAY_CODE, SLOW_CODE, SOCKET_CODE].includes(ran?.code ?? 1),
      isEnding,
      ...(ran !== undefined && !isSlow && isOvertaken && { overtaken: rolledBack('testing the changes') }),
      verifyOld,
      after: rollbackAfter,
    })
  }
}

function requireApplied(ran: ScriptResult, { name }: HostShell): void {
  if (ran.code === 0) return
  if (ran.code === PENDING_CODE) {
    throw new ProvisionError('ERR_APPLY_PENDING', {
      tried: `starting an apply on ${name}`,
      got: 'another apply started at the same time',
      todo: 'Wait until it ends.',
    })
  }
  if (ran.code === CHANGED_CODE) {
    throw new ProvisionError('ERR_HOST_COMMAND_FAILED', {
      tried: `changing ${stderrSummary(ran)}`,
      got: "it isn't the file that the plan is for: somebody has just changed it, or it isn't UTF-8",
      todo: 'Nothing was changed. Run this again and check the differences.',
    })
  }
  if (ran.code === ROLLED_BACK_CODE) throw rolledBack(`changing ${name}`)
  if (ran.code === SLOW_CODE) {
    throw new ProvisionError('ERR_HOST_COMMAND_FAILED', {
      tried: `restarting docker on ${name}`,
      got: `dockerd was still starting when the time for the apply was over: ${stderrSummary(ran)}`,
      todo: MORE_TIME,
    })
  }
  if (ran.code === SOCKET_CODE) {
    throw new ProvisionError('ERR_HOST_COMMAND_FAILED', {
      tried: `starting ${SOCKET_UNIT} on ${name}`,
      got: stderrSummary(ran),
      todo: sentence`Read its log:  ${command('journalctl', '-u', SOCKET_UNIT)}`,
    })
  }
  if (ran.code === GATEWAY_CODE) {
    throw new ProvisionError('ERR_HOST_COMMAND_FAILED', {
      tried: `starting ${GATEWAY_UNIT} on ${name}`,
      got: stderrSummary(ran),
      todo: READ_GATEWAY_LOG,
    })
  }
  throw new ProvisionError('ERR_HOST_COMMAND_FAILED', {
    tried: `changing ${name}`,
    got: stderrSummary(ran),
    todo: READ_DAEMON_LOG,
  })
}

/** The remedy for a gateway that doesn't start. */
export const READ_GATEWAY_LOG: Sentence = sentence`Read its log:  ${command('journalctl', '-u', GATEWAY_UNIT)}`
/** The remedy for a dockerd that doesn't start. */
export const READ_DAEMON_LOG: Sentence = sentence`Read the daemon's log:  ${command('journalctl', '-u', UNIT_NAME)}`

async function commit(id: string, shell: HostShell): Promise<void> {
  // Over ssh the answer may be lost. A second call gives the same answer.
  const run = (): Promise<ScriptResult> => shell.run(commitScript(id), { limits: CHANGE_LIMITS })
  const ran = await run().catch(run)
  if (ran.code !== 0) throw rolledBack('finishing the apply')
}

function rolledBack(tried: string): ProvisionError {
  return new ProvisionError('ERR_HOST_COMMAND_FAILED', {
    tried,
    got: 'the apply took longer than the rollback timer allows, so the host has rolled everything back',
    todo: MORE_TIME,
  })
}

const MORE_TIME = sentence`Give it more time:  ${option('rollbackAfter', 'SECONDS')}`

/** Checks a container's user namespace from outside, through the host's own socket or with the one-day client certificate. */
async function inspectContainer(plan: ApplyPlan, options: CarryOutOptions): Promise<UsernsVerification | undefined> {
  const { shell, probe, signal, onStep } = options
  const { rootUid } = plan.userns ?? {}
  if (rootUid === undefined || (!shell.isHere && probe === undefined)) return undefined
  const { connect } = await import('../engine/connect.ts')
  const { verifyUserns } = await import('./userns/verify.ts')
  const { listen } = plan.settings
  const endpoint = shell.isHere
    ? { host: LOCAL_SOCKET }
    : { host: formatTarget(targetOf(listen[0] ?? '', options.address, listen)), ...probe }
  const docker = await connect(endpoint, {})
  const readUidMap = async (pid: number): Promise<string> => (await shell.run(`cat /proc/${pid}/uid_map\n`)).stdout
  try {
    return await verifyUserns(docker, { readUidMap, rootUid, signal, onStep })
  } finally {
    await docker.close()
  }
}
