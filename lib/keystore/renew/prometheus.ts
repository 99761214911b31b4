import { ArgumentError } from '../../base/errors.ts'
import { PUBLIC_MODE, writeFileAtomically } from '../../base/files.ts'
import { renewAfter } from './due.ts'
import { isInPlace, type KnownCertificate, type PlacedCertificate } from './known.ts'

interface Gauge {
  readonly name: string
  readonly help: string
  readonly value: (one: PlacedCertificate) => number
}

const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1000)

const GAUGES: readonly Gauge[] = [
  {
    name: 'docker_mtls_certificate_not_before_seconds',
    help: 'Start of the validity of an installed certificate, in seconds since 1970.',
    value: ({ notBefore }) => seconds(Date.parse(notBefore)),
  },
  {
    name: 'docker_mtls_certificate_not_after_seconds',
    help: 'End of the validity of an installed certificate, in seconds since 1970.',
    value: ({ notAfter }) => seconds(Date.parse(notAfter)),
  },
  {
    name: 'docker_mtls_certificate_renew_after_seconds',
    help: 'When an installed certificate is due for renewal, in seconds since 1970.',
    value: (one) => seconds(renewAfter(one).getTime()),
  },
]

/**
 * Renders metrics of the installed certificates that weren't revoked for Prometheus, in its text format
 * (https://prometheus.io/docs/instrumenting/exposition_formats/).
 *
 * @param known - the certificates
 * @param now - the current time, in milliseconds since 1970; it shows monitoring whether the file is still updated
 */
export function renderPrometheus(known: readonly KnownCertificate[], now: number): string {
  const placed = known.filter(isInPlace).filter(({ state }) => state !== 'revoked')
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
 * Writes the metrics for node_exporter's textfile collector, atomically and readable for everyone.
 *
 * @param path - ends in `.prom`: the collector ignores all other files
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
    got: "node_exporter's textfile collector reads only files whose names end in .prom",
    todo: 'Choose such a name, in the folder that --collector.textfile.directory of node_exporter names.',
  })
}

function labels({ kind, name, serial }: PlacedCertificate): string {
  const pairs = Object.entries({ kind, name, serial }).map(([label, value]) => `${label}="${escaped(value)}"`)
  return `{${pairs.join(',')}}`
}

/** The name of a CA may contain anything. */
function escaped(value: string): string {
  return value
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', String.raw`\n`)
}
