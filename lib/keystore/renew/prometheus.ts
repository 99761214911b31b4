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
    help: 'Start of the validity of a certificate in force, in seconds since 1970.',
    value: ({ notBefore }) => seconds(Date.parse(notBefore)),
  },
  {
    name: 'docker_mtls_certificate_not_after_seconds',
    help: 'End of the validity of a certificate in force, in seconds since 1970.',
    value: ({ notAfter }) => seconds(Date.parse(notAfter)),
  },
  {
    name: 'docker_mtls_certificate_renew_after_seconds',
    help: 'When a certificate in force is due for renewal, in seconds since 1970.',
    value: (one) => seconds(renewAfter(one).getTime()),
  },
]

const DELIVERED = 'docker_mtls_certificate_delivered'
const DELIVERED_HELP =
  'Does a server present its newest certificate, this one? 0 if it is known to present an older one, else 1.'

/**
 * Renders metrics of the installed certificates that weren't revoked for Prometheus, in its text format
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). Of a server that presents an older certificate than the newest
 * one, the older one is in force.
 *
 * @param known - the certificates
 * @param now - the current time, in milliseconds since 1970; it shows monitoring whether the file is still updated
 */
export function renderPrometheus(known: readonly KnownCertificate[], now: number): string {
  const placed = known.filter(isInPlace).filter(({ state }) => state !== 'revoked')
  const inForce = placed.map((one) => ({ ...one, ...one.presented }))
  const gauges = GAUGES.map(({ name, help, value }) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} gauge`,
    ...inForce.map((one) => `${name}${labels(one)} ${value(one)}`),
  ])
  const servers = placed.filter(({ kind }) => kind === 'server')
  const delivered = servers.map((one) => `${DELIVERED}${labels(one)} ${one.presented === undefined ? 1 : 0}`)
  if (delivered.length > 0)
    gauges.push([`# HELP ${DELIVERED} ${DELIVERED_HELP}`, `# TYPE ${DELIVERED} gauge`, ...delivered])
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
