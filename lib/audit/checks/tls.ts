import { known, tlsCheck, type Check } from '../check.ts'
import { isBehindGateway, type Snapshot } from '../snapshot/snapshot.ts'
import type { Answer } from '../snapshot/tls-schema.ts'
import { fail, notApplicable, pass, unknown, warn } from '../verdict.ts'
import { enumerate } from '../../base/text.ts'
import { issuerAmong } from '../gateway-issuer.ts'
import { DAEMON_PORTS } from '../neighbours.ts'
import { isPublicCa } from '../public-cas.ts'
import { postQuantum } from './key-exchange.ts'

const PROTECT = 'https://docs.docker.com/engine/security/protect-access/'

const plaintext = tlsCheck({
  id: 'T-PLAIN',
  title: 'The TLS port answers only over TLS',
  severity: 'critical',
  cis: { '1.6': ['2.7'], '1.8': ['2.8'] },
  why: 'Anyone who reaches the port can control the daemon without a certificate, and so become root on its host.',
  remedy:
    'Start dockerd with --tlsverify, --tlscacert, --tlscert and --tlskey. docker-mtls daemon apply sets them, with automatic rollback. Beside a gateway, remove the listener instead.',
  references: [PROTECT],
  test: ({ handshakes }) => {
    const { plaintext: answer } = known(handshakes)
    if (answer === 'refused') return pass()
    if (answer === 'docker') return fail('a Docker daemon answered a request without TLS')
    if (answer === 'silent') return unknown('it did not answer a request without TLS in time')
    return warn('something that is not Docker answered a request without TLS')
  },
})

const clientVerified = tlsCheck({
  id: 'T-NOVERIFY',
  title: 'The daemon requires a client certificate',
  severity: 'critical',
  cis: { '1.6': ['2.7'], '1.8': ['2.8'] },
  why: 'Without --tlsverify, the daemon encrypts connections but accepts every client. Anyone who reaches the port can become root on its host.',
  remedy:
    'Set "tlsverify": true and "tlscacert" in daemon.json, remove --tlsverify=false from the command line of dockerd, and restart the daemon.',
  references: [PROTECT],
  test: ({ handshakes }) => {
    const { clientCertificate } = known(handshakes)
    if (clientCertificate === 'required') return pass()
    if (clientCertificate === 'unknown')
      return unknown('no handshake got far enough to show whether the daemon requires one')
    return fail(`it also accepts clients without a certificate (client certificate: ${clientCertificate})`)
  },
})

const systemRoots = tlsCheck({
  id: 'D-TLS-SYSROOTS',
  title: 'The daemon accepts only clients of your CA',
  severity: 'critical',
  cis: {},
  why: 'If --tlscacert is empty, dockerd accepts a client certificate of any CA that its system trusts. Anyone who can get such a certificate controls the daemon.',
  remedy:
    'Set "tlscacert" in daemon.json, or --tlscacert, to a file that contains only your CA, and restart the daemon. ' +
    'Behind a gateway of docker-mtls, leave only your CA in the ca.pem of the gateway instead, which restarts nothing.',
  references: [PROTECT, 'https://www.rfc-editor.org/rfc/rfc5246#section-7.4.4'],
  test: ({ handshakes, cas }, snapshot) => {
    const { acceptedCas, namesOnlyOurCas } = known(handshakes)
    if (acceptedCas === 'unknown') return unknown('TLS 1.3 encrypts the list of CAs: check --tlscacert on the host')
    if (acceptedCas === 'not asked for') return notApplicable('the daemon asks for no client certificate')
    if (acceptedCas.length === 0)
      return fail('the list of accepted CAs is empty: the daemon accepts every CA that its system trusts')
    if (namesOnlyOurCas) return pass()
    const sold = acceptedCas.filter(isPublicCa)
    if (sold.length > 0) return fail(`it accepts clients of ${enumerate(sold)}, which sells certificates to anyone`)
    const isGateway = isBehindGateway(snapshot)
    const authorities = new Set(cas.map(({ subject }) => subject))
    const inFile = casOfGateways(snapshot.host)
    const named = acceptedCas.filter((name) => !inFile.has(name))
    const issuer = isGateway ? issuerAmong(named, authorities) : undefined
    if (issuer !== undefined && acceptedCas.every((name) => authorities.has(name) || name === issuer))
      return pass(`${issuer} is named like the issuer with which a gateway renews certificates`)
    return warn(`${isGateway ? 'the gateway' : 'it'} accepts clients of ${enumerate(acceptedCas)}`)
  },
})

/** The CAs in the files of gateways on the host, as far as they were read: none of them is the issuer, whatever its name is. */
function casOfGateways(host: Snapshot['host']): ReadonlySet<string> {
  const access = host !== null && 'value' in host ? host.value.access : undefined
  const services = access !== undefined && 'value' in access ? access.value.services : []
  const lists = services.flatMap(({ revocation }) => ('value' in revocation ? revocation.value : []))
  return new Set(lists.map(({ ca }) => ca))
}

