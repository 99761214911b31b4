import { ours, sentence } from '../../base/sentence.ts'
import { withLock } from '../../base/lock.ts'
import { FileError, isDockerMtlsError, PkiError } from '../../base/errors.ts'
import { fileReason } from '../../base/files.ts'
import { rotationLock } from '../layout.ts'
import { readRotatedCas, type Rotation } from './cas.ts'
import { noteListed } from '../crl/note.ts'
import { requireReadableLists } from '../crl/state.ts'
import { PkiFolder } from '../folder.ts'
import { checkLedger } from '../ledger-check.ts'
import { settleFolder } from '../leftovers.ts'
import { serverPlaces } from '../list.ts'
import { noteDelivered } from '../presented.ts'
import { rotationText, writeRotation, type RotationState } from './state.ts'
import { runStep } from '../../base/progress.ts'
import { beginRotation } from './begin.ts'
import { removeNext, setNextAside } from './files.ts'
import { participantsOf, readLeaves, refuseIncompletePairs } from './leaves.ts'
import { inspectDaemon, serverOf, type Look } from './inspect-daemon.ts'
import { readRotateOptions, type ReadRotateOptions, type RotateOptions } from './options.ts'
import {
  canAbort,
  enter,
  isComplete,
  phaseAfter,
  waitingFor,
  waitsFor,
  withConfirmed,
  withoutServers,
  withServers,
  type Participants,
} from './phases.ts'
import { alreadyCreated, noRotation, refuseOther, refuseStranger, notDeliveredYet, wrongPhase } from './refusals.ts'
import { reportOn, type RotationReport } from './report.ts'
import { checkKeyFor, reread, workOn, type Changed } from './phase-work.ts'

export type { NextAuthority } from './begin.ts'
export type { Look } from './inspect-daemon.ts'
export type { RotateOptions } from './options.ts'
export type { RotationReport, WaitingClient, WaitingServer } from './report.ts'

/**
 * Rotates the CA of a folder in phases, from the current one (A) to a new one (B). Each call continues as far as possible,
 * and reports what the rotation waits for. It may be killed at any point, and called again.
 *
 * 1. `trust`: B is created, and every `ca.pem` contains A and B. Waits for all clients and daemons.
 * 2. `server`: B has issued the servers' certificates. Waits for all daemons.
 * 3. `clients`: B has issued the clients' certificates, for the same keys. Waits for all clients.
 * 4. `finish`: A is dropped. Waits for all daemons.
 *
 * A client that has its files can connect at any time, except while the daemon restarts.
 *
 * @throws {@link PkiError} ERR_ROTATION_NONE, ERR_ROTATION_PHASE, ERR_ROTATION_INVALID, ERR_LEDGER_MISMATCH,
 *   ERR_LEDGER_INVALID, ERR_CLIENT_NOT_FOUND, ERR_PKI_FILE_INVALID, ERR_CA_MISSING, ERR_CA_INVALID, ERR_CA_EXPIRED,
 *   ERR_CA_PASSPHRASE, ERR_CRL_INVALID, ERR_NAME_INVALID, ERR_KEY_TYPE_INVALID, ERR_DAYS_INVALID
 * @throws {@link EndpointError} for an invalid host
 * @throws {@link FileError} ERR_FILE_READ, ERR_FILE_WRITE
 * @throws {@link ArgumentError} ERR_OPTION_UNKNOWN, ERR_ARGUMENT_INVALID
 * @example
 * ```ts
 * const { phase, waiting } = await rotateAuthority({ folder: 'docker-mtls', action: 'status' })
 * ```
 */
