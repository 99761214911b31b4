import { ProvisionError } from '../../base/errors.ts'
import { runStep, type OnStep } from '../../base/progress.ts'
import { command, ours, sentence, type Sentence } from '../../base/sentence.ts'
import { enumerate } from '../../base/text.ts'
import { IN_FORCE_PATH } from '../../daemon-config/gateway-in-force.ts'
import { GATEWAY_UNIT } from '../../daemon-config/gateway-unit.ts'
import type { Warning } from '../../base/warning.ts'
import { gatherFacts, gatherFurtherFacts, type HostFacts } from '../../host/facts.ts'
import type { HostShell } from '../../host/shell.ts'
import { findLastApply, isUndoneWhole, type LastApply } from '../rollback/last-apply.ts'
import { sumOf } from '../changes.ts'
import { casOnlyIn } from '../lost-clients.ts'
import { daemonListeners, socketsOf, type DaemonListener } from '../listener-status.ts'
import { openListeners, openPassed, plaintextBefore } from '../plaintext-before.ts'
import { CLOSE_PASSED } from '../ports.ts'
import { configuredIn, factsBefore, listenersOf, planRollback, type RollbackPlan } from '../rollback/plan.ts'
import { rollBack } from '../rollback/rollback.ts'
import { exchangedCas, type Configured } from '../rollback/tls-files.ts'
import { inForceOf } from '../unit.ts'
import { READ_GATEWAY_LOG } from '../carry-out.ts'
import { certificatesIn } from '../certificates-in.ts'
import { besideGateway } from './beside.ts'
import { certificateProblems } from './ends.ts'
import { GATEWAY_FILES, gatewayFlags, ownListener, startFiles, UNIT_PATH } from './files.ts'
import { verifyListeners } from './listeners.ts'
import { settledFacts } from './in-force.ts'
import { casWithoutList, unknownLists } from './lists.ts'
import { exposureOf } from './remove/exposure.ts'
import { restartConflicts } from './restart-conflicts.ts'
import { gatewayQuestion, readGatewayState, type GatewayState } from './state.ts'
import { verifyOldGateway } from './verify.ts'
import { lostGateway } from './without-unit.ts'

/** The state after a rollback. */
export interface RolledBack {
  /** The addresses at which dockerd listens. */
  readonly listeners: readonly string[]
  /** Does a gateway run, of an apply before? */
  readonly hasGateway: boolean
}

/**
 * Determines the effects of a rollback of the last `gateway apply`. Changes nothing.
 *
 * @throws {@link ProvisionError} ERR_APPLY_NOTHING_TO_ROLL_BACK, also if the last apply was one of dockerd
 */
