import { isDockerMtlsError } from '../base/errors.ts'
import type { CertificateFacts } from '../identity/certificate.ts'
import { namesOnly } from '../probe/accepted-cas.ts'
import { probeServer, type ServerReport } from '../probe/server.ts'
import { targetOf } from '../daemon-config/listener-target.ts'

/** A listener on the network, as it is configured and as it answers. */
export interface ListenerStatus {
  readonly listener: string
  /** The result of a probe from outside; absent: nothing listens. */
  readonly seen?: ServerReport
  /** Does it accept clients with a certificate, and nobody else? */
  readonly isSecure: boolean
  /** Does it accept clients of other CAs than those in its file? */
  readonly takesOthers: boolean
}

/** The daemon's `--tlscacert`; `hidden`: it can't be read. */
export type Authorities = 'hidden' | { readonly text: string | undefined }

/** In milliseconds. A TLS server on our own host answers faster. */
const PROBE_MS = 3000

/** Probes one listener from outside. */
export async function inspectListener(
  listener: string,
  authorities: Authorities,
  signal?: AbortSignal,
): Promise<ListenerStatus> {
  const { host, port } = targetOf(listener)
  try {
    const seen = await probeServer({ host, port, timeout: PROBE_MS, ...(signal && { signal }) })
    const takesOthers = isNamed(seen) && namesOthers(seen, authorities)
    return { listener, seen, takesOthers, isSecure: hasAny(authorities) && isSecure(seen) && !takesOthers }
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    return { listener, isSecure: false, takesOthers: false }
  }
}

function isNamed({ acceptedAuthorities: names }: ServerReport): boolean {
  return typeof names !== 'string' && names.length > 0
}

/** A file without a certificate can't be compared. */
function namesOthers(seen: ServerReport, authorities: Authorities): boolean {
  if (authorities === 'hidden' || authorities.text === undefined) return false
  try {
    return !namesOnly(seen, authorities.text)
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    return true
  }
}

function hasAny(authorities: Authorities): boolean {
  return authorities === 'hidden' || authorities.text !== undefined
}

function isSecure(seen: ServerReport): boolean {
  return seen.plaintext === 'refused' && seen.clientCertificate === 'required' && isNamed(seen)
}

/** dockerd also listens for other purposes: metrics, a swarm. */
export function isOfApi(
  { seen }: ListenerStatus,
  certificate: CertificateFacts | undefined,
  others: readonly ListenerStatus[],
): boolean {
  if (seen?.plaintext === 'docker') return true
  const ours = [certificate, ...others.map((other) => other.seen?.certificate)].map((one) => one?.fingerprint256)
  return seen?.certificate !== undefined && ours.includes(seen.certificate.fingerprint256)
}

/** The problem of a listener, if it has one. */
export function listenerProblem({ listener, seen, takesOthers, isSecure: ok }: ListenerStatus): string[] {
  if (ok) return []
  if (seen === undefined) return [`Nothing answers on ${listener}.`]
  if (seen.plaintext === 'docker')
    return [`${listener} answers everybody in plaintext, so whoever reaches it is root here. Close it now.`]
  if (seen.clientCertificate !== 'required')
    return [`${listener} accepts clients without a certificate (${seen.clientCertificate}).`]
  const { acceptedAuthorities: names } = seen
  if (typeof names !== 'string' && names.length === 0)
    return [`${listener} accepts clients of every CA that this system trusts: it has no --tlscacert.`]
  if (takesOthers && typeof names !== 'string')
    return [
      `${listener} accepts clients of ${names.map(({ name }) => name).join('; ')}, unlike its CA file: dockerd was not restarted since the file changed, or reads another file.`,
    ]
  return [`It is unknown which clients ${listener} accepts.`]
}
