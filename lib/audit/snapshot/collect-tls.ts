import type { X509Certificate } from 'node:crypto'
import { DockerMtlsError } from '../../base/errors.ts'
import type { DockerClient } from '../../engine/client.ts'
import { certificatesIn, readCertificate, type CertificateFacts } from '../../identity/certificate.ts'
import { readExtensions } from '../../pki/read-extensions.ts'
import { namesOnly } from '../../probe/accepted-cas.ts'
import { withDeadline } from '../../probe/deadline.ts'
import { PROBE_OPTIONS, resolveTarget } from '../../probe/options.ts'
import { askPort } from '../../probe/port.ts'
import { probeServer } from '../../probe/server.ts'
import { NEIGHBOURS } from '../neighbours.ts'
import type { Part, Snapshot } from './snapshot.ts'
import { acceptsCbc, acceptsPostQuantum, speaksHttp2 } from '../../probe/offers.ts'
import type { Answer, AuditedCertificate, TlsFacts } from './tls-schema.ts'

/** For each look from outside, in milliseconds. All of them run at once. */
const LOOK_MS = 5_000

/** Looks at the daemon from outside, by handshakes without a request and by pings without TLS. */
export async function collectTls(
  docker: DockerClient,
  { signal }: { readonly signal?: AbortSignal | undefined },
): Promise<Snapshot['tls']> {
  const { endpoint, dispatcher } = docker
  if (endpoint.kind !== 'tls') return { value: null }
  const { peer, identity } = dispatcher
  const set = await identity?.current()
  if (!peer || !set) return { unknown: 'no TLS connection to the daemon was made' }
  const { host, port } = endpoint
  const where = { host, port, timeout: LOOK_MS, ...(signal && { signal }) }
  const target = resolveTarget(where, PROBE_OPTIONS, 'audit')
  const looks = await Promise.all([
    attempt(signal, () => lookFromOutside(where, set.caPem)),
    attempt(signal, () => withDeadline(target, (time) => acceptsCbc(target, time))),
    attempt(signal, () => withDeadline(target, (time) => speaksHttp2(target, time))),
    attempt(signal, () => withDeadline(target, (time) => acceptsPostQuantum(target, time))),
    attempt(signal, () =>
      Promise.all([...NEIGHBOURS.keys()].filter((other) => other !== port).map((other) => lookAt(where, other))),
    ),
  ] as const)
  const [handshakes, cbc, http2, postQuantum, neighbours] = looks
  return {
    value: {
      host,
      port,
      version: peer.tlsVersion,
      cipher: peer.cipher,
      ...(peer.keyExchange !== undefined && { keyExchange: peer.keyExchange }),
      openssl: process.versions.openssl,
      server: describe(peer.certificate),
      client: describe(set.client),
      cas: certificatesIn(set.caPem).map(describeCa),
      handshakes,
      acceptsCbc: cbc,
      speaksHttp2: http2,
      postQuantum,
      // Where no direct connection is possible, such as behind a proxy, other ports only look closed.
      neighbours: 'unknown' in handshakes ? handshakes : neighbours,
    },
  }
}

type Where = Parameters<typeof probeServer>[0]
type Handshakes = Extract<TlsFacts['handshakes'], { value: unknown }>['value']

async function lookFromOutside(where: Where, caPem: string): Promise<Handshakes> {
  const report = await probeServer(where)
  const { plaintext, protocols, clientCertificate, acceptedAuthorities: names } = report
  const acceptedCas = typeof names === 'string' ? names : names.map(({ name }) => name)
  const shown = { plaintext, protocols: [...protocols], clientCertificate, acceptedCas }
  return { ...shown, namesOnlyOurCas: namesOnly(report, caPem) }
}

async function lookAt(where: Where, port: number): Promise<{ port: number; answer: Answer }> {
  return { port, answer: await askPort({ ...where, port }) }
}

async function attempt<Type>(signal: AbortSignal | undefined, look: () => Promise<Type>): Promise<Part<Type>> {
  try {
    return { value: await look() }
  } catch (error) {
    signal?.throwIfAborted()
    return { unknown: error instanceof DockerMtlsError ? error.got : String(error) }
  }
}

function describe(facts: CertificateFacts): AuditedCertificate {
  const { names, key, validFrom, validTo, purposes, commonName } = facts
  return {
    ...(commonName !== undefined && { commonName }),
    subject: facts.subject,
    issuer: facts.issuer,
    dns: [...names.dns],
    ip: [...names.ip],
    validFrom: validFrom.toISOString(),
    validTo: validTo.toISOString(),
    ...(purposes && { purposes: [...purposes] }),
    keyType: key.type,
    ...(key.bits !== undefined && { keyBits: key.bits }),
    ...(key.curve !== undefined && { curve: key.curve }),
    isCa: facts.isCa,
    signatureAlgorithm: facts.signatureAlgorithm,
    fingerprint256: facts.fingerprint256,
  }
}

function describeCa(certificate: X509Certificate): AuditedCertificate {
  const facts = describe(readCertificate(certificate))
  try {
    const { keyUsage, pathLength, criticalExtensions } = readExtensions(certificate)
    const usage = keyUsage && { keyUsage: [...keyUsage] }
    const length = pathLength !== undefined && { pathLength }
    return { ...facts, extensions: { ...usage, ...length, criticalExtensions: [...criticalExtensions] } }
  } catch {
    return facts
  }
}