const protocols = tlsCheck({
  id: 'D-TLS-PROTO',
  title: 'The daemon refuses TLS 1.0 and 1.1',
  severity: 'high',
  cis: {},
  why: 'TLS 1.0 and 1.1 rely on MD5 and SHA-1, and were deprecated in 2021. An attacker on the network may be able to read or change requests.',
  remedy:
    'Upgrade Docker Engine: current versions require TLS 1.2. If a proxy terminates TLS, set its minimum version to TLS 1.2.',
  references: ['https://www.rfc-editor.org/rfc/rfc8996'],
  test: ({ handshakes }) => {
    const { protocols: seen } = known(handshakes)
    if (seen.length === 0) return unknown('no handshake showed a version')
    const old = seen.filter((version) => version === 'TLSv1' || version === 'TLSv1.0' || version === 'TLSv1.1')
    return old.length === 0 ? pass(seen.join(', ')) : fail(`it supports ${old.join(' and ')}`)
  },
})

const cbc = tlsCheck({
  id: 'D-TLS-CBC',
  title: 'The daemon refuses CBC cipher suites',
  severity: 'low',
  cis: {},
  why: 'CBC suites in TLS 1.2 authenticate before they encrypt. Attacks such as Lucky Thirteen use this to decrypt parts of a connection.',
  remedy:
    'dockerd has no setting for its cipher suites. Use clients that do not offer CBC suites, such as docker-mtls. If a proxy terminates TLS, allow only GCM and ChaCha20-Poly1305 suites there.',
  references: ['https://www.rfc-editor.org/rfc/rfc9325#section-4.1'],
  // Only a client that offers no better suite gets one of these, so it is no failure of the daemon alone.
  test: ({ acceptsCbc }) => (known(acceptsCbc) ? warn('it accepts a CBC suite in TLS 1.2') : pass()),
})

const http2 = tlsCheck({
  id: 'T-H2',
  title: 'The daemon does not offer HTTP/2',
  severity: 'low',
  cis: {},
  why: "Vulnerabilities in Go's HTTP/2 server let a client crash the daemon or exhaust its memory. Only clients with a certificate reach it.",
  remedy:
    'dockerd has no setting for HTTP/2. Keep Docker Engine up to date, and give certificates only to clients that you trust.',
  references: ['https://www.rfc-editor.org/rfc/rfc7301', 'https://pkg.go.dev/vuln/'],
  test: ({ speaksHttp2 }) => (known(speaksHttp2) ? warn('it chooses HTTP/2 if a client offers it') : pass()),
})

const plainNeighbour = tlsCheck({
  id: 'T-2375',
  title: 'No other port of the host serves Docker without TLS',
  severity: 'critical',
  cis: { '1.6': ['2.7'], '1.8': ['2.8'] },
  why: 'Anyone who reaches a plaintext port can become root on the host. The TLS port beside it then protects nothing.',
  remedy:
    'Remove tcp://...:2375 from the -H options of dockerd, or from "hosts" in daemon.json, and restart the daemon. Stop any proxy that forwards this port to the Docker socket.',
  references: [PROTECT],
  test: ({ neighbours }) => {
    const seen = known(neighbours)
    const open = seen.filter(({ answer }) => answer === 'docker')
    if (open.length > 0) return fail(`Docker answers without TLS on port ${ports(open)}`)
    const silent = seen.filter(({ port, answer }) => answer === 'silent' && DAEMON_PORTS.has(port))
    return silent.length === 0 ? pass() : unknown(`port ${ports(silent)} is open, and did not answer in time`)
  },
})

const METRICS = 9323

const metrics = tlsCheck({
  id: 'T-METRICS',
  title: 'The metrics port of the daemon is not open to the network',
  severity: 'medium',
  cis: {},
  why: 'The metrics port has neither TLS nor a login. Anyone who reaches it learns the versions of the engine and the kernel, and the load of the host.',
  remedy:
    'Set "metrics-addr": "127.0.0.1:9323" in daemon.json, and restart the daemon. Let Prometheus connect through a tunnel or a proxy with TLS.',
  references: ['https://docs.docker.com/engine/daemon/prometheus/'],
  test: ({ neighbours }) => {
    const found = known(neighbours).find(({ port }) => port === METRICS)
    if (!found) return unknown(`port ${METRICS} was not checked`)
    if (found.answer === 'silent') return unknown(`port ${METRICS} is open, and did not answer in time`)
    return found.answer === 'http' ? warn(`port ${METRICS} answers without TLS`) : pass()
  },
})

const neighbours = tlsCheck({
  id: 'T-NEIGHBOURS',
  title: 'No other port of Docker or its tools is open on the host',
  severity: 'low',
  cis: {},
  why: 'Each open port of Swarm, a registry or a management tool gives attackers another way to the host.',
  remedy: 'In the firewall of the host, allow these ports only for the machines that need them.',
  references: ['https://docs.docker.com/engine/swarm/swarm-tutorial/#open-protocols-and-ports-between-the-hosts'],
  test: ({ neighbours: seen }) => {
    const open = known(seen).filter(({ port, answer }) => port !== METRICS && !isNoService(port, answer))
    return open.length === 0 ? pass() : warn(`open: port ${ports(open)}`)
  },
})

/** A daemon without TLS is a finding of its own, and one with TLS is as it should be. */
function isNoService(port: number, answer: Answer): boolean {
  const isSecured = answer === 'refused' && DAEMON_PORTS.has(port)
  return answer === 'closed' || answer === 'filtered' || answer === 'docker' || isSecured
}

function ports(seen: readonly { readonly port: number }[]): string {
  return enumerate(seen.map(({ port }) => String(port)))
}

/** The connection to the daemon, as seen from outside. */
export const TLS_CHECKS: readonly Check[] = [
  plaintext,
  clientVerified,
  systemRoots,
  protocols,
  cbc,
  http2,
  postQuantum,
  plainNeighbour,
  metrics,
  neighbours,
]