export async function planGatewayRollback(
  shell: HostShell,
  facts: HostFacts,
  signal?: AbortSignal,
): Promise<RollbackPlan> {
  const last = await findLastApply(shell)
  if (last?.gateway === undefined) throw nothing(shell, last)
  const before = await factsBefore(shell, facts, last, signal)
  const plan = await planRollback(shell, facts, last, { signal, before })
  const [now, then] = [configuredIn(facts, shell), configuredIn(before, shell)]
  const already = now && !last.removed.includes(UNIT_PATH) ? openListeners(now.found, now.inForce) : []
  const open = then ? plaintextBefore(then.found, then.inForce, 'the gateway', already) : []
  if (!last.isPending && open.length > 0) return { ...plan, conflicts: open }
  const effects = last.gateway.restarted
    ? plan
    : { ...plan, losses: plan.losses.filter(({ code }) => OF_FILES.has(code)), stops: 0 }
  const [flags, flagsThen] = [gatewayFlags(facts), gatewayFlags(before)]
  const starts = [startFiles(flags), startFiles(flagsThen)] as const
  const [own, secrets] = [starts.flatMap((start) => start.files), starts.flatMap((start) => start.secrets)]
  const daemonCa = pathBefore(last, then?.inForce.tlsFiles.ca ?? '')
  const files = [...listedFiles(last), ...namedFiles(last), ...own, IN_FORCE_PATH, ...(daemonCa ? [daemonCa] : [])]
  const gather = (): Promise<HostFacts> =>
    gatherFurtherFacts(shell, facts, { files, secrets, more: [gatewayQuestion()] }, signal)
  const further = await settledFacts(gather, [...starts[0].files, ...starts[0].secrets], signal)
  const kept = keptFiles(further, last)
  const listeners = listenersOf(now)
  const isExposed = listenersOf(then).some((one) => last.removed.includes(UNIT_PATH) || !listeners.includes(one))
  const isOther = (path: string): boolean => !kept.includes(path)
  const undone = { ...last, restored: last.restored.filter(isOther), removed: last.removed.filter(isOther) }
  return {
    ...effects,
    conflicts: [
      ...effects.conflicts,
      ...restartConflicts(further, undone, kept, flagsThen),
      ...(isExposed && !last.isPending ? besideGateway(before, true) : []),
    ],
    last: undone,
    ...(kept.length > 0 && { kept }),
    losses: [
      ...effects.losses,
      ...lostGateway(last),
      ...(isUndoneWhole(last)
        ? []
        : [
            ...(last.removed.includes(UNIT_PATH) ? [] : unknownLists(further)),
            ...unlistedAfter(further, last),
            ...otherClients(further, last),
            ...lockedOut(further, last),
            ...(isExposed ? [...clientsOfDaemon(further, last, daemonCa), ...exposureOf(further, flags)] : []),
          ]),
    ],
  }
}

/** The codes of what a rollback says of files. The others are about dockerd, which may not restart. */
const OF_FILES: ReadonlySet<string> = new Set(['changed-since', 'restored-already'])

/** The files that `rollback.sh` leaves as they are (`keeps`). An unfinished apply is undone as a whole. */
function keptFiles({ file }: HostFacts, last: LastApply): string[] {
  const { restored, removed, written } = last
  const { crl, policy } = GATEWAY_FILES
  if (isUndoneWhole(last)) return []
  const sum = written.get(policy)
  const edited = file(policy)
  // An unfinished rollback may have restored it already.
  const copy = file(last.copies.get(policy) ?? '')
  const isEdited = sum !== undefined && edited !== undefined && ![sum, copy && sumOf(copy)].includes(sumOf(edited))
  return [...(file(crl) === undefined ? [] : [crl]), ...(isEdited ? [policy] : [])].filter(
    (path) => restored.includes(path) || removed.includes(path),
  )
}

const namedFiles = (last: LastApply): string[] => [
  GATEWAY_FILES.ca,
  GATEWAY_FILES.crl,
  GATEWAY_FILES.policy,
  GATEWAY_FILES.issuerCert,
  pathBefore(last, GATEWAY_FILES.cert),
  pathBefore(last, GATEWAY_FILES.policy),
]

/** The path of a file of the gateway as it was before: that of its copy, if the apply has changed it. */
const pathBefore = ({ copies }: LastApply, path: string): string => copies.get(path) ?? path

function listedFiles(last: LastApply): string[] {
  const { ca, issuerCert, crl } = GATEWAY_FILES
  return [pathBefore(last, ca), pathBefore(last, issuerCert), pathBefore(last, crl)]
}

/** Clients of CAs that come, and of CAs that go. */
function otherClients({ file }: HostFacts, last: LastApply): Warning[] {
  const { ca } = GATEWAY_FILES
  if (last.removed.includes(UNIT_PATH) || !last.restored.includes(ca)) return []
  const [now, then] = [ca, pathBefore(last, ca)].map((path) => file(path)?.text)
  if (now === undefined) return []
  return exchangedCas(now, then, 'the gateway')
}

