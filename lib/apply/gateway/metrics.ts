import type { TcpListener } from '../../daemon-config/listen.ts'

/** Where `--metrics` listens: a port alone is one of 127.0.0.1. */
export function metricsTarget(metrics: string): TcpListener {
  return `tcp://${metrics.includes(':') ? metrics : `127.0.0.1:${metrics}`}`
}

/** Where Prometheus finds them. */
export function metricsUrl(metrics: string): string {
  return `${metricsTarget(metrics).replace('tcp:', 'http:')}/metrics`
}
