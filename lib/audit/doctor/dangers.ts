import { command, ours, sentence, type Sentence } from '../../base/sentence.ts'
import { enumerate } from '../../base/text.ts'
import { readCertificate, type CertificateFacts } from '../../identity/certificate.ts'
import { listenersStep, REMOVE_LISTENER } from './api-steps.ts'
import { acceptedNames } from './client-step.ts'
import { valueOf } from './deadline.ts'
import { failed, notSeen, ok, unknown, warning, type DetailedStep, type StepName } from './step.ts'
import { issuerAmong } from '../gateway-issuer.ts'
import { DAEMON_PORTS, NEIGHBOURS } from '../neighbours.ts'
import { isPublicCa } from '../public-cas.ts'
import type { TlsEvidence } from './tls-evidence.ts'

const SECURE: Sentence = sentence`On the server, as root:  ${ours('daemon', 'apply')}`
const ONLY_OURS: Sentence = sentence`Leave only your CA in the file of --tlscacert. ${SECURE}`
const ONLY_OURS_AT_GATEWAY: Sentence = sentence`Leave only your CA in the ca.pem of the gateway, beside its server-cert.pem. With the files in the folder server, on the server, as root:  ${ours('gateway', 'apply', '--from', 'server')}`

/** The steps of {@link dangers}. */
export const DANGERS: readonly StepName[] = ['anonymous', 'accepted-cas', 'server-certificate', 'neighbours']

/**
 * Dangers that a working connection doesn't show: each lets somebody in who shouldn't be. If the server showed no TLS, only its
 * other ports are checked: an open one is often the reason.
 *
 * @param fault - the step of the connection that failed
 */
export function dangers(evidence: TlsEvidence, fault: StepName | undefined): DetailedStep[] {
  const { server, certificate } = evidence
  const ports = neighbourSteps(evidence)
  if (certificate === undefined && (valueOf(server)?.protocols ?? []).length === 0) {
    const unseen = DANGERS.filter((name) => name !== 'neighbours' || fault === 'resolve')
    return [...unseen.map((name) => notSeen(name, fault ?? 'tls')), ...(fault === 'resolve' ? [] : ports)]
  }
  return [anonymousStep(evidence), acceptedStep(evidence, fault), ownCertificateStep(evidence), ...ports]
}

/** Does the server let in a client without a certificate? A handshake without one shows it. */
function anonymousStep({ server, endpoint, attempt }: TlsEvidence): DetailedStep {
  const { clientCertificate = 'unknown' } = valueOf(server) ?? {}
  const facts = { clientCertificate }
  if (clientCertificate === 'required')
    return ok('anonymous', 'the server refuses clients without a certificate', facts)
  if (clientCertificate === 'unknown') {
    return unknown(
      'anonymous',
      'docker-mtls could not see whether the server refuses clients without a certificate',
      facts,
    )
  }
  const trouble = {
    code: 'CLIENT_CERTIFICATE_NOT_REQUIRED',
    finding: `the server also accepts clients without a certificate (it ${clientCertificate === 'requested' ? 'asks for one, and continues without it' : 'asks for none'}): anyone who reaches the port controls Docker, and so the host`,
    remedy:
      attempt.gateway === true
        ? sentence`The gateway refuses them, so another program is in front of it. ${programOn(endpoint.port)}`
        : sentence`Start dockerd with --tlsverify. ${SECURE}`,
    facts,
  } as const
  // A gateway may let such a client see its own pages only.
  return endpoint.prefix === '' ? failed('anonymous', trouble) : warning('anonymous', trouble)
}

/** With an empty list of acceptable CAs, Go and so dockerd trusts those of the system. */
function acceptedStep(evidence: TlsEvidence, fault: StepName | undefined): DetailedStep {
  const names = acceptedNames(evidence)
  const { acceptedAuthorities: said = 'unknown', protocols = [] } = valueOf(evidence.server) ?? {}
  if (names === undefined) {
    const only =
      said === 'unknown' && protocols.join('') === 'TLSv1.3'
        ? ': it supports only TLS 1.3, which encrypts the list'
        : ''
    return unknown('accepted-cas', `docker-mtls could not see which CAs the server accepts${only}`, {
      acceptedCas: said,
    })
  }
  const facts = { acceptedCas: names }
  if (names.length > 0) return acceptedNamesStep(evidence, names, fault)
  return failed('accepted-cas', {
    code: 'ANY_CA_ACCEPTED',
    finding:
      'the server names no CA for client certificates, so it accepts every CA that its system trusts: anyone can buy such a certificate',
    remedy:
      evidence.attempt.gateway === true
        ? ONLY_OURS_AT_GATEWAY
        : sentence`Set --tlscacert to the file of your CA; an empty value means the CAs of the system. ${SECURE}`,
    facts,
  })
}

