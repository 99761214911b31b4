import { expiresSoon } from '../../base/expiry.ts'
import { isDockerMtlsError } from '../../base/errors.ts'
import { command, ours, sentence, type Sentence } from '../../base/sentence.ts'
import { enumerateListeners } from '../../base/ports.ts'
import { enumerate } from '../../base/text.ts'
import { IN_FORCE_PATH } from '../../daemon-config/gateway-in-force.ts'
import { GATEWAY_UNIT } from '../../daemon-config/gateway-unit.ts'
import { parseListen } from '../../daemon-config/listen.ts'
import type { SettingsInForce } from '../../daemon-config/settings-in-force.ts'
import { gatherFacts, gatherFurtherFacts, isActive, type HostFacts } from '../../host/facts.ts'
import { refuseHost } from '../../host/preconditions.ts'
import type { HostShell } from '../../host/shell.ts'
import type { TcpSocket } from '../../host/sockets.ts'
import type { CertificateFacts } from '../../identity/certificate.ts'
import { readRevocationLists } from '../../identity/crl.ts'
import { certificatesIn } from '../certificates-in.ts'
import {
  daemonListeners,
  inspectListener,
  listenerProblem,
  type ListenerStatus,
  type Viewpoint,
} from '../listener-status.ts'
import { opensLater } from '../plaintext-before.ts'
import { CLOSE_PASSED } from '../ports.ts'
import { findLastApply, type LastApply } from '../rollback/last-apply.ts'
import { isApplyPending } from '../rollback/pending.ts'
import { findOutWhy, inForceOf } from '../unit.ts'
import { sharedAccount } from './account.ts'
import { endOther, foreignUnit } from './beside.ts'
import { certificateProblems, issuerProblems } from './ends.ts'
import { DROP_INS_QUESTION, startingDropIn } from './drop-ins.ts'
import { gatewayFlags, startFiles, UNIT_PATH } from './files.ts'
import { filesNotInForce, settledFacts } from './in-force.ts'
import { casWithoutList, hadList, listEnds, type ListPeriod, periodsOfLists } from './lists.ts'
import { gatewayQuestion, parseGatewayState, type GatewayState } from './state.ts'

/** The policy of a gateway: how many rules it has, or why it can't be used. */
export type PolicyStatus = { readonly path: string } & ({ readonly rules: number } | { readonly fault: string })

/** A revocation list of a gateway. */
export interface ListStatus {
  /** When the next list is due; undefined: the list doesn't say. */
  readonly nextUpdate: Date | undefined
  readonly isExpired: boolean
  readonly revoked: number
}

/** The state of the gateway of a host. */
export interface GatewayStatus {
  /** Is the unit there? */
  readonly installed: boolean
  readonly state: GatewayState
  /** The gateway's listener, as it is configured and as it answers. */
  readonly listener?: ListenerStatus
  /** Listeners of dockerd, by which everybody gets around the gateway. Absent: only root can see them. */
  readonly daemonListeners?: readonly string[]
  readonly policy?: PolicyStatus
  readonly certificate?: CertificateFacts
  readonly authorities: readonly CertificateFacts[]
  /** Its issuer, which renews certificates. Absent: it has none; undefined: its certificate can't be read. */
  readonly issuer?: CertificateFacts | undefined
  /** Absent: the gateway has no revocation list. */
  readonly lists?: readonly ListStatus[]
  /** The names of the CAs whose clients it refuses, since it has no current list of theirs. Absent: it needs none. */
  readonly unlisted?: readonly string[]
  /** Lists that expire soon, before their CAs. */
  readonly ending?: readonly ListPeriod[]
  /** Files that have changed, and that the running gateway doesn't use. Absent: it doesn't say. */
  readonly older?: readonly string[]
  /** Where it serves metrics: a port of 127.0.0.1, or an address and a port. Absent: nowhere. */
  readonly metrics?: string
  readonly rollback: 'pending' | 'gateway' | 'daemon' | 'none'
  /** Of what an apply is unfinished. */
  readonly unfinished?: 'gateway' | 'daemon'
  /** None: the gateway works, and nobody gets around it. */
  readonly problems: readonly Sentence[]
}

/** Counts the rules of a policy. Throws an error of ours for one that can't be used. */
export type CountRules = (text: string, path: string) => number

/**
 * Inspects the gateway of a host: its service, its files, and the listeners from outside. Changes nothing.
 *
 * @throws {@link ProvisionError} for a host without systemd or Docker
 */
