import { PLAINTEXT_PORT } from '../base/ports.ts'
import { command, option, ours, sentence, type Sentence } from '../base/sentence.ts'
import { enumerate } from '../base/text.ts'
import { lines, type HostFacts } from '../host/facts.ts'
import { parseGatewayState } from './gateway/state.ts'
import { hostAndPort, isLoopback, readListener } from '../daemon-config/listener-target.ts'
import { SOCKET_UNIT } from '../daemon-config/unit/installed-unit.ts'
import type { FactCall } from '../host/facts-script.ts'

/** Something that keeps dockerd from listening, or that lets everybody in without TLS. */
export interface PortConflict {
  readonly kind: 'port-taken' | 'unprovable-listener' | 'open-plaintext-port'
  readonly what: string
  readonly got: string
  readonly todo: Sentence
}

/** A line of ss(8). */
interface Listening {
  readonly address: string
  readonly port: string
  readonly holders: readonly { readonly program: string; readonly pid: string }[]
}

/** Who wants a port. */
interface Taking {
  readonly facts: HostFacts
  /** Processes that may have it already. */
  readonly own: readonly number[]
  /** What to choose instead. */
  readonly other: Sentence
}

/** systemd holds the ports of its socket units, whichever service gets them. */
const SYSTEMD = '1'

/**
 * Finds everything that keeps dockerd from its listeners, or that lets everybody in without TLS.
 *
 * @param holders - other processes that may have the ports already
 */
export function portConflicts(
  facts: HostFacts,
  listen: readonly string[],
  holders: readonly number[] = [],
): PortConflict[] {
  const dockerds = facts.daemons.map(({ pid }) => pid)
  return [
    ...listen.flatMap((listener) => taken(listener, { facts, own: [...dockerds, ...holders], other: OTHER_PORT })),
    ...takenFromSocket(facts, [...dockerds, ...holders]),
    ...openDoors(facts),
  ]
}

/** Which other program has a port, or will have it. */
export function taken(listener: string, { facts, own, other: free }: Taking): PortConflict[] {
  const passed = facts.passed.find((one) => clash(one, listener))
  if (passed !== undefined) {
    const got = `its ListenStream= has ${hostAndPort(readListener(passed))}, so that nothing else can listen on ${listener}`
    const todo = sentence`${CLOSE_PASSED}  Or choose ${free}`
    return [{ kind: 'port-taken', what: SOCKET_UNIT, got, todo }]
  }
  const all = holdersOf(listener, facts)
  const handed = all.find(({ holders }) => holders.some(({ pid }) => pid === SYSTEMD))
  if (handed !== undefined) {
    const got = `systemd already listens on ${handed.address}:${handed.port} for a socket unit`
    const todo = sentence`Find the unit (${command('systemctl', 'list-sockets')}) and stop it, or choose ${free}`
    return [{ kind: 'port-taken', what: listener, got, todo }]
  }
  const other = foreign(all, own)
  if (other === undefined) return []
  const got = alreadyThere(other)
  const gateway = String(parseGatewayState(facts.fact('gateway')).pid)
  if (other.holders.some(({ pid }) => pid === gateway)) {
    const todo = sentence`That is the gateway in front of dockerd, which has its own settings:  ${ours('gateway', 'apply')}`
    return [{ kind: 'port-taken', what: listener, got, todo }]
  }
  return [{ kind: 'port-taken', what: listener, got, todo: sentence`Stop that program, or choose ${free}` }]
}

/** The ports of docker.socket that it can't open. dockerd doesn't start without it. */
function takenFromSocket(facts: HostFacts, own: readonly number[]): PortConflict[] {
  if (facts.property('socket', 'ActiveState') === 'active') return []
  return facts.passed.flatMap((passed) => {
    const other = foreign(holdersOf(passed, facts), own)
    if (other === undefined) return []
    const got = `its ListenStream= has ${hostAndPort(readListener(passed))}, and ${alreadyThere(other)}`
    const todo = sentence`Stop that program, or remove the ListenStream= from docker.socket (${command('systemctl', 'cat', SOCKET_UNIT)}).`
    return [{ kind: 'port-taken', what: SOCKET_UNIT, got, todo }]
  })
}

/**
 * Listeners of docker.socket on which nobody answers.
 *
 * @param takesPassed - will dockerd use the sockets that systemd passes to it?
 */
export function unusedPassed({ passed }: HostFacts, takesPassed: boolean): PortConflict[] {
  if (takesPassed || passed.length === 0) return []
  const got = `it listens on ${enumerate(passed)}, and dockerd answers nobody there without its host fd://`
  return [{ kind: 'unprovable-listener', what: SOCKET_UNIT, got, todo: CLOSE_PASSED }]
}

