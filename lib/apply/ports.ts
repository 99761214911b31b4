import { lines, type HostFacts } from '../host/facts.ts'
import { isLoopback, readListener } from '../daemon-config/listener-target.ts'
import type { FactCall } from '../host/facts-script.ts'

/** What is in the way of a listener: the culprit, what comes of it, the way out. */
export interface PortTrouble {
  readonly what: string
  readonly got: string
  readonly todo: string
}

/** A line of ss(8). */
interface Listening {
  readonly address: string
  readonly port: string
  readonly holders: readonly { readonly program: string; readonly pid: string }[]
}

/** systemd holds the ports of its sockets, whoever is handed them. */
const SYSTEMD = '1'
const PLAINTEXT = '2375'

/** What keeps dockerd from listening where it shall, and who lets everybody in beside it. */
export function portTroubles(facts: HostFacts, listen: readonly string[]): PortTrouble[] {
  return [...listen.flatMap((listener) => taken(listener, facts)), ...openDoors(facts)]
}

function taken(listener: string, facts: HostFacts): PortTrouble[] {
  const dockerds = new Set(facts.daemons.map(({ pid }) => String(pid)))
  const [, address = '', port = ''] = /^tcp:\/\/(.*):(\d+)$/.exec(listener) ?? []
  const all = listening(facts).filter((one) => one.port === port && overlaps(one.address, address))
  const handed = all.find(({ holders }) => holders.some(({ pid }) => pid === SYSTEMD))
  if (handed !== undefined) return [handedOver(listener, handed, facts)]
  const other = all.find(({ holders }) => !holders.some(({ pid }) => dockerds.has(pid)))
  if (other === undefined) return []
  const got = `${programOf(other)} listens on ${other.address}:${port} already`
  return [{ what: listener, got, todo: `End that program, or give dockerd ${OTHER_PORT}` }]
}

/** From another machine nobody could tell who gets in there. */
export function unseenFromHere(listen: readonly string[]): PortTrouble[] {
  return listen
    .filter((listener) => isLoopback(readListener(listener).host))
    .map((listener) => ({
      what: listener,
      got: 'only the host itself gets there, and from here it could not be proven',
      todo: 'Run  docker-mtls daemon apply  on that host; or say where else dockerd shall listen:  --listen 0.0.0.0:2376',
    }))
}

const OTHER_PORT = 'another address or port:  --listen ADDRESS:PORT'

function handedOver(listener: string, { address, port }: Listening, { fact }: HostFacts): PortTrouble {
  const isDockers = new RegExp(`^Listen=.*:${port} `, 'm').test(fact('socket'))
  const what = isDockers ? 'docker.socket' : listener
  const got = isDockers
    ? `it has ListenStream= for ${address}:${port}, and dockerd could not listen on ${listener} besides`
    : `systemd listens on ${address}:${port} already, for one of its sockets`
  const way = isDockers
    ? 'Take that ListenStream= out of it (systemctl cat docker.socket), then  systemctl daemon-reload && systemctl restart docker.socket docker.service'
    : 'Find it with  systemctl list-sockets , and stop it'
  return { what, got, todo: `${way} ; or give dockerd ${OTHER_PORT}` }
}

/**
 * What has to be asked of the host for {@link openDoors}: whoever holds the plaintext port and is not dockerd, is it this
 * very daemon that answers there? A container with a Docker of its own is somebody else's business.
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
    ({ port, holders }) => port === PLAINTEXT && !holders.some(({ pid }) => dockerds.has(pid)),
  )
}

/** With such a door TLS protects nothing. */
export function openDoors(facts: HostFacts): PortTrouble[] {
  const own = facts.info?.['ID']
  return suspects(facts)
    .filter(({ address }) => typeof own === 'string' && own !== '' && facts.fact(`door:${address}`).trim() === own)
    .map((one) => ({
      what: programOf(one),
      got: `it listens on ${one.address}:${PLAINTEXT}, and hands everybody on to this daemon, in plaintext`,
      todo: 'End it, and see that nothing starts it again: whoever reaches that port is root here.',
    }))
}

function programOf({ holders: [first] }: Listening): string {
  return first === undefined ? 'another program' : `${first.program} (process ${first.pid})`
}

function listening({ fact }: HostFacts): Listening[] {
  return lines(fact('listening')).map((line) => {
    const [, , , local = ''] = line.trim().split(/\s+/)
    const [, address = '', port = ''] = /^(.*):(\d+)$/.exec(local) ?? []
    const holders = [...line.matchAll(/\("([^"]*)",pid=(\d+)/g)].map(([, program = '', pid = '']) => ({ program, pid }))
    return { address: address.replace(/%.*$/, ''), port, holders }
  })
}

const ANY = new Set(['0.0.0.0', '[::]', '*'])

function overlaps(one: string, other: string): boolean {
  return one === other || ANY.has(one) || ANY.has(other)
}
