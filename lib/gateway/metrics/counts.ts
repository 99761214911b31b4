import { nameOfError } from '../log/entry.ts'
import type { GatewayEvent, RequestEnded } from '../events.ts'
import { Counter, Histogram, renderGauge, type Labels } from './text.ts'
import type { MetricsSource } from './interface.ts'

/** The upper ends of the buckets, in seconds. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600]
const PREFIX = 'docker_mtls_gateway'

/** Everything that is counted. */
export class Counts {
  readonly #requests = new Counter(
    `${PREFIX}_requests_total`,
    'Requests and streams that have ended, by verdict, operation and reason.',
  )
  readonly #tried = new Counter(
    `${PREFIX}_tried_level_refusals_total`,
    'Requests that the level in audit or warn of their rule would refuse.',
  )
  readonly #seconds = new Histogram(
    `${PREFIX}_request_duration_seconds`,
    'How long requests and streams took, from the head to the end of the answer.',
    BOUNDS,
  )
  readonly #bytes = new Counter(`${PREFIX}_bytes_total`, 'Bytes from and to clients, without those of TLS.')
  readonly #handshakes = new Counter(
    `${PREFIX}_handshakes_refused_total`,
    'TLS handshakes that were refused, by reason.',
  )
  readonly #cuts = new Counter(`${PREFIX}_connections_cut_total`, 'Connections that were cut, by reason.')
  readonly #failures = new Counter(
    `${PREFIX}_failures_total`,
    'Failures of the daemon, the decision, the listener or the log, by error code.',
  )
  readonly #renewals = new Counter(`${PREFIX}_renewals_total`, 'Certificates of clients that were renewed.')
  readonly #reloads = new Counter(`${PREFIX}_reloads_total`, 'Calls of reload() and revoke().')
  readonly #withIdentities: boolean

  constructor(withIdentities: boolean) {
    this.#withIdentities = withIdentities
  }

  count(event: GatewayEvent): void {
    switch (event.event) {
      case 'begin':
        return
      case 'request':
        return this.#countRequest(event)
      case 'handshake refused':
        return this.#handshakes.add({ reason: event.reason })
      case 'cut':
        return this.#cuts.add({ reason: event.reason })
      case 'renewal':
        return this.#renewals.add(this.#withIdentities ? { identity: event.identity } : {})
      case 'reload':
      case 'revoke':
        return this.#reloads.add({ kind: event.event })
      case 'failure':
        return this.#failures.add({ error: nameOfError(event.error) })
    }
  }

  #countRequest(event: RequestEnded): void {
    const { verdict = 'none', operation = '', reason = '', identity } = event
    this.#requests.add({ verdict, operation, reason, ...(this.#withIdentities && { identity }) })
    if (event.audit) this.#tried.add({ mode: 'audit', operation })
    if (event.warn) this.#tried.add({ mode: 'warn', operation })
    this.#seconds.observe(event.milliseconds / 1000)
    this.#bytes.add({ direction: 'in' }, event.bytesIn)
    this.#bytes.add({ direction: 'out' }, event.bytesOut)
  }

  /** In Prometheus' text format, version 0.0.4. */
  render(sources: readonly MetricsSource[]): string {
    const counted = [this.#requests, this.#tried, this.#seconds, this.#bytes, this.#handshakes, this.#cuts]
    const lines = [...counted, this.#failures, this.#renewals, this.#reloads].flatMap((metric) => metric.render())
    return `${[...lines, ...gauges(sources)].join('\n')}\n`
  }
}

function gauges(sources: readonly MetricsSource[]): string[] {
  const open = sources.map((source) => source.open())
  const sum = (what: 'connections' | 'requests' | 'streams'): number => open.reduce((all, one) => all + one[what], 0)
  const ends = new Map<string, readonly [Labels, number]>()
  for (const { kind, name, at } of sources.flatMap((source) => source.ends())) {
    if (!Number.isNaN(at)) ends.set(`${kind} ${name} ${at}`, [{ kind, name }, at / 1000])
  }
  const failing = sources.some((source) => source.isLogFailing()) ? 1 : 0
  return [
    ...renderGauge(`${PREFIX}_connections`, 'Open connections of clients.', [[{}, sum('connections')]]),
    ...renderGauge(`${PREFIX}_open`, 'Requests and streams that are open.', [
      [{ kind: 'requests' }, sum('requests')],
      [{ kind: 'streams' }, sum('streams')],
    ]),
    ...renderGauge(`${PREFIX}_log_failing`, '1 while the audit log cannot be written.', [[{}, failing]]),
    ...renderGauge(
      `${PREFIX}_end_timestamp_seconds`,
      'When certificates of the gateway and its CAs, and revocation lists, end.',
      [...ends.values()],
    ),
  ]
}
