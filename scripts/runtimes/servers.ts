import {
  daysFromNow,
  makeCa,
  makeCertificate,
  makeClient,
  makeServer,
  type CertificateOptions,
} from '../../test/support/openssl-certs.ts'
import { startPeer, type Peer, type PeerKind } from '../../test/support/tls-servers.ts'

/** Options of `connect()`. */
export interface Options {
  readonly host: string
  readonly ca: string
  readonly cert: string
  readonly key: string
  readonly foreignClientCa?: boolean
}

/** A server, and how an attempt to connect to it has to end. */
export interface Refusal {
  readonly name: string
  readonly options: Options
  /** The code of an error, or `connected`. */
  readonly expected: string
  /** The code in Deno, which has one for most reasons. */
  readonly inDeno?: string
  /** The code in Bun. */
  readonly inBun?: string
}

/** What a server shows, and what a client shows to it. */
interface Row extends Pick<Refusal, 'name' | 'expected' | 'inDeno' | 'inBun'> {
  readonly peer?: PeerKind
  /** The server's certificate, where it isn't as it should be. */
  readonly server?: CertificateOptions
  readonly issuer?: 'ours' | 'foreign' | 'namesake'
  /** A certificate between the CA and the server's. */
  readonly middle?: CertificateOptions
  /** The host name of the endpoint. */
  readonly host?: string
  readonly client?: CertificateOptions
  readonly clientIssuer?: 'foreign'
}

const PING = 'answers every ping'
const WEAK = 'answers with a weak certificate'

const ROWS: readonly Row[] = [
  { name: 'a good server, by name', expected: 'connected' },
  { name: 'a good server, by address', host: '127.0.0.1', expected: 'connected' },
  { name: 'a good server with an RSA key', server: { keyType: 'rsa2048' }, expected: 'connected' },
  { name: 'a good server with TLS 1.2 only', peer: 'TLS 1.2 only', expected: 'connected' },
  { name: 'a good server of an intermediate CA', middle: { ca: true }, expected: 'connected' },
  { name: 'plaintext HTTP', peer: 'plaintext HTTP', expected: 'ERR_SERVER_PLAINTEXT' },
  { name: 'TLS 1.1 only', peer: 'TLS 1.1 only', expected: 'ERR_SERVER_TLS_TOO_OLD' },
  { name: 'CBC suites only', peer: 'TLS 1.2 with CBC suites only', expected: 'ERR_SERVER_NO_COMMON_CIPHER' },
  { name: 'half a head of an answer', peer: 'half a head', expected: 'ERR_CONNECTION_CLOSED' },
  { name: 'half a body of an answer', peer: 'half a body', expected: 'ERR_CONNECTION_CLOSED' },
  { name: 'a foreign CA', issuer: 'foreign', expected: 'ERR_SERVER_CERT_UNTRUSTED' },
  {
    name: 'another CA of the same name',
    issuer: 'namesake',
    expected: 'ERR_SERVER_CA_KEY_DIFFERS',
    inDeno: 'ERR_SERVER_CERT_UNTRUSTED',
    inBun: 'ERR_SERVER_CERT_UNTRUSTED',
  },
  { name: 'another host name', server: { names: ['DNS:other'] }, expected: 'ERR_SERVER_NAME_MISMATCH' },
  {
    name: 'another address',
    host: '127.0.0.1',
    server: { names: ['IP:127.0.0.9'] },
    expected: 'ERR_SERVER_NAME_MISMATCH',
  },
  {
    name: 'an address as a DNS name',
    host: '127.0.0.1',
    server: { names: ['DNS:127.0.0.1'] },
    expected: 'ERR_SERVER_NAME_MISMATCH',
  },
  { name: 'only a common name', server: { names: [] }, expected: 'ERR_SERVER_NAME_MISSING' },
  {
    name: 'an expired certificate',
    server: { from: daysFromNow(-20), to: daysFromNow(-10) },
    expected: 'ERR_SERVER_CERT_EXPIRED',
    inDeno: 'ERR_SERVER_CERT_UNTRUSTED',
  },
  {
    name: 'a certificate of the future',
    server: { from: daysFromNow(10), to: daysFromNow(20) },
    expected: 'ERR_SERVER_CERT_NOT_YET_VALID',
    inDeno: 'ERR_SERVER_CERT_UNTRUSTED',
  },
  {
    name: "a client's certificate",
    server: { purposes: ['clientAuth'] },
    expected: 'ERR_SERVER_CERT_PURPOSE',
    inDeno: 'ERR_SERVER_CERT_UNTRUSTED',
  },
  {
    name: 'an RSA key of 1024 bits',
    peer: WEAK,
    server: { keyType: 'rsa1024' },
    expected: 'ERR_SERVER_CERT_WEAK',
    inDeno: 'ERR_SERVER_CERT_UNTRUSTED',
  },
  {
    name: 'a signature with SHA-1',
    peer: WEAK,
    server: { digest: 'sha1' },
    expected: 'ERR_SERVER_CERT_WEAK',
    inDeno: 'ERR_SERVER_CERT_UNTRUSTED',
  },
  {
    name: 'an intermediate CA with an RSA key of 1024 bits',
    peer: WEAK,
    middle: { ca: true, keyType: 'rsa1024' },
    expected: 'ERR_SERVER_CERT_WEAK',
    inDeno: 'ERR_SERVER_CERT_UNTRUSTED',
  },
  {
    name: 'an intermediate CA signed with SHA-1',
    peer: WEAK,
    middle: { ca: true, digest: 'sha1' },
    expected: 'ERR_SERVER_CERT_WEAK',
    inDeno: 'ERR_SERVER_CERT_UNTRUSTED',
  },
  {
    name: 'a certificate signed by one that is no CA',
    middle: {},
    expected: 'ERR_SERVER_CERT_PURPOSE',
    inDeno: 'ERR_SERVER_CERT_UNTRUSTED',
  },
  {
    name: 'a certificate signed by a CA that may not sign',
    middle: { ca: true, keyUsage: ['digitalSignature'] },
    expected: 'ERR_SERVER_CERT_UNTRUSTED',
  },
  {
    name: 'our expired client certificate',
    client: { from: daysFromNow(-20), to: daysFromNow(-10) },
    expected: 'ERR_IDENTITY_EXPIRED',
  },
  { name: 'our certificate for servers', client: { purposes: ['serverAuth'] }, expected: 'ERR_IDENTITY_PURPOSE' },
  { name: 'our client certificate of a foreign CA', clientIssuer: 'foreign', expected: 'ERR_IDENTITY_ISSUER' },
]