export async function gatewayStatus(
  shell: HostShell,
  countRules: CountRules,
  signal?: AbortSignal,
): Promise<GatewayStatus> {
  const first = await gatherFacts(shell, signal)
  refuseHost(first, shell.name, 'read')
  const known = await gatherFurtherFacts(shell, first, { more: [gatewayQuestion(), DROP_INS_QUESTION] }, signal)
  const unit = known.file(UNIT_PATH)?.text
  const flags = gatewayFlags(known)
  const { files, secrets, issuerCert, lists, ...paths } = startFiles(flags)
  const facts = await settledFacts(
    () => gatherFurtherFacts(shell, known, { files: [...files, IN_FORCE_PATH], secrets }, signal),
    [...files, ...secrets],
    signal,
  )
  const older = filesNotInForce(facts, [...files, ...secrets])
  const text = (path: string): string | undefined => facts.file(path)?.text
  const [certificate] = certificatesIn(text(paths.cert))
  const accepted = [paths.ca, ...issuerCert].map(text)
  const listener =
    unit === undefined || flags.listen === undefined
      ? undefined
      : await inspectListener(
          parseListen(flags.listen),
          { text: accepted.includes(undefined) ? undefined : accepted.join('\n') },
          signal,
        )
  const last = await findLastApply(shell)
  const hasLists = unit !== undefined && (hadList(facts) || lists.some((path) => text(path) !== undefined))
  const authorities = certificatesIn(text(paths.ca))
  const [issuerText] = issuerCert.map(text)
  const [issuer] = certificatesIn(issuerText)
  const trusted = { ca: text(paths.ca) ?? '', issuer: issuer && issuerText, lists: lists.map(text) }
  const ending = periodsOfLists(trusted).filter(
    ({ from, to, endsWithCa }) => !endsWithCa && expiresSoon({ from: from.getTime(), to: to.getTime() }, Date.now()),
  )
  const { found, inForce } = inForceOf(facts, shell)
  const view = { shell, signal }
  const status = {
    installed: unit !== undefined,
    state: parseGatewayState(facts.fact('gateway')),
    ...(listener && { listener }),
    ...(facts.sockets && { daemonListeners: await listenersBeside(facts.sockets, inForce, certificate, view) }),
    ...(unit !== undefined && { policy: policyStatus(text(paths.policy), paths.policy, countRules) }),
    ...(certificate && { certificate }),
    authorities,
    ...(flags.issuer !== undefined && { issuer }),
    ...(hasLists && { lists: lists.flatMap((path) => listsIn(text(path))) }),
    ...(hasLists && authorities.length > 0 && { unlisted: casWithoutList(trusted, Date.now()) }),
    ...(ending.length > 0 && { ending }),
    ...(older && { older }),
    ...(flags.metrics !== undefined && { metrics: flags.metrics }),
    ...rollbackOf(last, isApplyPending(facts)),
  } as const
  return { ...status, problems: [...problemsOf(status, facts), ...opensLater(found, inForce, facts)] }
}

function rollbackOf(last: LastApply | undefined, isPending: boolean): Pick<GatewayStatus, 'rollback' | 'unfinished'> {
  const kind = last?.gateway ? 'gateway' : 'daemon'
  if (isPending) return { rollback: 'pending', unfinished: kind }
  return { rollback: last === undefined ? 'none' : kind }
}

/** Where dockerd listens for its API, by its configuration and in fact. */
async function listenersBeside(
  sockets: readonly TcpSocket[],
  { settings, plaintext }: SettingsInForce,
  certificate: CertificateFacts | undefined,
  view: Viewpoint,
): Promise<string[]> {
  const known = [...settings.listen, ...plaintext]
  const others = await daemonListeners(sockets, view, { known, certificates: [certificate?.fingerprint256] })
  return [...known, ...others.map(({ listener }) => listener)]
}

function policyStatus(text: string | undefined, path: string, countRules: CountRules): PolicyStatus {
  if (text === undefined) return { path, fault: "it isn't there, or can't be read" }
  try {
    return { path, rules: countRules(text, path) }
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    return { path, fault: error.got }
  }
}

function listsIn(text: string | undefined): ListStatus[] {
  try {
    return readRevocationLists(text ?? '').map(({ nextUpdate, serials }) => ({
      nextUpdate,
      isExpired: nextUpdate === undefined || nextUpdate.getTime() < Date.now(),
      revoked: serials.size,
    }))
  } catch {
    return [{ nextUpdate: undefined, isExpired: true, revoked: 0 }]
  }
}

const CRL_AGAIN: Sentence = sentence`Write it again where the CA is, and copy it here:  ${ours('cert', 'crl')}`

type Known = Omit<GatewayStatus, 'problems'>

const APPLY: Sentence = sentence`Install it:  ${ours('gateway', 'apply', '--policy', 'policy.yaml')}`

