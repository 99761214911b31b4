import { isDockerMtlsError } from '../base/errors.ts'
import { ours, sentence, type Sentence } from '../base/sentence.ts'
import { openCertificate, readCertificate, type CertificateFacts } from '../identity/certificate.ts'
import { certificatesIn } from './certificates-in.ts'
import { gatherFacts, gatherFurtherFacts, lines, type HostFacts } from '../host/facts.ts'
import type { HostShell } from '../host/shell.ts'
import { refuseHost } from '../host/preconditions.ts'
import { DEFAULT_TLS_DIR, tlsFilesIn } from '../daemon-config/options.ts'
import { hasLiveRestore, type ConfigurationForm } from '../daemon-config/settings-in-force.ts'
import {
  daemonListeners,
  listenerProblem,
  inspectListener,
  type Authorities,
  type DaemonListener,
  type ListenerStatus,
} from './listener-status.ts'
import { besideGateway } from './gateway/beside.ts'
import { gatewayQuestion, parseGatewayState } from './gateway/state.ts'
import { findLastApply, isOfGateway } from './rollback/last-apply.ts'
import { isApplyPending } from './rollback/pending.ts'
import { opensLater } from './plaintext-before.ts'
import { openDoorQuestions, openDoors } from './ports.ts'
import { runningIn } from './running.ts'
import { findOutWhy, inForceOf } from './unit.ts'
import { readableQuestions, unreadableOf, unreadableProblem, type Unreadable } from './unreadable.ts'

/** The state of a host's daemon. */
export interface DaemonStatus {
  readonly active: boolean
  /** `active (running)`, as systemctl status has it. */
  readonly state: string
  readonly since: string
  readonly pid: number | undefined
  readonly enabled: boolean
  /** The unit and its drop-ins, in the order in which they count. */
  readonly unit: readonly string[]
  readonly form: ConfigurationForm
  readonly listeners: readonly ListenerStatus[]
  /** The certificate in the file; absent if there is none that can be read. */
  readonly certificate?: CertificateFacts
  /** Does the daemon present another certificate than the one in the file? Then it has to be restarted. */
  readonly showsOther?: boolean
  /** The CAs of its clients, according to the file. */
  readonly authorities?: readonly CertificateFacts[]
  readonly usernsRemap?: string
  /** The subordinate ids of the user, lines of subuid(5) and subgid(5). */
  readonly ranges: { readonly subuid: readonly string[]; readonly subgid: readonly string[] }
  readonly liveRestore: boolean
  readonly running?: number
  /** Is an apply unfinished, or can the last one be rolled back? */
  readonly wayBack?: 'pending' | 'last' | 'gateway' | 'none'
  /** Does a gateway run in front of it? Then it needs no listener on the network. */
  readonly gateway: boolean
  /** Parts that only root can read, and that are absent for other users. */
  readonly unreadable: readonly Unreadable[]
  /** None: the daemon is secured. */
  readonly problems: readonly Sentence[]
}

/**
 * Inspects the daemon of a host: its unit, its configuration, and its listeners from outside. Changes nothing.
 *
 * @throws {@link ProvisionError} for a host without systemd or Docker
 */
export async function daemonStatus(shell: HostShell, signal?: AbortSignal): Promise<DaemonStatus> {
  const first = await gatherFacts(shell, signal)
  refuseHost(first, shell.name, 'read')
  const { found, inForce } = inForceOf(first, shell)
  const { form, settings, plaintext, daemonJson } = inForce
  const tls = { ...tlsFilesIn(settings.tlsDir ?? DEFAULT_TLS_DIR), ...inForce.tlsFiles }
  const more = [...openDoorQuestions(first), ...readableQuestions(tls), gatewayQuestion()]
  const wanted = { files: [tls.ca, tls.cert], more }
  const facts = await gatherFurtherFacts(shell, first, wanted, signal)
  const unreadable = unreadableOf(facts, tls)
  const isHidden = (name: Unreadable): boolean => unreadable.includes(name)
  const authorities: Authorities = isHidden('authorities') ? 'hidden' : { text: facts.file(tls.ca)?.text }
  const configured = [...settings.listen, ...plaintext]
  const certificate = readIfGood(facts.file(tls.cert)?.text)
  const listeners: (ListenerStatus | DaemonListener)[] = await Promise.all(
    configured.map((listener) => inspectListener(listener, authorities, signal)),
  )
  const shownBy = (): string[] => listeners.flatMap(({ seen }) => seen?.certificate?.fingerprint256 ?? [])
  const certificates = [certificate?.fingerprint256, ...shownBy()]
  const expected = { known: configured, certificates, authorities }
  listeners.push(...(await daemonListeners(facts.sockets ?? [], { shell, signal }, expected)))
  const shown = shownBy()
  const status = {
    ...serviceOf(facts),
    unit: found.paths,
    form,
    listeners,
    ...(certificate && { certificate }),
    ...(!isHidden('certificate') && {
      showsOther: certificate !== undefined && shown.some((print) => print !== certificate.fingerprint256),
    }),
    ...(!isHidden('authorities') && { authorities: certificatesIn(facts.file(tls.ca)?.text) }),
    ...(settings.usernsRemap !== undefined && { usernsRemap: settings.usernsRemap }),
    ranges: rangesOf(facts, settings.usernsRemap),
    liveRestore: hasLiveRestore(found.unit, daemonJson) || facts.info?.['LiveRestoreEnabled'] === true,
    ...(facts.info && { running: runningIn(facts) }),
    ...(!isHidden('wayBack') && { wayBack: await rollbackOn(shell) }),
    unreadable,
    gateway: parseGatewayState(facts.fact('gateway')).active === 'active',
  }
  const doors = openDoors(facts).map(({ what, got, todo }) => sentence`${what}: ${got}. ${todo}`)
  return {
    ...status,
    problems: [
      ...problemsOf(status, facts),
      ...opensLater(found, inForce, facts),
      ...unfinished(facts),
      ...doors,
      ...unreadableProblem(unreadable),
    ],
  }
}