/** The same, if dockerd lets them in: in the place of the gateway, or beside it. */
function clientsOfDaemon({ file }: HostFacts, { removed }: LastApply, daemonCa: string): Warning[] {
  const [now, then] = [GATEWAY_FILES.ca, daemonCa].map((path) => file(path)?.text)
  if (now === undefined || certificatesIn(then).length === 0) return []
  return exchangedCas(now, then, 'the gateway').filter(
    ({ code }) => removed.includes(UNIT_PATH) || code === 'ca-returns',
  )
}

/** Does the gateway lose its issuer, or get one with another key back? */
function issuerChanges(file: HostFacts['file'], last: LastApply): boolean {
  const { issuerCert } = GATEWAY_FILES
  if (last.removed.includes(UNIT_PATH)) return false
  const [now, before] = [issuerCert, pathBefore(last, issuerCert)].map((path) => file(path)?.text)
  if (now === undefined || last.removed.includes(issuerCert)) return now !== undefined
  return before !== undefined && casOnlyIn(now, before).length > 0
}

/** Clients that can't connect to a gateway with the issuer and the server's certificate of before. */
function lockedOut({ file }: HostFacts, last: LastApply): Warning[] {
  const { cert } = GATEWAY_FILES
  const [before] = last.restored.includes(cert) ? certificatesIn(file(pathBefore(last, cert))?.text) : []
  const problems = before ? certificateProblems(before) : []
  return [
    ...(issuerChanges(file, last)
      ? [
          {
            code: 'issuer-dropped',
            text: 'The gateway will refuse certificates that its current issuer has renewed: those clients need new ones from the CA.',
          },
        ]
      : []),
    ...problems.map((text) => ({ code: 'server-certificate', text: sentence`After the rollback: ${text}` })),
  ]
}

/** The list that stays may be of other CAs than those that come back. */
function unlistedAfter({ file }: HostFacts, last: LastApply): Warning[] {
  const [ca = '', issuer, before] = listedFiles(last).map((path) => file(path)?.text)
  const kept = file(GATEWAY_FILES.crl)?.text
  const list = kept ?? before
  if (last.removed.includes(UNIT_PATH) || list === undefined || certificatesIn(ca).length === 0) return []
  const unlisted = casWithoutList(
    { ca, issuer: certificatesIn(issuer).length > 0 ? issuer : undefined, lists: [list] },
    Date.now(),
  ).map((name) => ({
    code: 'ca-without-list',
    text: sentence`${GATEWAY_FILES.crl} has no current list of the CA ${name}, so the gateway will refuse its clients. Where the CA is, write it:  ${ours('cert', 'crl')}  Then copy it here.`,
  }))
  return kept === undefined ? [olderList(last), ...unlisted] : unlisted
}

/** A list that was removed with its gateway comes back as it was. */
function olderList({ at }: LastApply): Warning {
  return {
    code: 'older-list',
    text: sentence`The revocation list from before ${at.toISOString()} returns: the gateway accepts certificates revoked since, until you copy the current list here. Where the CA is, write it:  ${ours('cert', 'crl')}`,
  }
}

function nothing({ name }: HostShell, last: LastApply | undefined): ProvisionError {
  const [got, todo]: [string, Sentence] =
    last === undefined
      ? [
          'no gateway was applied there, or it was rolled back already',
          sentence`Show the state:  ${ours('gateway', 'status')}`,
        ]
      : [
          'the last apply there was one of dockerd, not of a gateway',
          sentence`To undo that one:  ${ours('daemon', 'rollback')}`,
        ]
  return new ProvisionError('ERR_APPLY_NOTHING_TO_ROLL_BACK', {
    tried: `rolling back the gateway on ${name}`,
    got,
    todo,
  })
}

