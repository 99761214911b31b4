import type { Duplex } from 'node:stream'
import { errorWithCode } from '../base/system-error.ts'
import { isDockerMtlsError } from '../base/errors.ts'
import { UNANSWERED_MS } from './tls-policy.ts'

/** A connection that counts its bytes, as those of node:net and node:tls do. */
export interface CountedSocket extends Duplex {
  readonly bytesRead: number
  readonly bytesWritten: number
}

/** The bytes of a connection when it was last looked at. */
interface Progress {
  read: number
  written: number
  /** Of those written, how many the system has accepted. */
  accepted: number
  /** Of those written, how many the peer has surely received. */
  received: number
  /** When the peer last sent or took bytes. */
  since: number
}

/** Opens and closes one more connection. Rejects if that isn't possible. */
type Probe = () => Promise<void>

/** How often the connections are looked at, in milliseconds. */
const LOOK_MS = 5_000

/**
 * If opening a connection fails with one of these, nobody is there. All others are answers, or mistakes of our own. A slow
 * handshake is an answer, too: the host has accepted the connection, so TCP notices by itself when it vanishes. A busy
 * daemon, or a gateway that lets new connections wait, must not end the old ones.
 */
const NOBODY_THERE = ['ERR_CONNECT_TIMEOUT', 'ERR_HOST_UNREACHABLE'] as const

/**
 * Finds connections whose peer has vanished while something that was sent is unacknowledged. If nothing comes back for
 * UNANSWERED_MS, and nothing more is accepted, it opens one more connection. If that fails because nobody answers, the
 * silent connections are destroyed with ETIMEDOUT, as TCP would do much later.
 */
export class PeerWatch {
  readonly #probe: Probe
  readonly #sockets = new Map<CountedSocket, Progress>()
  #timer: NodeJS.Timeout | undefined
  #isProbing = false

  constructor(probe: Probe) {
    this.#probe = probe
  }

  add(socket: CountedSocket): void {
    const { bytesRead: read, bytesWritten: written } = socket
    this.#sockets.set(socket, { read, written, accepted: written, received: written, since: performance.now() })
    socket.once('close', () => this.#remove(socket))
    this.#timer ??= setInterval(() => void this.#look(), LOOK_MS).unref()
  }

  #remove(socket: CountedSocket): void {
    this.#sockets.delete(socket)
    if (this.#sockets.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  async #look(): Promise<void> {
    const silent = this.#silent()
    if (this.#isProbing || silent.length === 0) return
    this.#isProbing = true
    const isGone = await this.#isPeerGone()
    this.#isProbing = false
    const stillSilent = new Set(this.#silent())
    for (const socket of silent) {
      if (!stillSilent.has(socket)) continue
      if (isGone) socket.destroy(errorWithCode('ETIMEDOUT', 'the peer has vanished'))
      else this.#restart(socket)
    }
  }

  async #isPeerGone(): Promise<boolean> {
    try {
      await this.#probe()
      return false
    } catch (error) {
      return NOBODY_THERE.some((code) => isDockerMtlsError(error, code))
    }
  }

  /** Updates the progress of all connections, and returns those that have been silent for too long. */
  #silent(): CountedSocket[] {
    const now = performance.now()
    const silent: CountedSocket[] = []
    for (const [socket, progress] of this.#sockets) {
      const { bytesRead: read, bytesWritten: written, writableLength } = socket
      const accepted = written - writableLength
      // What came back may answer anything that was written before the last look, but not what was written since.
      const received = read === progress.read ? progress.received : progress.written
      // Only a full send buffer shows what the peer takes: the system accepts bytes into an empty one by itself.
      const wasFull = progress.written > progress.accepted
      const hasMoved = read !== progress.read || (wasFull && accepted !== progress.accepted)
      Object.assign(progress, { read, written, accepted, received, since: hasMoved ? now : progress.since })
      const isOwed = written > received || writableLength > 0
      if (isOwed && now - progress.since >= UNANSWERED_MS) silent.push(socket)
    }
    return silent
  }

  /** TCP has sent again what was unacknowledged: the peer has it. From now on keep-alive asks. */
  #restart(socket: CountedSocket): void {
    const progress = this.#sockets.get(socket)
    if (progress) Object.assign(progress, { received: progress.written, since: performance.now() })
  }
}