function problemsOf(status: Known, facts: HostFacts): Sentence[] {
  const pending =
    status.rollback === 'pending'
      ? [
          sentence`An apply is unfinished. Roll it back:  ${ours(status.unfinished === 'daemon' ? 'daemon' : 'gateway', 'rollback')}`,
        ]
      : []
  if (!status.installed) return [notInstalled(status.state, facts), ...pending]
  if (facts.fact('uid') !== '0')
    return [
      sentence`Only root can read the files of the gateway. As root:  sudo ${ours('gateway', 'status')}`,
      ...pending,
    ]
  return [
    ...dropInProblems(facts),
    ...sharedAccount(facts).map(({ what, got, todo }) => sentence`${what}: ${got}. ${todo}`),
    ...aroundProblems(status, facts),
    ...serviceProblems(status),
    ...(status.listener ? listenerProblem(status.listener) : []),
    ...fileProblems(status),
    ...(isActive(facts) ? [] : [sentence`dockerd doesn't run, so the gateway answers nobody. ${findOutWhy(facts)}`]),
    ...pending,
  ]
}

function notInstalled({ pid }: GatewayState, facts: HostFacts): Sentence {
  if (pid === 0 && facts.passed.length > 0) {
    return sentence`No gateway is installed on this host, and none can be in front of ${enumerate(facts.passed)}, which systemd passes to dockerd. ${CLOSE_PASSED}  ${APPLY}`
  }
  if (pid === 0) return sentence`No gateway is installed on this host. ${APPLY}`
  const other = foreignUnit(facts)
  return other === undefined
    ? sentence`${GATEWAY_UNIT} runs, but its unit ${UNIT_PATH} is gone. End it:  ${ours('gateway', 'remove')}`
    : sentence`${GATEWAY_UNIT} runs from ${other}, which  gateway apply  has not written. ${endOther(other)}`
}

function aroundProblems({ daemonListeners: open = [] }: Known, { passed }: HostFacts): Sentence[] {
  if (open.length === 0) return []
  const close = open.some((listener) => passed.includes(listener))
    ? CLOSE_PASSED
    : sentence`Close it:  ${ours('gateway', 'apply')}`
  return [
    sentence`dockerd listens on ${enumerateListeners(open)} itself, where no policy applies: every client there is root on this host. ${close}`,
  ]
}

function dropInProblems(facts: HostFacts): Sentence[] {
  const dropIn = startingDropIn(facts)
  if (dropIn === undefined) return []
  return [
    sentence`${dropIn} sets ExecStart=, so the gateway may use other files than those here. Move its options to ${UNIT_PATH}, and remove that line.`,
  ]
}

function serviceProblems({ state: { active, sub, enabled } }: Known): Sentence[] {
  return [
    ...(active === 'active'
      ? []
      : [sentence`${GATEWAY_UNIT} is ${active} (${sub}). Find out why:  ${command('journalctl', '-u', GATEWAY_UNIT)}`]),
    ...(enabled
      ? []
      : [sentence`${GATEWAY_UNIT} doesn't start at boot. Enable it:  ${command('systemctl', 'enable', GATEWAY_UNIT)}`]),
  ]
}

function fileProblems({
  policy,
  certificate,
  authorities,
  lists = [],
  unlisted = [],
  ending = [],
  older = [],
  ...more
}: Known): Sentence[] {
  const expired = authorities.filter(({ validTo }) => validTo.getTime() < Date.now())
  return [
    ...(policy !== undefined && 'fault' in policy
      ? [
          sentence`The policy ${policy.path} can't be used: ${policy.fault}. Check it:  ${ours('policy', 'check', policy.path)}`,
        ]
      : []),
    ...(certificate === undefined ? ["The server's certificate can't be read."] : certificateProblems(certificate)),
    ...(older.length === 0
      ? []
      : [
          sentence`The running gateway doesn't use ${enumerate(older)} as ${older.length === 1 ? 'it is' : 'they are'} now. Find out why:  ${command('journalctl', '-u', GATEWAY_UNIT)}`,
        ]),
    ...('issuer' in more ? issuerProblems(more.issuer) : []),
    ...expired.map(
      ({ commonName, subject }) =>
        sentence`The CA ${commonName ?? subject} has expired, so its clients can't connect. Replace it where its key is kept:  ${ours('cert', 'ca', '--replace-ca')}`,
    ),
    ...unlisted.map(
      (name) =>
        sentence`The CA ${name} has no current revocation list: it is missing, can't be read or has expired. So the gateway refuses its clients. ${CRL_AGAIN}`,
    ),
    ...ending.map(listEnds),
    ...(unlisted.length === 0 && lists.some(({ isExpired }) => isExpired)
      ? [sentence`A revocation list has expired or can't be read. ${CRL_AGAIN}`]
      : []),
  ]
}
