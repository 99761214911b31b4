import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { rootCertificates } from 'node:tls'
import { readCertificate } from '../../../lib/identity/certificate.ts'
import { CERTIFICATE_CHECKS } from '../../../lib/audit/checks/certificates.ts'
import { TLS_CHECKS } from '../../../lib/audit/checks/tls.ts'
import { VERSION } from '../../../lib/audit/snapshot/daemon-schema.ts'
import type { Snapshot } from '../../../lib/audit/snapshot/snapshot.ts'
import type { TlsFacts } from '../../../lib/audit/snapshot/tls-schema.ts'
import type { Status } from '../../../lib/audit/verdict.ts'
import { findingsOf, goodCa, goodCertificate, goodTls, snapshotOf } from '../support/tls-snapshots.ts'

const CHECKS = [...TLS_CHECKS, ...CERTIFICATE_CHECKS]
const PUBLIC_CA = readCertificate(rootCertificates[0] ?? '').subject
const UNKNOWN = { unknown: 'no answer in time' }

/** Each row: the check, the status that it has to give, and the connection. */
const ROWS: readonly (readonly [id: string, status: Status, what: string, tls: TlsFacts])[] = [
  ['T-PLAIN', 'fail', 'Docker answers without TLS', goodTls({}, { plaintext: 'docker' })],
  ['T-PLAIN', 'warn', 'a web server answers without TLS', goodTls({}, { plaintext: 'http' })],
  ['T-PLAIN', 'unknown', 'silence', goodTls({}, { plaintext: 'silent' })],
  ['T-PLAIN', 'unknown', 'no handshakes', goodTls({ handshakes: UNKNOWN })],
  ['T-NOVERIFY', 'fail', 'no request for a certificate', goodTls({}, { clientCertificate: 'not asked for' })],
  ['T-NOVERIFY', 'fail', 'an optional certificate', goodTls({}, { clientCertificate: 'requested' })],
  ['T-NOVERIFY', 'unknown', 'no decision', goodTls({}, { clientCertificate: 'unknown' })],
  ['D-TLS-SYSROOTS', 'fail', 'an empty list', goodTls({}, { acceptedCas: [], namesOnlyOurCas: false })],
  ['D-TLS-SYSROOTS', 'warn', 'another CA', goodTls({}, { acceptedCas: ['CN=A', 'CN=B'], namesOnlyOurCas: false })],
  ['D-TLS-SYSROOTS', 'unknown', 'TLS 1.3 alone', goodTls({}, { acceptedCas: 'unknown', namesOnlyOurCas: false })],
  ['D-TLS-SYSROOTS', 'not-applicable', 'no request', goodTls({}, { acceptedCas: 'not asked for' })],
  ['D-TLS-PROTO', 'fail', 'TLS 1.0', goodTls({}, { protocols: ['TLSv1', 'TLSv1.2'] })],
  ['D-TLS-PROTO', 'fail', 'TLS 1.1', goodTls({}, { protocols: ['TLSv1.1', 'TLSv1.2'] })],
  ['D-TLS-PROTO', 'unknown', 'no version', goodTls({}, { protocols: [] })],
  ['D-TLS-CBC', 'warn', 'CBC', goodTls({ acceptsCbc: { value: true } })],
  ['D-TLS-CBC', 'unknown', 'no answer', goodTls({ acceptsCbc: UNKNOWN })],
  ['T-H2', 'warn', 'HTTP/2', goodTls({ speaksHttp2: { value: true } })],
  ['T-H2', 'unknown', 'no answer', goodTls({ speaksHttp2: UNKNOWN })],
  ['T-PQ', 'warn', 'a refusal', goodTls({ postQuantum: { value: false } })],
  ['T-PQ', 'unknown', 'no answer', goodTls({ postQuantum: UNKNOWN })],
  ['T-2375', 'fail', 'port 2375', goodTls({ neighbours: { value: [{ port: 2375, answer: 'docker' }] } })],
  ['T-2375', 'unknown', 'no look', goodTls({ neighbours: UNKNOWN })],
  ['T-METRICS', 'warn', 'metrics', goodTls({ neighbours: { value: [{ port: 9323, answer: 'http' }] } })],
  ['T-METRICS', 'unknown', 'another list', goodTls({ neighbours: { value: [] } })],
  ['T-NEIGHBOURS', 'warn', 'a swarm port', goodTls({ neighbours: { value: [{ port: 2377, answer: 'refused' }] } })],
  ['T-NEIGHBOURS', 'unknown', 'no look', goodTls({ neighbours: UNKNOWN })],
  ['T-EKU-S', 'fail', 'no purpose', goodTls({ server: without('purposes') })],
  ['T-EKU-S', 'fail', 'both', goodTls({ server: goodCertificate({ purposes: ['serverAuth', 'clientAuth'] }) })],
  ['T-EKU-C', 'fail', 'no purpose', goodTls({ client: without('purposes') })],
  ['T-EKU-C', 'fail', 'any', goodTls({ client: goodCertificate({ purposes: ['clientAuth', 'anyExtendedKeyUsage'] }) })],
  ['T-EKU-C', 'pass', 'one more', goodTls({ client: goodCertificate({ purposes: ['clientAuth', '1.2.3'] }) })],
  ['T-EXP-S', 'fail', 'expired', goodTls({ server: goodCertificate({ validTo: '2026-11-26T00:00:00.000Z' }) })],
  [
    'T-EXP-S',
    'fail',
    '6 days',
    goodTls({ server: goodCertificate({ validTo: '2026-12-03T00:00:00.000Z', validFrom: '2026-01-01' }) }),
  ],
  [
    'T-EXP-S',
    'warn',
    '29 days',
    goodTls({ server: goodCertificate({ validTo: '2026-12-26T00:00:00.000Z', validFrom: '2026-01-01' }) }),
  ],
  [
    'T-EXP-C',
    'pass',
    'a new one for two days',
    goodTls({ client: goodCertificate({ validFrom: '2026-11-26T20:00:00Z', validTo: '2026-11-28T20:00:00Z' }) }),
  ],
  [
    'T-EXP-C',
    'warn',
    'the last third of two days',
    goodTls({ client: goodCertificate({ validFrom: '2026-11-25T12:00:00Z', validTo: '2026-11-27T12:00:00Z' }) }),
  ],
  [
    'T-EXP-C',
    'fail',
    'the last hour of two days',
    goodTls({ client: goodCertificate({ validFrom: '2026-11-25T01:00:00Z', validTo: '2026-11-27T01:00:00Z' }) }),
  ],
  ['T-EXP-C', 'unknown', 'rubbish', goodTls({ client: goodCertificate({ validTo: 'soon' }) })],
  ['T-EXP-CA', 'fail', 'one of two', goodTls({ cas: [goodCa(), goodCa({ validTo: '2026-11-28T00:00:00.000Z' })] })],
  [
    'T-EXP-CA',
    'pass',
    'an old one that is not in use any more',
    goodTls({ cas: [goodCa(), goodCa({ subject: 'CN=Old CA', validTo: '2026-11-26T00:00:00.000Z' })] }),
  ],
  [
    'T-EXP-CA',
    'fail',
    'all, if none is known to be in use',
    goodTls({ cas: [goodCa({ subject: 'CN=Old CA', validTo: '2026-11-26T00:00:00.000Z' })] }),
  ],
  ['D-TLS-SYSROOTS', 'fail', 'a public CA', goodTls({}, { acceptedCas: [PUBLIC_CA], namesOnlyOurCas: false })],
  ['T-2375', 'unknown', 'silence', goodTls({ neighbours: { value: [{ port: 2375, answer: 'silent' }] } })],
  ['T-2375', 'pass', 'a firewall', goodTls({ neighbours: { value: [{ port: 2375, answer: 'filtered' }] } })],
  ['T-2375', 'fail', 'port 2376', goodTls({ neighbours: { value: [{ port: 2376, answer: 'docker' }] } })],
  ['T-METRICS', 'unknown', 'silence', goodTls({ neighbours: { value: [{ port: 9323, answer: 'silent' }] } })],
  ['T-NEIGHBOURS', 'pass', 'TLS on 2376', goodTls({ neighbours: { value: [{ port: 2376, answer: 'refused' }] } })],
  ['T-EXP-CA', 'unknown', 'no CA', goodTls({ cas: [] })],
  ['T-EXP-S', 'unknown', 'rubbish', goodTls({ server: goodCertificate({ validTo: '' }) })],
  ['T-KEY', 'fail', 'RSA 1024', goodTls({ client: rsa(1024) })],
  ['T-KEY', 'warn', 'RSA 2048', goodTls({ server: rsa(2048) })],
  ['T-KEY', 'pass', 'RSA 3072', goodTls({ server: rsa(3072) })],
  ['T-KEY', 'warn', 'an uncommon curve', goodTls({ cas: [goodCa({ curve: 'secp256k1' })] })],
  ['T-KEY', 'unknown', 'another type', goodTls({ cas: [goodCa({ keyType: 'ml-dsa-65' })] })],
  ['T-SIG', 'fail', 'SHA-1', goodTls({ server: goodCertificate({ signatureAlgorithm: 'sha1WithRSAEncryption' }) })],
  [
    'T-SIG',
    'pass',
    'SHA-1 of a self-signed CA',
    goodTls({ cas: [goodCa({ signatureAlgorithm: 'sha1WithRSAEncryption', issuer: 'CN=Docker CA' })] }),
  ],
  ['T-SIG', 'pass', 'Ed25519', goodTls({ server: goodCertificate({ signatureAlgorithm: 'Ed25519' }) })],
  ['T-CA', 'fail', 'no CA', goodTls({ cas: [goodCa({ isCa: false })] })],
  [
    'T-CA',
    'warn',
    'no path length',
    goodTls({ cas: [goodCa({ extensions: { keyUsage: ['keyCertSign'], criticalExtensions: ['basicConstraints'] } })] }),
  ],
  [
    'T-CA',
    'warn',
    'no key usage',
    goodTls({ cas: [goodCa({ extensions: { pathLength: 0, criticalExtensions: ['basicConstraints'] } })] }),
  ],
  [
    'T-CA',
    'warn',
    'nothing critical',
    goodTls({ cas: [goodCa({ extensions: { keyUsage: ['keyCertSign'], pathLength: 0, criticalExtensions: [] } })] }),
  ],
  ['T-CA', 'unknown', 'extensions that can not be read', goodTls({ cas: [withoutExtensions()] })],
  ['T-MULTI', 'warn', 'two', goodTls({ cas: [goodCa(), goodCa()] })],
  ['T-SHAREDCN', 'warn', 'a generic name', goodTls({ client: goodCertificate({ commonName: 'Docker Client' }) })],
  ['T-SHAREDCN', 'fail', 'no name', goodTls({ client: without('commonName') })],
  ['T-LIFE', 'fail', 'ten years', goodTls({ client: goodCertificate({ validTo: '2036-11-01T00:00:00.000Z' }) })],
  [
    'T-LIFE',
    'warn',
    'two years',
    goodTls({ server: goodCertificate({ validTo: '2028-11-01T00:00:00.000Z', purposes: ['serverAuth'] }) }),
  ],
  ['T-LIFE', 'warn', 'a CA for 20 years', goodTls({ cas: [goodCa({ validTo: '2046-11-01T00:00:00.000Z' })] })],
  ['T-LIFE', 'unknown', 'rubbish', goodTls({ client: goodCertificate({ validFrom: '' }) })],
]

