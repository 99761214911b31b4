import type { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { linkSignals } from '../../base/abort.ts'
import type { TlsEndpoint } from '../../endpoint/endpoint.ts'
import type { EndpointOptions } from '../../endpoint/options.ts'
import type { ResolvedEndpoint } from '../../endpoint/resolve.ts'
import { certificatesIn, readCertificate, type CertificateFacts } from '../../identity/certificate.ts'
import type { Identity } from '../../identity/identity.ts'
import { reachAddresses, type AddressReport } from '../../probe/addresses.ts'
import { NEIGHBOURS } from '../neighbours.ts'
import { askPort, type PortAnswer } from '../../probe/port.ts'
import { probeServer, type ServerReport } from '../../probe/server.ts'
import { attempt, type Attempt } from './attempt.ts'
import { see, valueOf, type Deadline, type Seen } from './deadline.ts'

/** How long a neighbour may take, in milliseconds. A firewall that drops packets is usual, and must not delay everything. */
const NEIGHBOUR_MS = 2_000
/**
 * How long the looks beside the connection may take, in milliseconds: one address or a question without an answer must not
 * delay the diagnosis of a connection that works.
 */
const BESIDE_MS = 5_000

/** Everything that was seen of a TLS endpoint, at once and independently. */
export interface TlsEvidence {
  readonly endpoint: TlsEndpoint & ResolvedEndpoint
  readonly identity: Identity
  /** Our CAs; empty if the file has just vanished. */
  readonly authorities: readonly X509Certificate[]
  readonly addresses: Seen<AddressReport[]>
  readonly server: Seen<ServerReport>
  /** The server's certificates: its own first. Not verified. */
  readonly chain: readonly X509Certificate[]
  /** The server's own certificate. Not verified. */
  readonly certificate: CertificateFacts | undefined
  readonly attempt: Attempt
  readonly neighbours: readonly (readonly [port: number, answer: PortAnswer | undefined])[]
}

/** Looks at a TLS endpoint from all sides. Never rejects, and ends in time. */
export async function gatherTls(
  endpoint: TlsEndpoint & ResolvedEndpoint,
  identity: Identity,
  options: EndpointOptions,
  deadline: Deadline,
): Promise<TlsEvidence> {
  const { host, port } = endpoint
  const { connectTimeout, signal } = deadline
  const timeout = Math.min(connectTimeout, BESIDE_MS)
  const looks = linkSignals(signal)
  const tcpTime = setTimeout(() => looks.abort(), timeout)
  const [authorities, addresses, server, attempted, neighbours] = await Promise.all([
    see(readAuthorities(endpoint, options), signal),
    see(reachAddresses(host, port, looks.signal), signal),
    see(probeServer({ host, port, timeout, signal }), signal),
    attempt(endpoint, identity, options, deadline),
    askNeighbours(endpoint, Math.min(timeout, NEIGHBOUR_MS), signal),
  ])
  clearTimeout(tcpTime)
  looks.unlink()
  const chain = chainOf(valueOf(server))
  return {
    endpoint,
    identity,
    authorities: valueOf(authorities) ?? [],
    addresses,
    server,
    chain,
    certificate: attempted.peer?.certificate ?? valueOf(server)?.certificate,
    attempt: attempted,
    neighbours,
  }
}

async function readAuthorities({ certPath }: ResolvedEndpoint, { ca }: EndpointOptions): Promise<X509Certificate[]> {
  const pem = ca ?? (await readFile(join(certPath ?? '', 'ca.pem')))
  return certificatesIn(typeof pem === 'string' ? pem : new TextDecoder().decode(pem))
}

async function askNeighbours(
  { host, port }: TlsEndpoint,
  timeout: number,
  signal: AbortSignal,
): Promise<TlsEvidence['neighbours']> {
  const ports = [...NEIGHBOURS.keys()].filter((other) => other !== port)
  return Promise.all(
    ports.map(
      async (other) => [other, valueOf(await see(askPort({ host, port: other, timeout, signal }), signal))] as const,
    ),
  )
}

/** A certificate that can't be read is no certificate. */
function chainOf(report: ServerReport | undefined): X509Certificate[] {
  try {
    const chain = certificatesIn((report?.chain ?? []).join(''))
    chain.forEach((one) => readCertificate(one))
    return chain
  } catch {
    return []
  }
}