/** Listeners that can't be tested from another machine. */
export function unprovableListeners(listen: readonly string[]): PortConflict[] {
  return listen
    .filter((listener) => isLoopback(readListener(listener).host))
    .map((listener) => ({
      kind: 'unprovable-listener',
      what: listener,
      got: "only the host itself can reach it, so docker-mtls can't test it from here",
      todo: sentence`Choose an address that can be reached from here:  ${option('listen', '0.0.0.0:2376')}  Or, on that host, run  ${ours('daemon', 'apply')}`,
    }))
}

const OTHER_PORT: Sentence = sentence`another address or port:  ${option('listen', 'ADDRESS:PORT')}`

/** The remedy for a listener that systemd passes to dockerd. */
export const CLOSE_PASSED: Sentence = sentence`Remove the ListenStream= from docker.socket (${command('systemctl', 'cat', 'docker.socket')}), then run  ${command('systemctl', 'daemon-reload')}  and  ${command('systemctl', 'restart', 'docker.socket', 'docker.service')}`

/**
 * The facts that {@link openDoors} needs: if another program than dockerd holds the plaintext port, which daemon answers
 * there? A container may run a Docker daemon of its own, which doesn't concern this one.
 */
export function openDoorQuestions(facts: HostFacts): FactCall[] {
  return suspects(facts).map(({ address }) => {
    const host = address === '0.0.0.0' || address === '*' ? '127.0.0.1' : address.replace('[::]', '[::1]')
    return ['door', address, host]
  })
}

function suspects(facts: HostFacts): Listening[] {
  const dockerds = new Set([SYSTEMD, ...facts.daemons.map(({ pid }) => String(pid))])
  return listening(facts).filter(
    ({ port, holders }) => port === String(PLAINTEXT_PORT) && !holders.some(({ pid }) => dockerds.has(pid)),
  )
}

/** Programs that forward plaintext connections to this daemon: with one of them TLS protects nothing. */
export function openDoors(facts: HostFacts): PortConflict[] {
  const own = facts.info?.['ID']
  return suspects(facts)
    .filter(({ address }) => typeof own === 'string' && own !== '' && facts.fact(`door:${address}`).trim() === own)
    .map((one) => ({
      kind: 'open-plaintext-port',
      what: programOf(one),
      got: `it listens on ${one.address}:${PLAINTEXT_PORT} and forwards everybody to this daemon, in plaintext`,
      todo: 'Stop it now, and make sure that nothing starts it again: whoever reaches that port is root here.',
    }))
}

function holdersOf(listener: string, facts: HostFacts): Listening[] {
  return listening(facts).filter(({ address, port }) => clash(`tcp://${address}:${port}`, listener))
}

/** The first that none of these processes has. */
function foreign(all: readonly Listening[], own: readonly number[]): Listening | undefined {
  return all.find(({ holders }) => !holders.some(({ pid }) => own.includes(Number(pid))))
}

function alreadyThere(other: Listening): string {
  return `${programOf(other)} already listens on ${other.address}:${other.port}`
}

function programOf({ holders: [first] }: Listening): string {
  return first === undefined ? 'another program' : `${first.program} (process ${first.pid})`
}

/** `LISTEN 0 4096 [::1]%lo:2376 [::]:* users:(("a",pid=1,fd=3),("b",pid=2,fd=4))`. Only root sees the users. */
const SS_LINE =
  /^LISTEN\s+\d+\s+\d+\s+(?<address>[^\s%]+)(?:%\S+)?:(?<port>\d+)\s+\S+(?:\s+users:\((?<users>.*)\)\s*$)?/
/**
 * Every user chooses the names of own processes, of up to 15 characters (proc_pid_comm(5)). It takes 16 to forge another user
 * in such a list.
 */
const SS_USER = String.raw`\("([^"]*)",pid=(\d+),fd=\d+\)`
const SS_USERS = new RegExp(`^${SS_USER}(?:,${SS_USER})*$`)

function listening({ fact }: HostFacts): Listening[] {
  return lines(fact('listening')).flatMap((line) => {
    const { address, port, users = '' } = SS_LINE.exec(line)?.groups ?? {}
    if (address === undefined || port === undefined) return []
    // With quotes in a name, the holders are unknown.
    return [{ address, port, holders: SS_USERS.test(users) ? holdersIn(users) : [] }]
  })
}

function holdersIn(users: string): Listening['holders'] {
  const found = users.matchAll(new RegExp(SS_USER, 'g'))
  return [...found].map(([, program = '', pid = '']) => ({ program, pid }))
}

const ANY = new Set(['0.0.0.0', '::', '*'])

/** Can't there be both listeners? */
export function clash(one: string, other: string): boolean {
  const [first, second] = [readListener(one), readListener(other)]
  return first.port === second.port && (first.host === second.host || ANY.has(first.host) || ANY.has(second.host))
}
