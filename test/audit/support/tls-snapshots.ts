import type { Check, Finding } from '../../../lib/audit/check.ts'
import { SNAPSHOT, type Snapshot } from '../../../lib/audit/snapshot/snapshot.ts'
import type { AuditedCertificate, TlsFacts } from '../../../lib/audit/snapshot/tls-schema.ts'

const UNASKED = { unknown: 'it was not asked for' } as const

/** A snapshot with these parts; all others are unknown. */
export function snapshotOf(parts: Partial<Snapshot>): Snapshot {
  const unasked = Object.keys(SNAPSHOT.shape).map((name) => [name, UNASKED])
  return {
    ...Object.fromEntries(unasked),
    format: 1,
    at: '2026-11-27T00:00:00.000Z',
    target: 'tcp://build01:2376',
    apiVersion: '1.45',
    infoAt: Date.parse('2026-11-27T00:00:00.000Z'),
    ...parts,
  } as Snapshot
}

export function goodCertificate(changes: Partial<AuditedCertificate> = {}): AuditedCertificate {
  return {
    commonName: 'alice',
    subject: 'CN=alice',
    issuer: 'CN=Docker CA',
    dns: [],
    ip: [],
    validFrom: '2026-11-01T00:00:00.000Z',
    validTo: '2027-11-01T00:00:00.000Z',
    purposes: ['clientAuth'],
    keyType: 'ec',
    curve: 'P-256',
    isCa: false,
    signatureAlgorithm: 'ecdsa-with-SHA256',
    fingerprint256: 'AA',
    ...changes,
  }
}

export function goodCa(changes: Partial<AuditedCertificate> = {}): AuditedCertificate {
  const { purposes: _purposes, ...facts } = goodCertificate()
  return {
    ...facts,
    commonName: 'Docker CA',
    subject: 'CN=Docker CA',
    validTo: '2036-10-29T00:00:00.000Z',
    isCa: true,
    extensions: {
      keyUsage: ['keyCertSign', 'cRLSign'],
      pathLength: 0,
      criticalExtensions: ['basicConstraints', 'keyUsage'],
    },
    ...changes,
  }
}

type Handshakes = Extract<TlsFacts['handshakes'], { value: unknown }>['value']

/** A daemon as docker-mtls sets it up. */
export function goodTls(changes: Partial<TlsFacts> = {}, seen: Partial<Handshakes> = {}): TlsFacts {
  return {
    host: 'build01',
    port: 2376,
    version: 'TLSv1.3',
    cipher: 'TLS_AES_128_GCM_SHA256',
    server: goodCertificate({ commonName: 'build01', dns: ['build01'], purposes: ['serverAuth'] }),
    client: goodCertificate(),
    cas: [goodCa()],
    handshakes: {
      value: {
        plaintext: 'refused',
        protocols: ['TLSv1.2', 'TLSv1.3'],
        clientCertificate: 'required',
        acceptedCas: ['CN=Docker CA'],
        namesOnlyOurCas: true,
        ...seen,
      },
    },
    acceptsCbc: { value: false },
    speaksHttp2: { value: false },
    postQuantum: { value: true },
    neighbours: {
      value: [2375, 2377, 4243, 5000, 7946, 9000, 9323].map((port) => ({ port, answer: 'closed' as const })),
    },
    ...changes,
  }
}

/** The findings of one check. */
export function findingsOf(checks: readonly Check[], id: string, snapshot: Snapshot): readonly Finding[] {
  const check = checks.find((one) => one.id === id)
  if (!check) throw new Error(`there is no check ${id}`)
  return check.run(snapshot)
}