/**
 * Anyone with a certificate of one of these CAs controls the daemon, as far as a policy lets them. If the server's own certificate isn't
 * of our CA, the server or our files are the wrong ones, and our CA must not replace those of the server.
 */
function acceptedNamesStep(
  { identity, attempt }: TlsEvidence,
  names: readonly string[],
  fault: StepName | undefined,
): DetailedStep {
  const authorities = new Set(identity.authorities.map(({ subject }) => subject))
  const isGateway = attempt.gateway === true
  const issuer = isGateway ? issuerAmong(names, authorities) : undefined
  const facts = { acceptedCas: names, ...(issuer !== undefined && { issuer }) }
  const own = new Set([identity.client.issuer, ...authorities, issuer])
  const others = names.filter((name) => !own.has(name))
  const who = isGateway ? 'the gateway' : 'the server'
  const shown = enumerate(names)
  if (others.length === 0) {
    const renews =
      issuer === undefined ? '' : `; ${issuer} is named like the issuer with which a gateway renews certificates`
    return ok('accepted-cas', `${who} accepts client certificates only of ${shown}${renews}`, facts)
  }
  const sold = others.filter(isPublicCa)
  const remedy = isGateway ? ONLY_OURS_AT_GATEWAY : ONLY_OURS
  if (sold.length > 0) {
    const finding = `${who} accepts client certificates of ${enumerate(sold)}, which sells them to anyone`
    return failed('accepted-cas', { code: 'ANY_CA_ACCEPTED', finding, remedy, facts })
  }
  if (fault === 'ca') return notSeen('accepted-cas', fault)
  const theirs = isGateway
    ? `, but ${enumerate(others)} ${others.length === 1 ? 'is' : 'are'} neither in your ca.pem nor the one issuer that a gateway can have`
    : ', but not all of these CAs are yours'
  const finding = `${who} accepts client certificates of ${shown}${theirs}`
  return warning('accepted-cas', { code: 'OTHER_CA_ACCEPTED', finding, remedy, facts })
}

/** A server certificate without an extended key usage, or with both, is also a client certificate. */
function ownCertificateStep(evidence: TlsEvidence): DetailedStep {
  const { certificate, endpoint } = evidence
  const about = 'server-certificate'
  if (certificate === undefined) return unknown(about, "docker-mtls could not see the server's certificate")
  const { purposes, names } = certificate
  const facts = { purposes: purposes ?? 'any' }
  if (purposes && !purposes.some((purpose) => purpose === 'clientAuth' || purpose === 'anyExtendedKeyUsage')) {
    return ok(about, "the server's certificate is for servers only, so its key can't log in", facts)
  }
  const accepted = isAcceptedAsClient(evidence, certificate)
  const what = clientUse(purposes)
  if (accepted === false)
    return ok(about, `the server's certificate ${what}, but the server accepts no clients of its CA`, facts)
  if (accepted === undefined) {
    return unknown(
      about,
      `the server's certificate ${what}; docker-mtls could not see whether the server accepts clients of its CA`,
      facts,
    )
  }
  const all = [...names.dns, ...names.ip].filter((name) => !name.startsWith('-'))
  return warning(about, {
    code: 'SERVER_CERTIFICATE_IS_CLIENT',
    finding: `the server's certificate ${what}, so anyone with its key can log in as a client`,
    remedy: sentence`Issue it again for servers only, on the machine with the CA:  ${ours('cert', 'server', ...(all.length === 0 ? [endpoint.host] : all), '--force', '--renew')}`,
    facts,
  })
}

function clientUse(purposes: CertificateFacts['purposes']): string {
  if (purposes === undefined) return 'has no extended key usage'
  const isForServers = purposes.some((purpose) => purpose === 'serverAuth' || purpose === 'anyExtendedKeyUsage')
  return isForServers ? 'is for clients, too' : 'is for clients only'
}

