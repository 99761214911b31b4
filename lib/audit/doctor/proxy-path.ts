import { isDockerMtlsError } from '../../base/errors.ts'
import type { Identity } from '../../identity/identity.ts'
import { apiStep } from './api-steps.ts'
import type { Attempt } from './attempt.ts'
import { certificateFacts } from './certificate-facts.ts'
import { failedBy, ok, unknown, type DetailedStep, type StepName } from './step.ts'

/**
 * The steps of a connection through an HTTP proxy. The proxy resolves the name and opens the TCP connection, and the
 * dangers can't be seen: other ports are the proxy's to reach.
 */
export const PROXY_STEPS: readonly StepName[] = ['proxy', 'tls', 'ca', 'names', 'dates', 'client', 'api']

const FAULTS: readonly (readonly [StepName, RegExp])[] = [
  ['proxy', /^ERR_PROXY_|^ERR_(?:NAME_NOT_RESOLVED|CONNECTION_REFUSED|HOST_UNREACHABLE|CONNECT_TIMEOUT)$/],
  ['ca', /^ERR_SERVER_(?:CERT_(?:UNTRUSTED|WEAK|PURPOSE)|CA_KEY_DIFFERS)$/],
  ['names', /^ERR_SERVER_NAME_/],
  ['dates', /^ERR_SERVER_CERT_(?:EXPIRED|NOT_YET_VALID)$/],
  ['client', /^ERR_CLIENT_CERT_/],
]

/** The step of a connection that has failed before both sides have accepted each other. */
function stepOf(error: unknown): StepName {
  const code = isDockerMtlsError(error) ? error.code : ''
  return FAULTS.find(([, pattern]) => pattern.test(code))?.[0] ?? 'tls'
}

/** The steps up to the first that failed. */
export function proxyPath(attempt: Attempt, { client }: Identity): DetailedStep[] {
  const { error, peer } = attempt
  const at = error === undefined ? undefined : peer === undefined ? stepOf(error) : 'api'
  const facts =
    peer === undefined
      ? {}
      : {
          certificate: certificateFacts(peer.certificate),
          negotiated: peer.tlsVersion,
          cipher: peer.cipher,
          keyExchange: peer.keyExchange,
        }
  const steps: Record<string, DetailedStep> = {
    proxy: ok('proxy', 'the proxy opens a connection to the server'),
    tls: ok('tls', `the server speaks ${peer?.tlsVersion ?? 'TLS'}`, facts),
    client: ok('client', `the server accepts the certificate of ${client.commonName ?? client.subject}`),
    api: apiStep(attempt),
  }
  const end = at === undefined ? PROXY_STEPS.length : PROXY_STEPS.indexOf(at)
  const good = PROXY_STEPS.slice(0, end).map((name) => steps[name] ?? fine(name, peer !== undefined))
  if (at === undefined) return [...good, UNSEEN]
  return [...good, at === 'api' ? apiStep(attempt) : failedBy(at, error)]
}

/** A probe would go around the proxy, to a host that may be another one there. */
const UNSEEN = unknown(
  'anonymous',
  "through a proxy, docker-mtls can't see whether the server also accepts clients without a certificate or of other CAs, nor its other ports",
)

/** Without a connection, the steps before the one that failed were passed, but nothing is known of them. */
function fine(name: StepName, isVerified: boolean): DetailedStep {
  return isVerified
    ? ok(name, 'verified')
    : unknown(name, 'docker-mtls could not see it, because the connection failed later')
}
