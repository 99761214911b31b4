import { isDockerMtlsError } from '../base/errors.ts'
import type { CertificateFacts } from '../identity/certificate.ts'
import { namesOnly } from '../probe/authorities.ts'
import { probeServer, type ServerReport } from '../probe/server.ts'
import { targetOf } from '../daemon-config/listener-target.ts'

/** A listener on the network, as it is configured and as it was seen. */
export interface ListenerStatus {
  readonly listener: string
  /** What was seen from outside; absent: nobody listens. */
  readonly seen?: ServerReport
  /** Does it let clients with a certificate in, and nobody else? */
  readonly isSecure: boolean
  /** Does it take the clients of other authorities than those of its file? */
  readonly takesOthers: boolean
}

/** The daemon's `--tlscacert`; `hidden`: it can't be read. */
export type Authorities = 'hidden' | { readonly text: string | undefined }

/** It is our own host: what keeps silent for so long is not TLS. */
const PROBE_MS = 3000

/** Looks at one listener from outside. */
export async function lookAtListener(
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

/** What is no certificate can't be compared. */
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

/** dockerd listens for other things as well: its metrics, a swarm. */
export function isOfApi(
  { seen }: ListenerStatus,
  certificate: CertificateFacts | undefined,
  others: readonly ListenerStatus[],
): boolean {
  if (seen?.plaintext === 'docker') return true
  const ours = [certificate, ...others.map((other) => other.seen?.certificate)].map((one) => one?.fingerprint256)
  return seen?.certificate !== undefined && ours.includes(seen.certificate.fingerprint256)
}

/** What is wrong with a listener: sentences. */
export function listenerProblem({ listener, seen, takesOthers, isSecure: ok }: ListenerStatus): string[] {
  if (ok) return []
  if (seen === undefined) return [`Nobody answers on ${listener}.`]
  if (seen.plaintext === 'docker')
    return [`${listener} answers everybody in plaintext: whoever reaches it is root here. Close it at once.`]
  if (seen.clientCertificate !== 'required')
    return [`${listener} lets clients in without a certificate (${seen.clientCertificate}).`]
  const { acceptedAuthorities: names } = seen
  if (typeof names !== 'string' && names.length === 0)
    return [`${listener} takes clients of every CA of this system: it has no --tlscacert.`]
  if (takesOthers && typeof names !== 'string')
    return [
      `${listener} takes clients of ${names.map(({ name }) => name).join('; ')}, and the file of its CA says otherwise: it was not restarted since, or is told of another file.`,
    ]
  return [`What ${listener} takes could not be seen.`]
}