export async function rotateAuthority(options: RotateOptions): Promise<RotationReport> {
  const read = readRotateOptions(options)
  const root = read.folder
  // Throws if there is no CA, before a lock file is created beside it.
  await new PkiFolder(root).list()
  if (read.action === 'status') return statusOf(read)
  try {
    return await withLock(rotationLock(root), () => (read.action === 'abort' ? abort(read) : go(read)), 'that CA')
  } catch (cause) {
    if (isDockerMtlsError(cause) || !isFromDisk(cause)) throw cause
    throw new FileError('ERR_FILE_WRITE', {
      tried: `rotating the CA in ${root}`,
      got: fileReason(cause),
      todo: 'Make the folder writable, check that its disk has free space, and run the command again.',
      cause,
    })
  }
}

function isFromDisk(cause: unknown): boolean {
  return typeof (cause as NodeJS.ErrnoException | undefined)?.syscall === 'string'
}

async function statusOf({ folder: root }: ReadRotateOptions): Promise<RotationReport> {
  const rotation = await readRotatedCas(root)
  if (rotation === undefined) throw await noRotation(root, 'reading the state of the rotation')
  const { state } = rotation
  const wantsConsent =
    phaseAfter(state.phase) === 'finish' && isComplete(waitingFor(state, await inUse(root, rotation)))
  return reportOn(root, rotation, { outcome: 'under way', begun: false, looks: [], wantsConsent })
}

async function go(options: ReadRotateOptions): Promise<RotationReport> {
  const { folder: root, onStep, passphrase, next } = options
  await settleFolder(root)
  await checkLedger(root)
  await requireReadableLists(root)
  await noteListed(root)
  const leaves = await readLeaves(root)
  for (const target of options.targets) serverOf(target, leaves)
  const begun = (await readRotatedCas(root)) === undefined
  if (begun) {
    const { confirm, confirmServer, targets, phase } = options
    if (confirm.length + confirmServer.length + targets.length > 0 || phase !== undefined)
      throw await noRotation(root, 'continuing the rotation')
    await refuseIncompletePairs(root, leaves)
    const old = await new PkiFolder(root).openAuthority(passphrase)
    await runStep(onStep, { step: 'begin', title: 'create a new CA' }, () => beginRotation(root, old, options))
  }
  const first = await reread(root)
  if (!begun && Object.keys(next).length > 0) throw alreadyCreated(root, first.state)
  refuseOther(root, options, first.state)
  return advance(options, first, begun)
}

/** Continues phase by phase, as far as possible. */
async function advance(options: ReadRotateOptions, first: Rotation, begun: boolean): Promise<RotationReport> {
  const { folder: root, signal } = options
  let looks: Look[] = []
  for (let rotation = first; ; rotation = await reread(root)) {
    signal?.throwIfAborted()
    const { phase } = rotation.state
    const changed = await workOn(options, rotation)
    const isFirst = rotation === first && !begun
    const confirmed = isFirst ? await recordConfirmations(options, rotation, changed) : rotation.state
    looks = await inspectDaemons(options, { ...rotation, state: confirmed })
    const state = withSeen(confirmed, looks)
    if (!isComplete(waitingFor(state, await inUse(root, rotation)))) {
      if (state !== rotation.state) await writeRotation(root, state)
      return reportOn(root, { ...rotation, state }, { outcome: 'under way', begun, looks, wantsConsent: false })
    }
    if (phase === 'finish') return end(root, { ...rotation, state }, looks)
    const after = phaseAfter(phase) ?? 'finish'
    if (after === 'finish' && options.consent === undefined) {
      if (state !== rotation.state) await writeRotation(root, state)
      return reportOn(root, { ...rotation, state }, { outcome: 'under way', begun, looks, wantsConsent: true })
    }
    await checkKeyFor(options, rotation, after)
    if (after === 'finish') {
      if (state !== rotation.state) await writeRotation(root, state)
      await options.consent?.(rotation.state.from.name)
    }
    await writeRotation(root, enter(state, after, new Date()))
  }
}

/**
 * A server that is inspected under several names has to pass under each, since there may be several daemons. One that fails
 * is waited for, even if it was confirmed before.
 */
