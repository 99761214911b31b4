import type { FairScheduler } from '../../base/fair-scheduler.ts'
import { isOver } from '../../identity/dates.ts'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type { GatewayCaller } from '../events.ts'
import { Intake } from './intake.ts'
import type { Peer } from '../trust/peer.ts'
import type { Refusal } from '../refusal.ts'
import type { GatewayIdentity } from '../types.ts'

/** How long an upgrade waits for an answer that isn't complete, in milliseconds. No Docker client sends one before that. */
const EARLY_MS = 50
/** How many requests may be open at once on a connection. Docker clients wait for each answer; Node keeps every open request in memory. */
const MOST_OPEN = 16
/** How many requests are dropped behind the last one of a connection before its answer is cut. Node keeps each until then. */
const MOST_BEHIND = 10
/** How often a gateway that closes checks whether everything has been reported, in milliseconds, and how many times at most. */
const TURN_MS = 5
const MOST_TURNS = 200
const NOTHING = Buffer.alloc(0)

/** Where a connection comes from, for events. A socket for both versions of IP has IPv4 addresses in the form of IPv6. */
export function addressOf({ remoteAddress }: Remote): string | undefined {
  return remoteAddress?.replace(/^::ffff:(?=[\d.]+$)/, '')
}

export interface Remote {
  readonly remoteAddress?: string | undefined
}

/** Who has connected, for events. */
export function callerOf(socket: Socket, from: Peer | string): GatewayCaller {
  const address = addressOf(socket)
  return {
    ...(typeof from === 'string' ? { identity: from } : { identity: from.subject, fingerprint: from.fingerprint }),
    ...(address !== undefined && { address }),
  }
}

/** A request or stream that is open. */
interface Open {
  /** The gateway itself has answered it. */
  readonly isRefused: boolean
  /** All of its answer was written, though the client may not have it yet. */
  readonly isComplete: boolean
  readonly kind: 'requests' | 'streams'
  /** When its permission ends, in milliseconds. */
  readonly until: number
  /** What came after its head is no HTTP. */
  malformed(refused: Refusal): void
}

/** A connection of a client, with everything that is open on it. */
export class Connection {
  readonly identity: GatewayIdentity
  /** Undefined: it came over a local socket. */
  readonly peer: Peer | undefined
  /** Whose limits count, and whose builds and sessions it opens. */
  readonly key: string
  readonly caller: GatewayCaller
  /** Undefined before Node's HTTP server has it. */
  intake: Intake | undefined
  readonly #socket: Socket
  #released: (() => void) | undefined
  #received = 0
  #sent = 0
  /** More than one only if the client doesn't wait for answers. */
  readonly open = new Set<Open>()
  /** How many requests and calls have begun, and not been reported as ended. */
  unreported = 0
  /** It ends after an answer that is open, or that was the last one: no other request counts. */
  isEnding = false
  /** How many came nevertheless. */
  #behind = 0
  /** Its certificate was refused at the handshake: it doesn't count toward the limit of its identity. */
  isApart = false
  #idle: (() => void) | undefined

  constructor(socket: Socket, from: Peer | string, key: string, released?: () => void) {
    this.#socket = socket
    this.#released = released
    // Everything that is open listens for its end.
    socket.setMaxListeners(2 * MOST_OPEN)
    this.peer = typeof from === 'string' ? undefined : from
    this.identity = typeof from === 'string' ? { socket: from } : { certificate: from.certificate }
    this.key = key
    // Later, a socket that has closed doesn't know its address any more.
    this.caller = callerOf(socket, from)
  }

