import { known, tlsCheck, type Check } from '../check.ts'
import { compare, parseVersion } from '../cve/compare.ts'
import { isBehindGateway, type Snapshot } from '../snapshot/snapshot.ts'
import type { TlsFacts } from '../snapshot/tls-schema.ts'
import { pass, warn } from '../verdict.ts'

const GROUP = 'X25519MLKEM768'

/** crypto/tls has it since Go 1.24, and OpenSSL since 3.5. */
const FIRST = { go: '1.24.0', openssl: '3.5.0' } as const

/** Checks that both sides have a key exchange that quantum computers don't break. */
export const postQuantum: Check = tlsCheck({
  id: 'T-PQ',
  title: 'The connection has a post-quantum key exchange',
  severity: 'low',
  cis: {},
  why: 'An attacker who records connections today can decrypt them once a quantum computer breaks X25519 and P-256. This matters for secrets that must stay secret for many years.',
  remedy:
    'If a gateway refuses it, run the gateway with Node.js 24.5 or newer, or 22.20 or newer. If dockerd has it turned off, as in Debian, set ' +
    'Environment=GODEBUG=tlsmlkem=1 in a drop-in of docker.service (of Podman: of its service), and restart it. If dockerd was built with a Go older than 1.24, upgrade ' +
    'Docker Engine. If only this client lacks it, run docker-mtls here with such a Node.js.',
  references: ['https://go.dev/doc/go1.24#cryptotlspkgcryptotls', 'https://go.dev/doc/godebug'],
  test: ({ postQuantum: supports, keyExchange, openssl }, snapshot) => {
    const used = keyExchange === undefined ? [] : [`this connection uses ${keyExchange}`]
    if (!known(supports)) return warn([refusalBy(snapshot), ...used].join('; '))
    if (keyExchange === undefined || keyExchange.includes('MLKEM')) return pass(keyExchange)
    return warn([...used, ...lackHere(openssl)].join(': '))
  },
})

/** Who refuses it, and why, as far as versions show. */
function refusalBy(snapshot: Snapshot): string {
  if (isBehindGateway(snapshot))
    return `the gateway refuses ${GROUP}, because its Node.js has an OpenSSL older than 3.5`
  const go = 'value' in snapshot.version ? snapshot.version.value.GoVersion : undefined
  const isOld = go === undefined ? undefined : isOlder(go, FIRST.go)
  if (isOld === undefined) return `it refuses ${GROUP}`
  return isOld
    ? `it refuses ${GROUP}: its ${go} doesn't have it`
    : `it refuses ${GROUP}: its ${go} has it, but it is turned off`
}

function lackHere(openssl: TlsFacts['openssl']): string[] {
  const isOld = openssl !== undefined && isOlder(openssl, FIRST.openssl)
  return isOld ? [`OpenSSL ${openssl} of Node.js here has no ${GROUP}`] : []
}

/** Undefined if the version can't be read. */
function isOlder(version: string, first: string): boolean | undefined {
  const [ours, theirs] = [parseVersion(version), parseVersion(first)]
  return ours && theirs && compare(ours, theirs) < 0
}