function withSeen(state: RotationState, looks: readonly Look[]): RotationState {
  if (looks.length === 0) return state
  const bad = new Set(looks.filter(({ ok }) => !ok).map(({ server }) => server))
  const seen = new Set(looks.map(({ server }) => server).filter((name) => !bad.has(name)))
  return withServers(withoutServers(state, bad), [...seen], { at: new Date().toISOString(), by: 'seen' })
}

async function inUse(root: string, rotation: Rotation): Promise<Participants> {
  return participantsOf(await readLeaves(root), rotation)
}

/** Adds the confirmations of this call to the state, if they can be true. */
async function recordConfirmations(
  options: ReadRotateOptions,
  rotation: Rotation,
  changed: Changed,
): Promise<RotationState> {
  const { folder: root, confirm, confirmServer, targets } = options
  const { state } = rotation
  const needs = waitsFor(state.phase)
  if (confirm.length > 0 && !needs.clients) throw wrongPhase(root, state.phase, 'for no client')
  if (confirmServer.length + targets.length > 0 && !needs.servers) throw wrongPhase(root, state.phase, 'for no server')
  const { clients, servers } = await inUse(root, rotation)
  refuseStranger(root, 'client', confirm, clients)
  refuseStranger(root, 'server', confirmServer, servers)
  const early = [
    ...confirm.filter((name) => changed.clients.includes(name)),
    ...confirmServer.filter((name) => changed.servers.includes(name)),
  ]
  if (early[0] !== undefined) throw notDeliveredYet(root, early[0])
  const confirmed = confirm.length === 0 ? state : withConfirmed(state, confirm)
  if (confirmServer.length === 0) return confirmed
  return withServers(confirmed, confirmServer, { at: new Date().toISOString(), by: 'said' })
}

async function inspectDaemons(
  { folder: root, targets, signal, onStep }: ReadRotateOptions,
  rotation: Rotation,
): Promise<Look[]> {
  if (targets.length === 0 || !waitsFor(rotation.state.phase).servers) return []
  const leaves = await readLeaves(root)
  const looks: Look[] = []
  for (const target of targets) {
    const leaf = serverOf(target, leaves)
    const title = `inspect ${target.name}`
    const seen = await runStep(onStep, { step: 'look', title }, async ({ result, failed }) => {
      const found = await inspectDaemon(target, leaf, { root, rotation }, signal)
      if (found.ok) result(found.got)
      else failed(found.got)
      return found
    })
    looks.push(seen)
  }
  return looks
}

async function end(root: string, rotation: Rotation, looks: readonly Look[]): Promise<RotationReport> {
  const report = await reportOn(root, rotation, { outcome: 'ended', begun: false, looks, wantsConsent: false })
  // Each was confirmed.
  for (const { paths } of await serverPlaces(root)) await noteDelivered(paths.folder)
  await removeNext(root, rotationText(rotation.state))
  return report
}

async function abort(options: ReadRotateOptions): Promise<RotationReport> {
  const { folder: root } = options
  await settleFolder(root)
  const rotation = await readRotatedCas(root)
  if (rotation === undefined) throw await noRotation(root, 'aborting the rotation')
  const { phase } = rotation.state
  if (!canAbort(rotation.state)) {
    throw new PkiError('ERR_ROTATION_PHASE', {
      tried: `aborting the rotation in ${root}`,
      got: `it is in the phase ${phase}: a daemon already uses a certificate issued by ${rotation.state.to.name}`,
      todo: sentence`Finish the rotation:  ${ours('cert', 'rotate-ca', '--dir', root)}  Then you can start another one.`,
    })
  }
  await checkLedger(root)
  await requireReadableLists(root)
  if (phase !== 'abort') {
    await checkKeyFor(options, rotation, 'abort')
    await writeRotation(root, enter(rotation.state, 'abort', new Date()))
  }
  const stopped = await reread(root)
  await workOn(options, stopped)
  const report = await reportOn(root, stopped, { outcome: 'aborted', begun: false, looks: [], wantsConsent: false })
  await setNextAside(root)
  return report
}
