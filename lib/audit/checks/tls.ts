import { known, tlsCheck, type Check } from '../check.ts'
import type { Answer } from '../snapshot/tls-schema.ts'
import { fail, notApplicable, pass, unknown, warn } from '../verdict.ts'
import { enumerate } from '../../base/text.ts'
import { isPublicCa } from '../public-cas.ts'

const PROTECT = 'https://docs.docker.com/engine/security/protect-access/'

const plaintext = tlsCheck({
  id: 'T-PLAIN',
  title: 'The TLS port does not answer without TLS',
  severity: 'critical',
  cis: { '1.6': ['2.7'], '1.8': ['2.8'] },
  why: 'Anyone who reaches the port controls the daemon, and so becomes root on its host.',
  remedy:
    'Start dockerd with --tlsverify, --tlscacert, --tlscert and --tlskey. docker-mtls daemon apply does it, with rollback.',
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
  why: 'With --tlsverify=false, the daemon encrypts the connection, but lets in anyone. Whoever controls the daemon is root on its host.',
  remedy: 'Start dockerd with --tlsverify, or set "tlsverify": true in daemon.json.',
  references: [PROTECT],
  test: ({ handshakes }) => {
    const { clientCertificate } = known(handshakes)
    if (clientCertificate === 'required') return pass()
    if (clientCertificate === 'unknown') return unknown('no handshake without a client certificate got that far')
    return fail(`client certificate: ${clientCertificate}`)
  },
})

const systemRoots = tlsCheck({
  id: 'D-TLS-SYSROOTS',
  title: 'The daemon accepts clients of your CA alone',
  severity: 'critical',
  cis: {},
  why: 'Without --tlscacert, dockerd accepts a client certificate of any CA that its system trusts. Such certificates can be bought.',
  remedy: 'Set --tlscacert to the file with your CA alone, and restart the daemon.',
  references: [PROTECT, 'https://www.rfc-editor.org/rfc/rfc5246#section-7.4.4'],
  test: ({ handshakes }) => {
    const { acceptedCas, namesOnlyOurCas } = known(handshakes)
    if (acceptedCas === 'unknown') return unknown('TLS 1.3 encrypts the list of CAs. Look at --tlscacert on the host')
    if (acceptedCas === 'not asked for') return notApplicable('the daemon asks for no client certificate')
    if (acceptedCas.length === 0) return fail('the list of accepted CAs is empty: every CA of the system is accepted')
    if (namesOnlyOurCas) return pass()
    const sold = acceptedCas.filter(isPublicCa)
    if (sold.length > 0) return fail(`it accepts clients of ${enumerate(sold)}, which sells certificates to anybody`)
    return warn(`it accepts clients of ${enumerate(acceptedCas)}`)
  },
})

const protocols = tlsCheck({
  id: 'D-TLS-PROTO',
  title: 'The daemon refuses TLS 1.0 and 1.1',
  severity: 'high',
  cis: {},
  why: 'TLS 1.0 and 1.1 rely on MD5 and SHA-1, and were deprecated in 2021.',
  remedy: 'Update Docker Engine, which refuses both today. If a proxy ends TLS, set its oldest version to TLS 1.2.',
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
  title: 'The daemon refuses cipher suites with CBC',
  severity: 'low',
  cis: {},
  why: 'In these suites of TLS 1.2, the order of encryption and authentication has led to attacks such as Lucky Thirteen.',
  remedy:
    'dockerd has no setting for its suites. Use clients that do not offer these, such as docker-mtls. If a proxy ends TLS, allow only suites with GCM or ChaCha20-Poly1305 there.',
  references: ['https://www.rfc-editor.org/rfc/rfc9325#section-4.1'],
  // Only a client that offers no better suite gets one of these, so it is no failure of the daemon alone.
  test: ({ acceptsCbc }) => (known(acceptsCbc) ? warn('it accepts a suite with CBC in TLS 1.2') : pass()),
})

const http2 = tlsCheck({
  id: 'T-H2',
  title: 'The daemon does not offer HTTP/2',
  severity: 'low',
  cis: {},
  why: 'Faults in the HTTP/2 of the Go runtime let a client crash the daemon, or exhaust its memory. Only clients with a certificate reach it.',
  remedy:
    'dockerd has no setting for HTTP/2. Keep Docker Engine up to date, and give certificates only to clients that you trust.',
  references: ['https://www.rfc-editor.org/rfc/rfc7301', 'https://pkg.go.dev/vuln/'],
  test: ({ speaksHttp2 }) => (known(speaksHttp2) ? warn('it chooses HTTP/2 if a client offers it') : pass()),
})

const postQuantum = tlsCheck({
  id: 'T-PQ',
  title: 'The daemon supports a post-quantum key exchange',
  severity: 'low',
  cis: {},
  why: 'Whoever records the connection today can decrypt it once a quantum computer breaks X25519 and P-256. Secrets in it that must stay secret for many years are then known.',
  remedy:
    'Use a build of Docker Engine with X25519MLKEM768, which Go supports since 1.24, and clients with OpenSSL 3.5 or newer, such as Node.js 24.',
  references: ['https://go.dev/doc/go1.24#cryptotlspkgcryptotls'],
  test: ({ postQuantum: supports }) => (known(supports) ? pass() : warn('it refuses X25519MLKEM768')),
})

const plainNeighbour = tlsCheck({
  id: 'T-2375',
  title: 'No other port of the host serves Docker without TLS',
  severity: 'critical',
  cis: { '1.6': ['2.7'], '1.8': ['2.8'] },
  why: 'A plaintext port beside the TLS port gives anyone who reaches it root on the host. TLS then protects nothing.',
  remedy: 'Remove -H tcp://...:2375 from the daemon, and any proxy that forwards the Docker socket to this port.',
  references: [PROTECT],
  test: ({ neighbours }) => {
    const seen = known(neighbours)
    const open = seen.filter(({ answer }) => answer === 'docker')
    if (open.length > 0) return fail(`Docker answers without TLS on port ${ports(open)}`)
    const silent = seen.filter(({ port, answer }) => answer === 'silent' && DAEMON_PORTS.has(port))
    return silent.length === 0 ? pass() : unknown(`port ${ports(silent)} is open, and did not answer in time`)
  },
})

/** Where daemons usually listen. */
const DAEMON_PORTS: ReadonlySet<number> = new Set([2375, 2376, 4243])
const METRICS = 9323

const metrics = tlsCheck({
  id: 'T-METRICS',
  title: 'The metrics of the daemon are not open to the network',
  severity: 'medium',
  cis: {},
  why: 'The metrics port has neither TLS nor a login. It tells versions, loads and names of plugins to anyone.',
  remedy:
    'Set "metrics-addr": "127.0.0.1:9323" in daemon.json, and let Prometheus connect through a tunnel or a proxy with TLS.',
  references: ['https://docs.docker.com/engine/daemon/prometheus/'],
  test: ({ neighbours }) => {
    const found = known(neighbours).find(({ port }) => port === METRICS)
    if (!found) return unknown(`port ${METRICS} was not looked at`)
    if (found.answer === 'silent') return unknown(`port ${METRICS} is open, and did not answer in time`)
    return found.answer === 'http' ? warn(`port ${METRICS} answers without TLS`) : pass()
  },
})

const neighbours = tlsCheck({
  id: 'T-NEIGHBOURS',
  title: 'No other service of Docker or its tools is open on the host',
  severity: 'low',
  cis: {},
  why: 'Ports of Swarm, of a registry or of a management tool are further ways to the host.',
  remedy: 'Close these ports in the firewall for everyone who does not need them.',
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