function without(field: 'purposes' | 'commonName'): TlsFacts['client'] {
  const { [field]: _removed, ...rest } = goodCertificate()
  return rest
}

function withoutExtensions(): TlsFacts['client'] {
  const { extensions: _removed, ...rest } = goodCa()
  return rest
}

function rsa(keyBits: number): TlsFacts['client'] {
  const { curve: _removed, ...rest } = goodCertificate()
  return { ...rest, keyType: 'rsa', keyBits }
}

/** Who lacks the post-quantum key exchange, by what its versions show. */
const QUANTUM_ROWS: readonly (readonly [what: string, parts: Parameters<typeof snapshotOf>[0], detail: string])[] = [
  [
    "Debian's build of dockerd",
    { tls: refusing('X25519'), version: goVersion('go1.24.4'), gateway: { value: null } },
    'it refuses X25519MLKEM768: its go1.24.4 has it, but it is turned off; this connection uses X25519',
  ],
  [
    'an older Go',
    { tls: refusing('P-256'), version: goVersion('go1.23.12'), gateway: { value: null } },
    "it refuses X25519MLKEM768: its go1.23.12 doesn't have it; this connection uses P-256",
  ],
  [
    'a gateway, whatever the Go of dockerd',
    { tls: refusing('X25519'), version: goVersion('go1.26.3'), gateway: { value: { shows: 'all' } } },
    'the gateway refuses X25519MLKEM768, because its Node.js has an OpenSSL older than 3.5; this connection uses X25519',
  ],
  [
    'a Go without a version',
    { tls: refusing(undefined), version: goVersion('devel'), gateway: { value: null } },
    'it refuses X25519MLKEM768',
  ],
  ['an engine that did not answer', { tls: refusing(undefined) }, 'it refuses X25519MLKEM768'],
  [
    'the Node.js of the client',
    { tls: { value: goodTls({ keyExchange: 'X25519', openssl: '3.0.19' }) } },
    'this connection uses X25519: OpenSSL 3.0.19 of Node.js here has no X25519MLKEM768',
  ],
  [
    'the OpenSSL configuration of the client',
    { tls: { value: goodTls({ keyExchange: 'X25519', openssl: '3.5.8+quic' }) } },
    'this connection uses X25519',
  ],
]