  /** @param malformed - called if a body isn't one */
  takeIn(scheduler: FairScheduler, malformed: (error: Error) => void): void {
    this.intake = new Intake(this.#socket, { key: this.key, scheduler, malformed })
  }

  /** Why the next request doesn't count. Cuts the connection if there are too many of them. */
  unexpected(): string | undefined {
    const isTooMuch = this.open.size >= MOST_OPEN
    if (!this.isEnding && !isTooMuch) return undefined
    if (isTooMuch || ++this.#behind > MOST_BEHIND) this.cut()
    return isTooMuch ? `it came before ${MOST_OPEN} answers` : 'it came behind the last request of its connection'
  }

  /** The bytes since the last call, without those of TLS. */
  takeBytes(): { readonly bytesIn: number; readonly bytesOut: number } {
    const { bytesRead, bytesWritten } = this.#socket
    const taken = { bytesIn: bytesRead - this.#received, bytesOut: bytesWritten - this.#sent }
    this.#received = bytesRead
    this.#sent = bytesWritten
    return taken
  }

  /** Whether the daemon has a part in something that is open. */
  get isForwarding(): boolean {
    return [...this.open].some(({ isRefused }) => !isRefused)
  }

  /** Has the permission of something that is open ended? */
  hasEnded(now: number): boolean {
    return [...this.open].some(({ until, isRefused }) => isOver(until, now) && !isRefused)
  }

  /** It is over, and Node has released the connection from it. */
  ended(one: Open): void {
    this.open.delete(one)
    if (this.open.size === 0) this.#idle?.()
  }

  /**
   * Waits until nothing is open. A client that has all of an answer may send an upgrade before Node has released the connection from it.
   *
   * @returns false if the client has not waited for that answer
   */
  async becomesIdle(): Promise<boolean> {
    if (this.open.size === 0) return true
    const idle = new Promise<void>((resolve) => (this.#idle = resolve))
    if (!this.#isComplete) await Promise.race([idle, delay(EARLY_MS)])
    if (this.#isComplete) await idle
    return this.open.size === 0
  }

  get #isComplete(): boolean {
    return [...this.open].every(({ isComplete }) => isComplete)
  }

  /** Gives back its place among the connections of its identity, once. */
  release(): void {
    this.#released?.()
    this.#released = undefined
  }

  /**
   * Ends the connection of a client of a local socket that is gone while something is open. Nobody may read from it any more, but a write of
   * no bytes fails (EPIPE), and otherwise sends nothing. Where nothing is open, such a write would begin the time limit of an idle connection
   * anew. Over TLS, Node.js doesn't report the failure of such a write.
   */
  probe(): void {
    const { writable, writableLength } = this.#socket
    const isSilent = this.open.size > 0 && writable && writableLength === 0
    if (this.peer === undefined && isSilent) this.#socket.write(NOTHING)
  }

  get isCut(): boolean {
    return this.#socket.destroyed
  }

  /** Without the end of TLS, and in the middle of an answer, so that nothing looks complete. */
  cut(): void {
    this.#socket.destroy()
  }
}

/** All connections of a gateway. */
export class Connections {
  readonly #connections = new Map<Duplex, Connection>()

  get all(): Iterable<Connection> {
    return this.#connections.values()
  }

  /** What is open now. */
  countOpen(): { readonly connections: number; readonly requests: number; readonly streams: number } {
    const kinds = [...this.#connections.values()].flatMap(({ open }) => [...open].map(({ kind }) => kind))
    const streams = kinds.filter((kind) => kind === 'streams').length
    return { connections: this.#connections.size, requests: kinds.length - streams, streams }
  }

  /** @param released - called when it takes no place any more */
  add(socket: Socket, from: Peer | string, key: string, released?: () => void): Connection {
    const connection = new Connection(socket, from, key, released)
    this.#connections.set(socket, connection)
    socket.once('close', () => {
      this.#connections.delete(socket)
      connection.release()
    })
    return connection
  }

  of(socket: Duplex): Connection | undefined {
    return this.#connections.get(socket)
  }

  /** Cuts all, and waits until everything on them has been reported: streams close only in later turns of the event loop. */
  async cut(): Promise<void> {
    const cut = [...this.all]
    for (const connection of cut) connection.cut()
    for (let turn = 0; turn < MOST_TURNS && cut.some(({ unreported }) => unreported > 0); turn++) await delay(TURN_MS)
  }
}
