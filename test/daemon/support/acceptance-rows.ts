import type { ConnectionErrorCode, IdentityErrorCode } from '../../../lib/base/errors.ts'
import type { KeyType } from '../../../lib/pki.ts'
import { daysFromNow, makeCertificate, makeClient, makeServer, type Made } from '../../support/openssl-certs.ts'
import type { Cast } from './cast.ts'

/** How each side says that a client's certificate isn't taken. */
export interface Refusal {
  /** Ours, before a byte leaves. */
  readonly ours: IdentityErrorCode
  /** What follows `ALERT_` in Node's code: OpenSSL's names for the alerts differ by version in what stands before. */
  readonly alert: string
  readonly fault: ConnectionErrorCode
  /** Of our message for that alert. */
  readonly words: RegExp
  readonly cli: RegExp
  /** dockerd's log. */
  readonly log: RegExp
}

/** A certificate that a client presents, and what becomes of it; accepted where there is no refusal. */
export interface ClientRow {
  readonly name: string
  readonly present: (cast: Cast) => Promise<Partial<Made>>
  readonly refusal?: Refusal
  /** Key types that can't have it. */
  readonly not?: KeyType
}

const odd = (cast: Cast, options: Parameters<typeof makeClient>[1]): Promise<Made> =>
  makeClient(cast.ca, { key: cast.client.key, ...options })

/** "client presents", row by row. */
export const CLIENT_ROWS: readonly ClientRow[] = [
  { name: 'one that we issued', present: async ({ client }) => client },
  {
    name: 'no extended key usage',
    present: ({ ca, client }) => makeCertificate({ commonName: 'tester', issuer: ca, key: client.key }),
  },
  {
    name: 'an extended key usage for clients and servers',
    present: (cast) => odd(cast, { purposes: ['clientAuth', 'serverAuth'] }),
  },
  // dockerd reads no list of revoked certificates, not even one beside its CA: only another CA locks a client out.
  { name: "on a list of revoked certificates in the daemon's CA file", present: async ({ revoked }) => revoked },
  {
    name: "the server's certificate",
    present: async ({ server }) => server,
    refusal: {
      ours: 'ERR_IDENTITY_PURPOSE',
      alert: 'BAD_CERTIFICATE',
      fault: 'ERR_CLIENT_CERT_REFUSED',
      words: /isn't for clients.*\n.*docker-mtls cert client/,
      cli: /bad certificate/,
      log: /incompatible key usage/,
    },
  },
  {
    name: 'expired',
    present: (cast) => odd(cast, { from: daysFromNow(-3), to: daysFromNow(-1) }),
    refusal: {
      ours: 'ERR_IDENTITY_EXPIRED',
      alert: 'CERTIFICATE_EXPIRED',
      fault: 'ERR_CLIENT_CERT_EXPIRED',
      words: /expired or not yet valid/,
      cli: /expired certificate/,
      log: /has expired or is not yet valid: .* is after/,
    },
  },
  {
    name: 'not yet valid',
    present: (cast) => odd(cast, { from: daysFromNow(1), to: daysFromNow(3) }),
    refusal: {
      ours: 'ERR_IDENTITY_NOT_YET_VALID',
      alert: 'CERTIFICATE_EXPIRED',
      fault: 'ERR_CLIENT_CERT_EXPIRED',
      words: /expired or not yet valid/,
      cli: /expired certificate/,
      log: /has expired or is not yet valid: .* is before/,
    },
  },
  {
    name: 'of another CA',
    present: ({ otherCa, client }) => makeClient(otherCa, { key: client.key }),
    refusal: {
      ours: 'ERR_IDENTITY_ISSUER',
      alert: 'UNKNOWN_CA',
      fault: 'ERR_CLIENT_CERT_UNTRUSTED',
      words: /doesn't trust the CA that issued the client certificate/,
      // Go reads the list of CAs that the server takes, and withholds what doesn't fit.
      cli: /certificate required/,
      log: /unknown authority|client didn't provide a certificate/,
    },
  },
  {
    name: 'of a CA with the same name',
    present: ({ sameNamedCa, client }) => makeClient(sameNamedCa, { key: client.key }),
    refusal: {
      ours: 'ERR_IDENTITY_ISSUER',
      alert: 'UNKNOWN_CA',
      fault: 'ERR_CLIENT_CERT_UNTRUSTED',
      words: /doesn't trust the CA that issued the client certificate/,
      cli: /unknown certificate authority/,
      log: /unknown authority.*verification (failure|error)/,
    },
  },
  {
    name: 'a signature with SHA-1',
    present: (cast) => odd(cast, { digest: 'sha1' }),
    // Ed25519 has a hash of its own.
    not: 'ed25519',
    refusal: {
      ours: 'ERR_IDENTITY_SIGNATURE',
      alert: 'UNKNOWN_CA',
      fault: 'ERR_CLIENT_CERT_UNTRUSTED',
      words: /or its signature type/,
      cli: /unknown certificate authority/,
      log: /insecure algorithm/,
    },
  },
  {
    name: 'none',
    present: async () => ({}),
    refusal: {
      ours: 'ERR_IDENTITY_FILE_MISSING',
      alert: 'CERTIFICATE_REQUIRED',
      fault: 'ERR_CLIENT_CERT_REQUIRED',
      words: /received no client certificate that it accepts/,
      cli: /certificate required/,
      log: /client didn't provide a certificate/,
    },
  },
]

