import { randomBytes } from 'node:crypto'
import { ServedVersion } from '../gateway/forwarding/served-version.ts'
import type { WireAnswer } from '../transport/collector.ts'
import { collect } from '../transport/send.ts'
import type { DockerDispatcher } from '../transport/dispatcher.ts'
import type { Question } from './question.ts'

/** The header field by which the plugin knows its own questions. */
const FIELD = 'x-docker-mtls-question'
/** How long the daemon may take, in milliseconds. The request of the client waits meanwhile. */
const TIMEOUT_MS = 10_000

/**
 * Questions of the plugin to the daemon, about which the daemon asks the plugin in turn. Each has a random value that counts
 * once, for this path alone.
 */
export class OwnQuestions {
  readonly #dispatcher: DockerDispatcher
  readonly #served = new ServedVersion(() => this.#get('/_ping'))
  /** The paths that are asked for, by the value. */
  readonly #open = new Map<string, string>()

  constructor(dispatcher: DockerDispatcher) {
    this.#dispatcher = dispatcher
  }

  get(path: string): Promise<WireAnswer> {
    return this.#served.ask(path, (versioned) => this.#get(versioned))
  }

  async #get(path: string): Promise<WireAnswer> {
    const value = randomBytes(32).toString('base64url')
    this.#open.set(value, path)
    try {
      const headers = { [FIELD]: value }
      const signal = AbortSignal.timeout(TIMEOUT_MS)
      // In no lane with few connections: questions that get no answer would keep all others waiting.
      return await collect(this.#dispatcher, { method: 'GET', path, lane: 'patient', headers, signal })
    } finally {
      this.#open.delete(value)
    }
  }

  /** Whether the daemon asks about a question of the plugin. It does so once. */
  owns({ method, target, headers, certificates }: Question): boolean {
    const value = headers[FIELD]
    if (value === undefined) return false
    const path = this.#open.get(value)
    this.#open.delete(value)
    return path !== undefined && path === target && method === 'GET' && certificates.length === 0
  }
}