/** Options of {@link rollBackGateway}. */
export interface GatewayRollbackOptions {
  readonly shell: HostShell
  readonly onStep?: OnStep | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Rolls back the last `gateway apply`, and checks by connections that dockerd listens as before.
 *
 * @throws {@link ProvisionError} ERR_APPLY_CONFLICT, ERR_APPLY_PENDING: nothing was changed. ERR_APPLY_ROLLBACK_FAILED
 */
export async function rollBackGateway(plan: RollbackPlan, options: GatewayRollbackOptions): Promise<RolledBack> {
  const { shell, onStep, signal } = options
  await rollBack(plan, options)
  return runStep(onStep, { step: 'listeners', title: 'check who listens on the network' }, async () => {
    const facts = await gatherFacts(shell, signal)
    const configured = inForceOf(facts, shell)
    const { settings, plaintext } = configured.inForce
    const known = plan.last.wasActive ? [...settings.listen, ...plaintext] : []
    await verifyListeners(known, shell, signal)
    const others = await listenersBesides(known, configured, facts, options)
    const listen = ownListener(facts)
    const state = await readGatewayState(shell)
    refuseRunning(plan, shell, state)
    refuseStopped(plan, shell, state)
    const hasGateway = state.active === 'active' && listen !== undefined
    if (hasGateway) await verifyOldGateway({ listen, state }, options)
    refuseOpen(others, shell)
    return { listeners: [...known, ...others.map(({ listener }) => listener)], hasGateway }
  })
}

/** Where else dockerd listens, by its sockets and not by its files. */
async function listenersBesides(
  known: readonly string[],
  { found, inForce }: Configured,
  facts: HostFacts,
  options: GatewayRollbackOptions,
): Promise<DaemonListener[]> {
  const { shell, signal } = options
  const { cert = '' } = inForce.tlsFiles
  const { file } = await gatherFurtherFacts(shell, facts, { files: cert === '' ? [] : [cert] }, signal)
  const certificates = certificatesIn(file(cert)?.text).map((one) => one.fingerprint256)
  const sockets = facts.sockets ?? (await socketsOf(shell))
  const others = await daemonListeners(sockets, options, { known, certificates })
  // A connection starts a dockerd that doesn't run.
  const open = openPassed(found, inForce)
  return others.map((one) => (open.includes(one.listener) ? { ...one, isPlaintext: true } : one))
}

/** Everything is rolled back, but nobody has reckoned with this listener. */
function refuseOpen(listeners: readonly DaemonListener[], { name }: HostShell): void {
  const open = listeners.filter(({ isPlaintext }) => isPlaintext)
  if (open.length === 0) return
  throw new ProvisionError('ERR_APPLY_ROLLBACK_FAILED', {
    tried: `checking who listens on ${name} after a complete rollback`,
    got: `dockerd lets everybody in without a certificate on ${enumerate(open.map(({ listener }) => listener))}`,
    todo: open.every(({ isPassed }) => isPassed)
      ? CLOSE_PASSED
      : sentence`Look for it in the settings of dockerd:  ${command('systemctl', 'cat', 'docker.service')}`,
  })
}

/** A gateway that ran before must run again. One that systemd was only starting may still not start. */
function refuseStopped({ last }: RollbackPlan, { name }: HostShell, { active }: GatewayState): void {
  if (active === 'active' || last.gateway?.served !== true) return
  throw new ProvisionError('ERR_APPLY_ROLLBACK_FAILED', {
    tried: `checking that ${GATEWAY_UNIT} runs on ${name} after a complete rollback`,
    got: `systemd says that it is ${active}`,
    todo: READ_GATEWAY_LOG,
  })
}

/** A gateway that was not there before must not run. */
function refuseRunning({ last }: RollbackPlan, { name }: HostShell, { active }: GatewayState): void {
  if (active !== 'active' || !last.removed.includes(UNIT_PATH)) return
  throw new ProvisionError('ERR_APPLY_ROLLBACK_FAILED', {
    tried: `stopping ${GATEWAY_UNIT} on ${name}`,
    got: `systemd says that it is ${active}`,
    todo: READ_GATEWAY_LOG,
  })
}
