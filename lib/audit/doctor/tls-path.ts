import { isDockerMtlsError } from '../../base/errors.ts'
import { sentence } from '../../base/sentence.ts'
import { codeOf } from '../../base/system-error.ts'
import { enumerate, formatDay } from '../../base/text.ts'
import { coversName } from '../../identity/certificate.ts'
import { findChain, links } from '../../identity/chain.ts'
import { bareHost } from '../../identity/names.ts'
import { apiStep } from './api-steps.ts'
import { certificateFacts } from './certificate-facts.ts'
import { clientStep } from './client-step.ts'
import { valueOf } from './deadline.ts'
import { failedBy, ok, unknown, warning, type DetailedStep, type StepName } from './step.ts'
import type { TlsEvidence } from './tls-evidence.ts'
import { faultOf, failedStep, withOwnTimeout } from './tls-faults.ts'

type Look = (evidence: TlsEvidence) => DetailedStep

function resolveStep(evidence: TlsEvidence): DetailedStep {
  const { addresses, attempt } = evidence
  const { host } = evidence.endpoint
  const found = valueOf(addresses)?.map(({ address }) => address)
  if (found === undefined && isDockerMtlsError(attempt.error, 'ERR_CONNECT_TIMEOUT')) {
    return failedBy('resolve', faultOf('EAI_AGAIN', evidence))
  }
  if (found === undefined) return unknown('resolve', `docker-mtls could not list the addresses of ${host} in time`)
  const isAddress = found.length === 1 && found[0] === bareHost(host)
  return ok('resolve', isAddress ? `${host} is an address` : `${host} has the address ${enumerate(found)}`, {
    addresses: found,
  })
}

function tcpStep({ addresses, endpoint: { port } }: TlsEvidence): DetailedStep {
  const all = valueOf(addresses) ?? []
  const facts = { addresses: all.map(({ address, error }) => ({ address, ...(error && { cause: codeOf(error) }) })) }
  const bad = all.filter(({ error }) => error !== undefined)
  if (all.length === 0) return ok('tcp', `port ${port} accepts connections`)
  if (bad.length === 0)
    return ok(
      'tcp',
      `${enumerate(all.map(({ address }) => address))} ${all.length === 1 ? 'accepts' : 'accept'} connections on port ${port}`,
      facts,
    )
  const list = bad.map(({ address, error }) => `${address} (${codeOf(error)})`)
  return warning('tcp', {
    code: 'SOME_ADDRESSES_FAIL',
    finding: `${enumerate(list)} of ${all.length} addresses can't be reached on port ${port}: clients that try them first are slow, or fail`,
    remedy: 'Let dockerd and the firewall accept connections on these addresses, or remove them from DNS.',
    facts,
  })
}

function tlsStep({ server, certificate, attempt: { peer } }: TlsEvidence): DetailedStep {
  const { protocols = [] } = valueOf(server) ?? {}
  const facts = {
    protocols,
    ...(peer && { negotiated: peer.tlsVersion, cipher: peer.cipher, keyExchange: peer.keyExchange }),
    ...(certificate && { certificate: certificateFacts(certificate) }),
  }
  const versions = protocols.length === 0 ? (peer?.tlsVersion ?? 'TLS') : enumerate(protocols)
  const shows =
    certificate === undefined ? '' : `, with a certificate for ${namesOf(certificate)}, issued by ${certificate.issuer}`
  const used = peer?.keyExchange === undefined ? '' : `; the key exchange of this connection is ${peer.keyExchange}`
  return ok('tls', `the server speaks ${versions}${shows}${used}`, facts)
}

function namesOf({
  names,
  subject,
}: {
  names: { dns: readonly string[]; ip: readonly string[] }
  subject: string
}): string {
  const all = [...names.dns, ...names.ip]
  return all.length === 0 ? subject : all.join(', ')
}

/** Is the certificate trusted, and one for servers? That is first: the names in a certificate of a stranger mean nothing. */
function caStep(evidence: TlsEvidence): DetailedStep {
  const { chain, authorities, certificate, attempt } = evidence
  if (attempt.peer === undefined) {
    if (certificate === undefined || authorities.length === 0)
      return unknown('ca', "docker-mtls could not see the server's certificate")
    if (!isTrusted(evidence)) return failedBy('ca', faultOf('UNABLE_TO_VERIFY_LEAF_SIGNATURE', evidence))
    const { purposes } = certificate
    if (purposes && !purposes.includes('serverAuth') && !purposes.includes('anyExtendedKeyUsage')) {
      return failedBy('ca', faultOf('INVALID_PURPOSE', evidence))
    }
  }
  const facts = { issuer: certificate?.issuer, certificates: chain.length }
  return ok(
    'ca',
    `a CA in ca.pem has signed the server's certificate${certificate ? ` (${certificate.issuer})` : ''}`,
    facts,
  )
}

