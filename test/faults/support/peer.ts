import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { createServer as createTlsServer, type Server as TlsServer, type TLSSocket } from 'node:tls'
import { readByClients } from '../../support/read-by-clients.ts'
import type { PeerCredentials } from '../../support/tls-servers.ts'
import { answerTo } from './answers.ts'
import { Builder } from './builder.ts'
import { dropConnections, dropPackets } from './dropped.ts'
import { styled, type Reply, type Style } from './reply.ts'
import { RequestReader, type Request } from './request.ts'
import type { Fault, Stage } from './stages.ts'

/** What happens to a call. */
export interface Plan {
  readonly stage: Stage
  readonly fault: Fault
  /** Which request is hit, from 1. */
  readonly nth: number
  readonly style?: Style | undefined
}

/** So much of an upload has arrived before it is cut, in bytes. */
const UPLOADED = 1024 * 1024
/** So that what was sent before a fault has been read, in milliseconds. */
const READ_MS = 30

interface Line {
  readonly carrier: Socket
  readonly nth: number
  tls?: TLSSocket
}

/** A daemon over TLS that answers what it is asked, and has one fault. */
export class Peer {
  readonly #plan: Plan | undefined
  readonly #tls: TlsServer
  readonly #server: Server
  readonly #lines = new Map<number | undefined, Line>()
  #isArmed = false
  #isHit = false
  #connections = 0
  #requests = 0
  #session: { readonly line: Line; readonly builder: Builder } | undefined
  #tell: () => void = () => {}
  /** Resolves when the fault has come. */
  readonly struck: Promise<void> = new Promise((resolve) => (this.#tell = resolve))
  /** When it came, as performance.now(). */
  struckAt: number | undefined

  private constructor(credentials: PeerCredentials, plan: Plan | undefined) {
    this.#plan = plan
    this.#tls = createTlsServer({ ...credentials, requestCert: true, rejectUnauthorized: true }, (socket) =>
      this.#secured(socket),
    ).on('tlsClientError', () => {})
    this.#server = createServer((carrier) => this.#connected(carrier))
  }

  static async start(credentials: PeerCredentials, plan?: Plan): Promise<Peer> {
    const peer = new Peer(credentials, plan)
    peer.#server.listen(0, '127.0.0.1')
    await once(peer.#server, 'listening')
    return peer
  }

  get port(): number {
    return (this.#address ??= this.#server.address() as AddressInfo).port
  }
  #address: AddressInfo | undefined

  /** From now on requests are counted. Faults that come before the first of them come now. */
  async arm(): Promise<void> {
    this.#isArmed = true
    this.#connections = 0
    if (this.#plan?.stage === 'idle') await this.#strikeAll()
    await this.#prepare()
  }

  close(): void {
    this.#server.close()
    for (const { carrier } of this.#lines.values()) carrier.destroy()
  }

  /** Whether connections are used more than once. */
  get #keepsAlive(): boolean {
    return this.#plan?.stage === 'idle' || this.#plan?.stage === 'race'
  }

  #isAt(stage: Stage, nth: number): boolean {
    return this.#isArmed && !this.#isHit && this.#plan?.stage === stage && this.#plan.nth === nth
  }

  #connected(carrier: Socket): void {
    const line: Line = { carrier, nth: ++this.#connections }
    const { remotePort } = carrier
    this.#lines.set(remotePort, line)
    carrier.on('error', () => {}).once('close', () => this.#lines.delete(remotePort))
    if (this.#isAt('handshake', line.nth)) carrier.once('data', () => this.#strike(line))
    else if (this.#isAt('flight', line.nth)) this.#beginFlight(line)
    else this.#tls.emit('connection', carrier)
  }

  /** Answers a ClientHello by half. */
  #beginFlight(line: Line): void {
    let hasBegun = false
    const half = new Duplex({
      read: () => {},
      write: (chunk: Buffer, _encoding, callback) => {
        // What follows is never sent.
        if (!hasBegun) line.carrier.write(chunk.subarray(0, chunk.length / 2), () => void this.#strikeLater(line))
        hasBegun = true
        callback()
      },
    })
    line.carrier.on('data', (chunk: Buffer) => half.push(chunk))
    this.#tls.emit('connection', half)
  }

  #secured(tls: TLSSocket): void {
    tls.on('error', () => {})
    const line = this.#lines.get(tls.remotePort)
    if (!line) return
    line.tls = tls
    if (this.#isAt('unread', line.nth)) return this.#strike(line)
    const reader = new RequestReader(
      (request) => {
        this.#answer(line, request).catch(() => {})
      },
      (size, nth) => {
        if (size > UPLOADED && this.#isAt('upload', nth)) this.#strike(line)
      },
      () => (this.#isArmed ? ++this.#requests : 0),
    )
    tls.on('data', (chunk: Buffer) => reader.push(chunk))
  }

  async #answer(line: Line, request: Request): Promise<void> {
    const { nth, head } = request
    if (this.#isAt('asked', nth) || this.#isAt('race', nth)) return this.#strike(line)
    await this.#prepare()
    if (/^POST \S*\/session\b/.test(head) && !this.#isAt('head', nth)) return this.#beginSession(line)
    const reply = styled(answerTo(head), this.#isArmed ? this.#plan?.style : undefined)
    const stage = this.#isArmed && !this.#isHit && this.#plan?.nth === nth ? this.#plan.stage : undefined
    if (this.#session && !this.#isHit) await this.#useSession(this.#session, line, reply)
    else await this.#send(line, reply, stage)
  }

  /** What happens before the next connection. */
  async #prepare(): Promise<void> {
    if (!this.#isAt('connect', this.#requests + 1)) return
    this.#isHit = true
    if (this.#plan?.fault === 'drop') await dropConnections(this.port)
    else this.#server.close()
    this.#told()
  }

  async #send(line: Line, reply: Reply, stage: Stage | undefined): Promise<void> {
    // Each request before and after the one that is hit has a connection of its own, so that connections can be counted.
    const keeps = reply.closes || this.#keepsAlive || stage !== undefined
    const head = keeps ? reply.head : reply.head.replace('\r\n', '\r\nConnection: close\r\n')
    const rest = reply.units.slice(0, -1)
    const last = reply.units.at(-1) ?? Buffer.alloc(0)
    const parts: Partial<Record<Stage, readonly (string | Buffer)[]>> = {
      head: [head.slice(0, head.length / 2)],
      upload: [head],
      between: [head, ...rest],
      inside: [head, ...rest, last.subarray(0, last.length / 2)],
    }
    const part = stage && parts[stage]
    const data = part ?? [head, ...reply.units, reply.end]
    const bytes = Buffer.concat(data.map((piece) => Buffer.from(piece)))
    if (part === undefined)
      return void (reply.closes || !this.#keepsAlive ? line.tls?.end(bytes) : line.tls?.write(bytes))
    await new Promise((resolve) => line.tls?.write(bytes, resolve))
    if (stage !== 'upload') await this.#strikeLater(line)
  }

  #beginSession(line: Line): void {
    if (!line.tls) return
    line.tls.removeAllListeners('data').write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n')
    this.#session = { line, builder: new Builder(line.tls) }
  }

  /** A build: begins to answer, fetches the context, and answers the rest. */
  async #useSession(session: { line: Line; builder: Builder }, line: Line, reply: Reply): Promise<void> {
    if (this.#isAt('between', 1)) {
      line.tls?.write(reply.head)
      return this.#strikeLater(session.line)
    }
    const isCut = this.#isAt('upload', 1)
    if (isCut) line.tls?.write(reply.head)
    await session.builder.fetch(() => isCut && this.#strike(session.line))
    if (!isCut) await this.#send(line, reply, this.#plan?.nth === 2 ? this.#plan.stage : undefined)
  }

  async #strikeAll(): Promise<void> {
    for (const line of this.#lines.values()) this.#strike(line)
    await this.struck
    await readByClients(READ_MS)
  }

  async #strikeLater(line: Line): Promise<void> {
    await readByClients(READ_MS)
    this.#strike(line)
  }

  #strike(line: Line): void {
    this.#isHit = true
    const { carrier, tls } = line
    const strikes: Record<Fault, () => unknown> = {
      fin: () => tls?.pause().end(),
      cut: () => {
        tls?.pause()
        carrier.end()
      },
      rst: () => carrier.resetAndDestroy(),
      silence: () => (tls ?? carrier).pause(),
      late: () => (tls ?? carrier).pause(),
      drop: () => dropPackets(this.port),
    }
    void Promise.resolve(strikes[this.#plan?.fault ?? 'silence']()).then(() => this.#told())
  }

  #told(): void {
    this.struckAt ??= performance.now()
    this.#tell()
  }
}
