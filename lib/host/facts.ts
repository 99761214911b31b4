import { ProvisionError } from '../base/errors.ts'
import { formatTarget } from '../daemon-config/listener-target.ts'
import { parseObject } from '../endpoint/json-object.ts'
import { decodeWord, parseRecords, type HostFile } from './fact-records.ts'
import { factsScript, furtherFactsScript, type FurtherFacts } from './facts-script.ts'
import { FACTS_LIMITS } from './run-limits.ts'
import { stderrSummary, type HostShell } from './shell.ts'
import { parseSockets, type TcpSocket } from './sockets.ts'

/** A running dockerd. */
export interface RunningDaemon {
  readonly pid: number
  readonly uid: number
  readonly exec: string
}

/** Facts about a host, as the scripts printed them. */
export interface HostFacts {
  /** A single value, such as `uid`; empty if it couldn't be read. */
  readonly fact: (name: string) => string
  /** A property in the output of `systemctl show`; empty if it is missing. */
  readonly property: (unit: 'service' | 'socket' | 'containerd', name: string) => string
  /** The file at exactly this path, if there is one. */
  readonly file: (path: string) => HostFile | undefined
  readonly files: readonly HostFile[]
  readonly daemons: readonly RunningDaemon[]
  /** The TCP sockets that dockerd listens on, or systemd for it while it doesn't run. Undefined: only root can see them. */
  readonly sockets: readonly TcpSocket[] | undefined
  /** Where systemd listens for dockerd on the network, now or from the next start of docker.socket on: `tcp://0.0.0.0:2375`. */
  readonly passed: readonly string[]
  /** The output of `docker info`, if dockerd could be asked. */
  readonly info: Readonly<Record<string, unknown>> | undefined
}

/**
 * Gathers the facts that are needed before a host is changed.
 *
 * @param shell - the shell of the host
 * @throws {@link ProvisionError} ERR_HOST_UNREADABLE
 */
export async function gatherFacts(shell: HostShell, signal?: AbortSignal): Promise<HostFacts> {
  return parseFacts(await ask(shell, factsScript(), signal), shell.name)
}

/**
 * Gathers further facts, and adds them to the known ones.
 *
 * @throws {@link ProvisionError} ERR_HOST_UNREADABLE
 */
export async function gatherFurtherFacts(
  shell: HostShell,
  known: HostFacts,
  wanted: FurtherFacts,
  signal?: AbortSignal,
): Promise<HostFacts> {
  const { values, files } = parseRecords(await ask(shell, furtherFactsScript(wanted), signal), shell.name)
  const read = new Set(files.map(({ path }) => path))
  return hostFacts(
    (name) => values.get(name) ?? known.fact(name),
    [...files, ...known.files.filter(({ path }) => !read.has(path))],
  )
}

async function ask(shell: HostShell, script: string, signal: AbortSignal | undefined): Promise<string> {
  const ran = await shell.run(script, { signal, limits: FACTS_LIMITS })
  if (ran.code === 0) return ran.stdout
  throw new ProvisionError('ERR_HOST_UNREADABLE', {
    tried: `inspecting ${shell.name}`,
    got: stderrSummary(ran),
    todo: 'The host needs a POSIX sh and coreutils (base64, stat, sha256sum, ...).',
  })
}

/** @internal */
export function parseFacts(printed: string, host = 'the host'): HostFacts {
  const { values, files } = parseRecords(printed, host)
  return hostFacts((name) => values.get(name) ?? '', files)
}

function hostFacts(fact: (name: string) => string, files: readonly HostFile[]): HostFacts {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const property: HostFacts['property'] = (unit, name) => new RegExp(`^${name}=(.*)$`, 'm').exec(fact(unit))?.[1] ?? ''
  const listens = [...fact('socket').matchAll(LISTENS)].map(([, address = '', port]) => ({
    address: address.replaceAll(/[[\]]/g, ''),
    port: Number(port),
  }))
  const sockets = daemonSockets(property, listens, fact('sockets'))
  const passed = [...listens, ...(sockets ?? []).filter(({ isPassed }) => isPassed)]
  return {
    fact,
    files,
    file: (path) => byPath.get(path),
    property,
    daemons: lines(fact('dockerds')).map(parseDaemon),
    sockets,
    passed: [...new Set(passed.map(({ address, port }) => formatTarget({ host: address, port })))],
    info: parseInfo(fact('info')),
  }
}

/** An address in the output of `systemctl show docker.socket`, which has those of all files that systemd has read. */
const LISTENS = /^Listen=(?![/@]|vsock:)(\S+):(\d+) \(Stream\)$/gm

function daemonSockets(
  property: HostFacts['property'],
  listens: readonly TcpSocket[],
  printed: string,
): HostFacts['sockets'] {
  if (property('service', 'MainPID') !== '0') return parseSockets(printed)
  return property('socket', 'ActiveState') === 'active'
    ? listens.map((one) => ({ ...one, isPassed: true, isIdle: true }))
    : []
}

/** Does docker.service run? */
export function isActive({ property }: Pick<HostFacts, 'property'>): boolean {
  return property('service', 'ActiveState') === 'active'
}

/** Does it run, or does systemd start it? One that waits for its next start has failed. */
export function runsOrStarts({ property }: Pick<HostFacts, 'property'>): boolean {
  return isActive({ property }) || property('service', 'SubState').startsWith('start')
}

/** The lines that aren't blank. */
export function lines(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '')
}

function parseDaemon(line: string): RunningDaemon {
  const [pid = '', uid = '', exec = ''] = line.split(' ')
  return { pid: Number(pid), uid: Number(uid), exec: decodeWord(exec) }
}

/** A hundred times what a busy daemon prints. Parsing JSON can take a hundred times its memory. */
const LONGEST_INFO = 1_000_000

function parseInfo(text: string): HostFacts['info'] {
  const info = text.length > LONGEST_INFO ? undefined : parseObject(text)
  // If the docker command can't reach dockerd, it prints ServerErrors beside zeros that mean nothing.
  const errors = info?.['ServerErrors']
  return Array.isArray(errors) && errors.length > 0 ? undefined : info
}