function serviceOf({ property }: HostFacts): Pick<DaemonStatus, 'active' | 'state' | 'since' | 'pid' | 'enabled'> {
  const active = property('service', 'ActiveState')
  const pid = Number(property('service', 'MainPID'))
  return {
    active: active === 'active',
    state: `${active} (${property('service', 'SubState')})`,
    since: property('service', 'ActiveEnterTimestamp'),
    pid: pid > 0 ? pid : undefined,
    enabled: property('service', 'UnitFileState') === 'enabled',
  }
}

function readIfGood(pem: string | undefined): CertificateFacts | undefined {
  try {
    return pem === undefined ? undefined : readCertificate(openCertificate(pem))
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    return undefined
  }
}

/** `default` stands for the user dockremap. */
function rangesOf({ file }: HostFacts, remap: string | undefined): DaemonStatus['ranges'] {
  const [user = ''] = (remap ?? '').split(':')
  const name = user === 'default' ? 'dockremap' : user
  const of = (path: string): string[] =>
    name === '' ? [] : lines(file(path)?.text ?? '').filter((line) => line.startsWith(`${name}:`))
  return { subuid: of('/etc/subuid'), subgid: of('/etc/subgid') }
}

/** Uses the same rule as a rollback. */
async function rollbackOn(shell: HostShell): Promise<'pending' | 'last' | 'gateway' | 'none'> {
  const last = await findLastApply(shell)
  if (last === undefined) return 'none'
  return last.isPending ? 'pending' : isOfGateway(last) ? 'gateway' : 'last'
}

function problemsOf(status: Omit<DaemonStatus, 'problems'>, facts: HostFacts): Sentence[] {
  const [beside] = besideGateway(facts)
  const { active, state, listeners, certificate, authorities = [], showsOther = false, usernsRemap, ranges } = status
  return [
    ...(active ? [] : [sentence`docker.service is ${state}. ${findOutWhy(facts)}`]),
    ...(listeners.length === 0 && !status.gateway && !status.unreadable.includes('listeners')
      ? [
          beside === undefined
            ? sentence`dockerd doesn't listen on the network. Secure and open it:  ${ours('daemon', 'apply')}`
            : beside.kind === 'other-gateway'
              ? sentence`dockerd doesn't listen on the network: there is a gateway, ${beside.what}.`
              : sentence`dockerd doesn't listen on the network, and the gateway in front of it isn't running. Find out why:  ${ours('gateway', 'status')}`,
        ]
      : []),
    ...listeners.flatMap(listenerProblem),
    ...(certificate !== undefined && certificate.validTo.getTime() < Date.now()
      ? [sentence`The server's certificate has expired. Renew it:  ${ours('cert', 'renew', '--server')}`]
      : []),
    ...authorities
      .filter(({ validTo }) => validTo.getTime() < Date.now())
      .map(
        ({ commonName, subject }) =>
          sentence`The CA ${commonName ?? subject} has expired, so its clients can't connect. Replace it where its key is kept:  ${ours('cert', 'ca', '--replace-ca')}`,
      ),
    ...(showsOther
      ? [
          'The daemon presents another certificate than the one in its file: it was not restarted since the file changed.',
        ]
      : []),
    ...(usernsRemap !== undefined && ranges.subuid.length === 0
      ? [`/etc/subuid has no subordinate ids for --userns-remap=${usernsRemap}.`]
      : []),
  ]
}

/** A power cut may have left the note of an unfinished apply without its folder. */
function unfinished(facts: HostFacts): Sentence[] {
  if (!isApplyPending(facts)) return []
  return [
    besideGateway(facts).length > 0
      ? sentence`An apply is unfinished. Roll it back:  ${ours('daemon', 'rollback')}`
      : sentence`An apply is unfinished. Roll it back:  ${ours('daemon', 'rollback')}  Or apply again:  ${ours('daemon', 'apply')}`,
  ]
}