/** A certificate that a server presents, and how each client refuses it. */
export interface ServerRow {
  readonly name: string
  readonly present: (cast: Cast) => Promise<Made>
  readonly cli: RegExp
  /** Node's own code, by a bare client; none where Node takes it. */
  readonly node?: string
  readonly fault: ConnectionErrorCode
  readonly words: RegExp
}

const oddServer = (cast: Cast, options: Parameters<typeof makeServer>[1], issuer = cast.ca): Promise<Made> =>
  makeServer(issuer, { key: cast.server.key, ...options })

/** "server presents", row by row. The clients reach it as `localhost`. */
export const SERVER_ROWS: readonly ServerRow[] = [
  {
    name: 'a common name and no other',
    present: (cast) => oddServer(cast, { names: [] }),
    cli: /relies on legacy Common Name field/,
    fault: 'ERR_SERVER_NAME_MISSING',
    words: /no subject alternative name .*localhost doesn't count.*\n.*docker-mtls cert server localhost/,
  },
  {
    name: 'another name',
    present: (cast) => oddServer(cast, { names: ['DNS:build01.example.com', 'IP:10.0.0.4'] }),
    cli: /is valid for build01\.example\.com, not localhost/,
    node: 'ERR_TLS_CERT_ALTNAME_INVALID',
    fault: 'ERR_SERVER_NAME_MISMATCH',
    words: /is for build01\.example\.com, 10\.0\.0\.4\.\n.*cert server build01\.example\.com 10\.0\.0\.4 localhost/,
  },
  {
    name: 'a certificate for clients only',
    present: (cast) => oddServer(cast, { purposes: ['clientAuth'] }),
    cli: /incompatible key usage/,
    node: 'INVALID_PURPOSE',
    fault: 'ERR_SERVER_CERT_PURPOSE',
    words: /isn't meant for servers/,
  },
  {
    name: 'expired',
    present: (cast) => oddServer(cast, { from: daysFromNow(-3), to: daysFromNow(-1) }),
    cli: /has expired/,
    node: 'CERT_HAS_EXPIRED',
    fault: 'ERR_SERVER_CERT_EXPIRED',
    words: /the server's certificate expired on \d{4}-/,
  },
  {
    name: 'not yet valid',
    present: (cast) => oddServer(cast, { from: daysFromNow(1), to: daysFromNow(3) }),
    cli: /has expired or is not yet valid/,
    node: 'CERT_NOT_YET_VALID',
    fault: 'ERR_SERVER_CERT_NOT_YET_VALID',
    words: /is not valid before \d{4}-.*\n.*clocks/,
  },
  {
    name: 'of an unknown CA',
    present: (cast) => oddServer(cast, {}, cast.otherCa),
    cli: /signed by unknown authority/,
    node: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    fault: 'ERR_SERVER_CERT_UNTRUSTED',
    words: /was not signed by a CA in ca\.pem \(its issuer is "CN=Another CA"\)/,
  },
  {
    name: 'of a CA with the same name',
    present: (cast) => oddServer(cast, {}, cast.sameNamedCa),
    cli: /signed by unknown authority/,
    node: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    fault: 'ERR_SERVER_CA_KEY_DIFFERS',
    words: /has the same name as the CA in ca\.pem, but another key/,
  },
]