/** Undefined: not known. */
function isAcceptedAsClient(evidence: TlsEvidence, { issuer }: CertificateFacts): boolean | undefined {
  const { identity, chain, attempt } = evidence
  const names = acceptedNames(evidence)
  if (names !== undefined) {
    const issuers = [issuer, ...chain.map((one) => readCertificate(one).issuer)]
    return names.length === 0 || issuers.some((name) => names.includes(name))
  }
  // It has accepted ours, which is of the same CA.
  return attempt.peer !== undefined && identity.client.issuer === issuer ? true : undefined
}

/** Other ports of the host, and what the daemon itself says about its listeners. */
function neighbourSteps(evidence: TlsEvidence): DetailedStep[] {
  const { neighbours, endpoint, server, attempt } = evidence
  const own = valueOf(server)?.plaintext
  const { protocols = [] } = valueOf(server) ?? {}
  const all = [...neighbours, ...(own !== undefined && protocols.length > 0 ? [[endpoint.port, own] as const] : [])]
  const facts = { ports: Object.fromEntries(all.map(([port, answer]) => [port, answer ?? 'unknown'])) }
  const open = all.flatMap(([port, answer]) => openPort(endpoint.host, [port, answer], attempt.gateway))
  const told = listenersStep(attempt)
  const steps = [
    ...open,
    ...(attempt.gateway === true ? neighbours.flatMap(([port, answer]) => aroundGateway(port, answer)) : []),
    ...(told.status === 'failed' && !open.some(({ status }) => status === 'failed') ? [told] : []),
  ]
  if (steps.length > 0) return steps
  const unseen = all.filter(([, answer]) => answer === undefined || answer === 'silent').map(([port]) => String(port))
  if (unseen.length > 0)
    return [unknown('neighbours', `docker-mtls could not see what answers on port ${enumerate(unseen)}`, facts)]
  return [
    ok(
      'neighbours',
      `nothing answers this machine without TLS on the ports ${enumerate(all.map(([port]) => String(port)))}`,
      facts,
    ),
  ]
}

/** Who can come past the gateway isn't bound by its policy. Only a request would show whether dockerd listens there. */
function aroundGateway(port: number, answer: string | undefined): DetailedStep[] {
  if (answer !== 'refused' || !DAEMON_PORTS.has(port)) return []
  return [
    warning('neighbours', {
      code: 'AROUND_GATEWAY',
      finding: `port ${port} is open beside the gateway, and refuses requests without TLS: if dockerd listens there, its clients aren't bound by the policy of the gateway, and revoked certificates still work`,
      remedy: sentence`Find the program on the server, as root, and leave dockerd only its local socket:  ${command('ss', '-ltnp', `sport = :${port}`)}`,
      facts: { port, answer },
    }),
  ]
}

function programOn(port: number): Sentence {
  return sentence`Find the program on the server, as root:  ${command('ss', '-ltnp', `sport = :${port}`)}`
}

function openPort(
  host: string,
  [port, answer]: readonly [number, string | undefined],
  gateway: true | undefined,
): DetailedStep[] {
  const facts = { port, answer }
  if (answer === 'docker') {
    return [
      failed('neighbours', {
        code: 'PLAINTEXT_DOCKER',
        finding: `a Docker daemon answers on port ${port} without TLS: anyone who reaches it controls that daemon, and so the host`,
        remedy: gateway
          ? REMOVE_LISTENER
          : sentence`Remove that listener from dockerd (-H or "hosts"), or secure the host:  ${ours('setup', `ssh://USER@${host}`)}`,
        facts,
      }),
    ]
  }
  if (answer !== 'http' && answer !== 'other') return []
  const what = NEIGHBOURS.get(port) ?? 'the Docker API'
  const remedy =
    port === 9323
      ? sentence`Set "metrics-addr": "127.0.0.1:9323" in daemon.json on the server, then:  ${command('systemctl', 'restart', 'docker')}`
      : programOn(port)
  return [
    warning('neighbours', {
      code: 'PLAINTEXT_SERVICE',
      finding: `port ${port} (usually ${what}) answers without TLS`,
      remedy,
      facts,
    }),
  ]
}