function refusing(keyExchange: string | undefined): { value: TlsFacts } {
  return { value: goodTls({ postQuantum: { value: false }, openssl: '3.0.19', ...(keyExchange && { keyExchange }) }) }
}

function goVersion(GoVersion: string): Snapshot['version'] {
  return { value: VERSION.parse({ GoVersion }) }
}

describe('T-PQ names who lacks it', () => {
  for (const [what, parts, detail] of QUANTUM_ROWS) {
    test(what, () => {
      const [finding] = findingsOf(CHECKS, 'T-PQ', snapshotOf(parts))
      assert.deepEqual([finding?.status, finding?.detail], ['warn', detail])
    })
  }

  test('nobody, and names the group', () => {
    const tls = { value: goodTls({ keyExchange: 'X25519MLKEM768', openssl: '3.5.8' }) }
    const [finding] = findingsOf(CHECKS, 'T-PQ', snapshotOf({ tls }))
    assert.deepEqual([finding?.status, finding?.detail], ['pass', 'X25519MLKEM768'])
  })
})

describe('checks of the connection and of certificates', () => {
  for (const [id, status, what, tls] of ROWS) {
    test(`${id}, ${what}: ${status}`, () => {
      const [finding, ...others] = findingsOf(CHECKS, id, snapshotOf({ tls: { value: tls } }))
      assert.deepEqual(others, [])
      assert.equal(finding?.status, status, finding?.detail)
      if (status !== 'pass') assert.ok(finding.detail, 'it says what was seen')
    })
  }

  for (const { id } of CHECKS) {
    test(`${id} passes for a daemon as docker-mtls sets it up`, () => {
      const [finding] = findingsOf(CHECKS, id, snapshotOf({ tls: { value: goodTls() } }))
      assert.equal(finding?.status, 'pass', finding?.detail)
    })

    test(`${id} has no meaning without TLS, and is unknown if the connection is`, () => {
      assert.equal(findingsOf(CHECKS, id, snapshotOf({ tls: { value: null } }))[0]?.status, 'not-applicable')
      assert.equal(findingsOf(CHECKS, id, snapshotOf({}))[0]?.status, 'unknown')
    })

    test(`${id} has a row that does not pass`, () => {
      assert.ok(ROWS.some(([of, status]) => of === id && (status === 'fail' || status === 'warn')))
    })
  }
})