function isTrusted({ chain: [own, ...others], authorities }: TlsEvidence): boolean {
  const [leaf] = own === undefined ? [] : links([own], 'the certificate')
  if (leaf === undefined) return false
  const pool = { intermediates: links(others, 'the chain'), authorities: links(authorities, 'ca.pem') }
  return findChain(leaf, pool, Date.now()) !== undefined
}

function namesStep(evidence: TlsEvidence): DetailedStep {
  const { chain, endpoint, certificate, attempt } = evidence
  const [own] = chain
  const host = bareHost(endpoint.host)
  const isCovered = attempt.peer !== undefined || (own !== undefined && coversName(own, host))
  if (certificate === undefined) return unknown('names', "docker-mtls could not see the server's certificate")
  if (!isCovered) return failedBy('names', faultOf('ERR_TLS_CERT_ALTNAME_INVALID', evidence))
  return ok('names', `the server's certificate is valid for ${host}`, {
    names: [...certificate.names.dns, ...certificate.names.ip],
  })
}

function datesStep(evidence: TlsEvidence): DetailedStep {
  const { certificate } = evidence
  if (certificate === undefined) return unknown('dates', "docker-mtls could not see the server's certificate")
  const { validFrom, validTo } = certificate
  const now = Date.now()
  const facts = { validFrom: validFrom.toISOString(), validTo: validTo.toISOString(), now: new Date(now).toISOString() }
  if (validFrom.getTime() > now) return failedBy('dates', faultOf('CERT_NOT_YET_VALID', evidence), facts)
  if (validTo.getTime() < now) return failedBy('dates', faultOf('CERT_HAS_EXPIRED', evidence), facts)
  return ok(
    'dates',
    `the server's certificate is valid from ${formatDay(validFrom)} until ${formatDay(validTo)}`,
    facts,
  )
}

/** A server without TLS may be a daemon that everybody can use: the probe has asked it. */
function plainTls(evidence: TlsEvidence): DetailedStep {
  const step = failedBy('tls', evidence.attempt.error)
  const plaintext = valueOf(evidence.server)?.plaintext
  const facts = { ...step.facts, plaintext }
  if (step.code !== 'ERR_SERVER_PLAINTEXT' || plaintext !== 'docker') return { ...step, facts }
  return {
    ...step,
    facts,
    finding: sentence`${step.finding}. It is a Docker daemon: anyone who reaches the port controls it`,
  }
}

/** The steps of a connection over TLS, each with what it looks at, in the order of a connection. */
const LOOKS: readonly (readonly [StepName, Look, onFailure?: Look])[] = [
  ['resolve', resolveStep],
  ['tcp', tcpStep],
  ['tls', tlsStep, plainTls],
  ['ca', caStep],
  ['names', namesStep],
  ['dates', datesStep],
  ['client', clientStep, clientStep],
  ['api', ({ attempt }) => apiStep(attempt), ({ attempt }) => apiStep(attempt)],
]

/** The steps that {@link tlsPath} takes. */
export const TLS_STEPS: readonly StepName[] = LOOKS.map(([name]) => name)

/** The steps up to the first that failed. */
export function tlsPath(seen: TlsEvidence): DetailedStep[] {
  const evidence = withOwnTimeout(seen)
  const at = failedStep(evidence)
  const steps: DetailedStep[] = []
  for (const [name, look, onFailure] of LOOKS) {
    const step = name === at ? failure(name, evidence, onFailure) : look(evidence)
    steps.push(step)
    if (step.status === 'failed') break
  }
  return steps
}

function failure(name: StepName, evidence: TlsEvidence, onFailure?: Look): DetailedStep {
  if (onFailure) return onFailure(evidence)
  const { error } = evidence.attempt
  const facts = name === 'tcp' ? tcpStep(evidence).facts : {}
  return failedBy(name, error, facts)
}
