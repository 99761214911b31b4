import type { GatewayEvent, RequestBegan } from '../events.ts'
import type { GatewayOptions } from '../options.ts'
import { refusal, type Refusal } from '../refusal.ts'

/** Tells everybody who wants to know what happens in a gateway. */
export class Reporting {
  readonly #options: Pick<GatewayOptions, 'log' | 'auditLog' | 'metrics'>
  #stop: (() => void) | undefined

  constructor(options: Pick<GatewayOptions, 'log' | 'auditLog' | 'metrics'>) {
    this.#options = options
    const report = (error: Error): void => this.report({ event: 'failure', error })
    this.#stop = options.auditLog?.onFailure(report)
    // It began before this gateway could hear of it.
    if (options.auditLog?.failure) report(options.auditLog.failure)
  }

  report(event: GatewayEvent): void {
    this.#options.auditLog?.write(event)
    this.#tell(event)
  }

  /** Reports a request that the daemon is about to get, and says why it must not get it. */
  async begin(event: RequestBegan): Promise<Refusal | undefined> {
    this.#tell(event)
    const { auditLog } = this.#options
    return auditLog === undefined || (await auditLog.record(event)) ? undefined : notLogged()
  }

  /** Why no request may be served. */
  check(): Refusal | undefined {
    return this.#options.auditLog?.isReady === false ? notLogged() : undefined
  }

  get isLogFailing(): boolean {
    return this.#options.auditLog?.failure !== undefined
  }

  close(): void {
    this.#stop?.()
    this.#stop = undefined
  }

  #tell(event: GatewayEvent): void {
    this.#options.metrics?.count(event)
    // An exception of the caller must not end a connection, nor this process.
    const tell = async (): Promise<void> => this.#options.log?.(event)
    tell().catch(() => {})
  }
}

function notLogged(): Refusal {
  return refusal(503, 'LOG_FAILED', 'the audit log cannot be written, and nothing may happen without it')
}
