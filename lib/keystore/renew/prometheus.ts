import { ArgumentError } from '../../base/errors.ts'
import { PUBLIC_MODE, writeFileAtomically } from '../../base/files.ts'
import { renewAfter } from './due.ts'
import { isInPlace, type KnownCertificate } from './known.ts'
import type { PlacedCertificate } from './known.ts'

interface Gauge {
  readonly name: string
  readonly help: string
  readonly value: (one: PlacedCertificate) => number
}

const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1000)

const GAUGES: readonly Gauge[] = [
  {
    name: 'docker_mtls_certificate_not_before_seconds',
    help: 'From when on a certificate that is in use holds, in seconds since 1970.',
    value: ({ notBefore }) => seconds(Date.parse(notBefore)),
  },
  {
    name: 'docker_mtls_certificate_not_after_seconds',
    help: 'When a certificate that is in use ends, in seconds since 1970.',
    value: ({ notAfter }) => seconds(Date.parse(notAfter)),
  },
  {
    name: 'docker_mtls_certificate_renew_after_seconds',
    help: 'From when on a certificate that is in use is to be renewed, in seconds since 1970.',
    value: (one) => seconds(renewAfter(one).getTime()),
  },
]

/**
 * Renders the certificates that are in use for Prometheus, in its text format
 * (https://prometheus.io/docs/instrumenting/exposition_formats/).
 *
 * @param known - the certificates
 * @param now - the time of day in milliseconds: whoever watches sees by it whether anybody still writes
 */
export function renderPrometheus(known: readonly KnownCertificate[], now: number): string {
  const placed = known.filter(isInPlace)
  const gauges = GAUGES.map(({ name, help, value }) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} gauge`,
    ...placed.map((one) => `${name}${labels(one)} ${value(one)}`),
  ])
  const written = 'docker_mtls_certificates_written_timestamp_seconds'
  const last = [
    `# HELP ${written} When this file was written, in seconds since 1970.`,
    `# TYPE ${written} gauge`,
    `${written} ${seconds(now)}`,
  ]
  return `${[...gauges.flat(), ...last].join('\n')}\n`
}

/**
 * Writes them for node_exporter's textfile collector, whole or not at all, readable for everyone.
 *
 * @param path - ends in `.prom`: the collector passes over every other file
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID
 * @throws {@link FileError} ERR_FILE_WRITE
 */
export async function writePrometheus(
  path: string,
  known: readonly KnownCertificate[],
  now: number = Date.now(),
): Promise<void> {
  checkPrometheusPath(path)
  await writeFileAtomically(path, renderPrometheus(known, now), { mode: PUBLIC_MODE })
}

export function checkPrometheusPath(path: string): void {
  if (/[^/]\.prom$/.test(path)) return
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `writing metrics to ${path}`,
    got: "node_exporter's textfile collector reads files whose names end in .prom alone",
    todo: 'Give it such a name, in the folder that --collector.textfile.directory names.',
  })
}

function labels({ kind, name, serial }: PlacedCertificate): string {
  const pairs = Object.entries({ kind, name, serial }).map(([label, value]) => `${label}="${escaped(value)}"`)
  return `{${pairs.join(',')}}`
}

/** An authority's name may hold anything. */
function escaped(value: string): string {
  return value
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', String.raw`\n`)
}