/** Starts the servers, and tells how to connect to each. Nobody trusts `foreignCa`. */
export async function startServers(): Promise<{
  refusals: readonly Refusal[]
  foreignCa: string
  close: () => Promise<void>
}> {
  const peers: Peer[] = []
  const [ours, foreign, namesake] = await Promise.all([makeCa(), makeCa({ commonName: 'Foreign CA' }), makeCa()])
  const cas = { ours, foreign, namesake }
  const start = async (row: Row): Promise<Refusal> => {
    const { name, expected, inDeno, inBun } = row
    const ca = cas[row.issuer ?? 'ours']
    const middle = row.middle && (await makeCertificate({ commonName: 'Middle', issuer: ca, ...row.middle }))
    const server = await makeServer(middle ?? ca, row.server)
    const cert = server.cert + (middle?.cert ?? '')
    const peer = await startPeer(row.peer ?? PING, { cert, key: server.key, ca: ours.cert })
    peers.push(peer)
    const client = await makeClient(cas[row.clientIssuer ?? 'ours'], row.client)
    const host = `tcp://${row.host ?? 'localhost'}:${peer.port}`
    const only = { ...(inDeno && { inDeno }), ...(inBun && { inBun }) }
    return { name, expected, ...only, options: { host, ca: ours.cert, ...client } }
  }
  const refusals: Refusal[] = []
  for (const row of ROWS) refusals.push(await start(row))
  const close = async (): Promise<void> => void (await Promise.all(peers.map((peer) => peer.close())))
  return { refusals, foreignCa: foreign.cert, close }
}
