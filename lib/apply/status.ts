import { isDockerMtlsError } from '../base/errors.ts'
import { openCertificate, readCertificate, type CertificateFacts } from '../identity/certificate.ts'
import { certificatesIn } from './certificates-in.ts'
import { gatherFacts, gatherMore, lines, type HostFacts } from '../host/facts.ts'
import { STATE_FOLDER } from '../host/facts-script.ts'
import type { HostShell } from '../host/shell.ts'
import { refuseHost } from '../host/preconditions.ts'
import { DEFAULT_TLS_DIR, tlsFilesIn } from '../daemon-config/options.ts'
import { DAEMON_JSON } from '../daemon-config/render-files.ts'
import { settingsInForce, type ConfigurationForm } from '../daemon-config/settings-in-force.ts'
import { isOfApi, listenerProblem, lookAtListener, type Authorities, type ListenerStatus } from './listener-status.ts'
import { findLastApply } from './rollback/last-apply.ts'
import { openDoorQuestions, openDoors } from './ports.ts'
import { runningIn } from './running.ts'
import { hasLiveRestore } from '../daemon-config/settings-in-force.ts'
import { formatTarget, isListenerOf } from '../daemon-config/listener-target.ts'
import { unitOf } from './unit.ts'
import { readableQuestions, unreadableOf, unreadableProblem, type Unreadable } from './unreadable.ts'

/** The daemon of a host, in one view. */
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
  /** The certificate in the file; absent where there is none that can be read. */
  readonly certificate?: CertificateFacts
  /** Does the daemon show another certificate than the one in the file? Then it has yet to be restarted. */
  readonly showsOther?: boolean
  /** The authorities whose clients it takes, by the file. */
  readonly authorities?: readonly CertificateFacts[]
  readonly usernsRemap?: string
  /** The subordinate ids of the user, lines of subuid(5) and subgid(5). */
  readonly ranges: { readonly subuid: readonly string[]; readonly subgid: readonly string[] }
  readonly liveRestore: boolean
  readonly running?: number
  /** Is an apply unfinished, or can the last one be undone? */
  readonly wayBack?: 'pending' | 'last' | 'none'
  /** What only root can read, where we are not; it is absent then. */
  readonly unreadable: readonly Unreadable[]
  /** What is wrong: sentences. None: it is secured. */
  readonly problems: readonly string[]
}

/**
 * Looks at the daemon of a host: what systemd says, what is configured, and what is seen from outside. Nothing is changed.
 *
 * @throws {@link ProvisionError} for a host without systemd or Docker
 */
export async function daemonStatus(shell: HostShell, signal?: AbortSignal): Promise<DaemonStatus> {
  const first = await gatherFacts(shell, signal)
  refuseHost(first, shell.name, 'read')
  const found = unitOf(first, shell.name)
  const inForce = settingsInForce(found, first.file(DAEMON_JSON)?.text)
  const { form, settings, plaintext, daemonJson } = inForce
  const tls = { ...tlsFilesIn(settings.tlsDir ?? DEFAULT_TLS_DIR), ...inForce.tlsFiles }
  const more = [...openDoorQuestions(first), ...readableQuestions(tls)]
  const wanted = { programs: [], files: [tls.ca, tls.cert], secrets: [], writable: [], more }
  const facts = await gatherMore(shell, first, wanted, signal)
  const unreadable = unreadableOf(facts, tls)
  const isHidden = (name: Unreadable): boolean => unreadable.includes(name)
  const authorities: Authorities = isHidden('authorities') ? 'hidden' : { text: facts.file(tls.ca)?.text }
  const configured = [...settings.listen, ...plaintext]
  const besides = facts.sockets
    .filter((socket) => !configured.some((listener) => isListenerOf(socket, listener)))
    .map(({ address, port }) => formatTarget({ host: address, port }))
  const look = (listener: string): Promise<ListenerStatus> => lookAtListener(listener, authorities, signal)
  const certificate = readIfGood(facts.file(tls.cert)?.text)
  const listeners = await Promise.all(configured.map(look))
  listeners.push(...(await Promise.all(besides.map(look))).filter((one) => isOfApi(one, certificate, listeners)))
  const shown = listeners.map(({ seen }) => seen?.certificate?.fingerprint256).filter((print) => print !== undefined)
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
  }
  const doors = openDoors(facts).map(({ what, got, todo }) => `${what}: ${got}. ${todo}`)
  return {
    ...status,
    problems: [...problemsOf(status), ...unfinished(facts), ...doors, ...unreadableProblem(unreadable)],
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

/** By the rule that a rollback has. */
async function rollbackOn(shell: HostShell): Promise<'pending' | 'last' | 'none'> {
  const last = await findLastApply(shell)
  return last === undefined ? 'none' : last.isPending ? 'pending' : 'last'
}

function problemsOf(status: Omit<DaemonStatus, 'problems'>): string[] {
  const { active, state, listeners, certificate, authorities = [], showsOther = false, usernsRemap, ranges } = status
  return [
    ...(active ? [] : [`docker.service is ${state}:  systemctl status docker`]),
    ...(listeners.length === 0 ? ['dockerd does not listen on the network:  docker-mtls daemon apply'] : []),
    ...listeners.flatMap(listenerProblem),
    ...(certificate !== undefined && certificate.validTo.getTime() < Date.now()
      ? ["The server's certificate has ended:  docker-mtls cert renew --server"]
      : []),
    ...authorities
      .filter(({ validTo }) => validTo.getTime() < Date.now())
      .map(
        ({ commonName, subject }) =>
          `The authority ${commonName ?? subject} has ended, and nobody of it gets in. Where it is kept:  docker-mtls cert ca --replace-ca`,
      ),
    ...(showsOther
      ? ['The daemon shows another certificate than the one in its file: it was not restarted since.']
      : []),
    ...(usernsRemap !== undefined && ranges.subuid.length === 0
      ? [`There are no subordinate ids for --userns-remap=${usernsRemap} in /etc/subuid.`]
      : []),
  ]
}

/** Its note says so, also one that a power cut has left without what it names. */
function unfinished({ file }: HostFacts): string[] {
  if (file(`${STATE_FOLDER}/pending`) === undefined) return []
  return ['An apply did not end:  docker-mtls daemon apply , or  docker-mtls daemon rollback']
}
