import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { createAuthority } from '../../../lib/pki/ca.ts'
import { loadAuthority } from '../../../lib/pki/load-ca.ts'
import { issueClient, issueServer } from '../../../lib/pki/issue.ts'
import { createIssuer, loadIssuer } from '../../../lib/pki/issuer.ts'
import { decode } from '../../../lib/pki/der.ts'
import { distinguishedName } from '../../../lib/pki/sign.ts'
import { inspectCertificate } from '../../../lib/pki/inspect.ts'
import { coversName, readCertificate, readPem, splitPem } from '../../../lib/identity/certificate.ts'
import { TAG } from '../../../lib/identity/der.ts'
import { originOf } from '../../../lib/identity/origin.ts'
import { openPublicKey, readPublicKey } from '../../../lib/identity/public-key.ts'
import { readValues } from '../../../lib/identity/credentials.ts'
import { readSet } from '../../../lib/identity/read-set.ts'
import { readAnswer } from '../../../lib/keystore/client/answer.ts'
import { readDistinguishedName, subjectOf } from '../../../lib/probe/distinguished-name.ts'
import { BROKEN_KEYS, certificateFor, goodKey } from '../../support/broken-keys.ts'
import { demand, REFUSED, type Target } from '../target.ts'

/** Made anew by each process: the bytes of a finding are in the finding. */
async function issue(): Promise<{ ca: string; server: string; client: string; key: string; caKey: string }> {
  const ca = await createAuthority({ commonName: 'Example CA' })
  const server = await issueServer(ca, { names: ['docker.example', '192.0.2.7', '2001:db8::7', '*.example.com'] })
  const client = await issueClient(ca, { name: 'alice' })
  return { ca: ca.certificate, server: server.cert, client: client.cert, key: client.key, caKey: await ca.exportKey() }
}

const derOf = (pem: string): Uint8Array => readPem(pem, 'a seed')[0]?.der ?? new Uint8Array()

async function derSeeds(): Promise<Uint8Array[]> {
  const { ca, server, client } = await issue()
  return [...[ca, server, client].map(derOf), await renewedSeed()]
}

/** It has an extension of our own. */
async function renewedSeed(): Promise<Uint8Array> {
  const authority = await createAuthority()
  const { cert } = await issueClient(authority, { name: 'alice' })
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const old = new X509Certificate(cert)
  const { serialNumber: serial, fingerprint256 } = old
  const origin = { serial, fingerprint256, issuerFingerprint256: fingerprint256, validTo: new Date() }
  const issuer = loadIssuer(await createIssuer(authority, { name: 'renewals' }))
  return issuer.renew({ old, origin, publicKey, life: 600_000, ends: [] }).raw
}

const KEYS = {
  ...BROKEN_KEYS,
  ...Object.fromEntries((['P-256', 'ed25519', 'rsa'] as const).map((type) => [type, goodKey(type).info])),
}

/** Everything that is asked of a public key: Node 20 and 22 abort for some that OpenSSL reads. */
function readKey(bytes: Buffer): unknown {
  const isRead = isAccepted(() => readPublicKey(bytes))
  // It can't be put into a certificate otherwise.
  const isDer = isAccepted(() => decode(bytes))
  if (isDer) isAccepted(() => readCertificate(certificateFor(bytes, { signer: KEY_SIGNER })))
  if (!isAccepted(() => openPublicKey(bytes))) return isRead || REFUSED
  const key = openPublicKey(bytes)
  demand(isRead, 'a key is opened that the reader refuses')
  const { type, curve, bits } = readPublicKey(bytes)
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {}
  demand(key.asymmetricKeyType === type && modulusLength === bits, 'the facts differ from those of node:crypto')
  demand((namedCurve === undefined) === (curve === undefined), 'the curve differs')
  key.export({ type: 'spki', format: 'der' })
  if (type !== 'rsa-pss') key.export({ format: 'jwk' })
  return undefined
}

function isAccepted(action: () => unknown): boolean {
  try {
    action()
    return true
  } catch {
    return false
  }
}

/** Gateways refuse a client if this throws a RangeError. */
function readOrigin(x509: X509Certificate): void {
  try {
    const origin = originOf(x509)
    demand(origin === undefined || /^[0-9a-f]*$/.test(origin.serial), 'the serial number is none')
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
}

async function pemSeeds(): Promise<string[]> {
  const { ca, server, client, key } = await issue()
  return [server, `${client}${ca}`, `text before\r\n${ca.replaceAll('\n', '\r\n')}${key}`]
}

/** Facts and verdicts of a certificate, and all that is asked of it later. */
function inspect(bytes: Buffer): void {
  const { validFrom, validTo, subject } = inspectCertificate(bytes)
  demand(!Number.isNaN(validFrom.getTime() + validTo.getTime()), 'a date is invalid')
  demand(!subject.includes('\n'), 'the subject has several lines')
  demand(readCertificate(bytes).subject === subject, 'both readers differ')
  const x509 = new X509Certificate(bytes)
  readOrigin(x509)
  coversName(x509, 'docker.example')
  coversName(x509, '192.0.2.7')
  const der = subjectOf(x509.raw)
  // OpenSSL also takes a SEQUENCE that says it is primitive, which DER has not.
  const alone = der[0] === TAG.sequence ? subject : `not a name: ${Buffer.from(der.subarray(0, 32)).toString('hex')}`
  demand(readDistinguishedName(der).name === alone, 'the subject reads differently alone')
}

function readPemText(bytes: Buffer): void {
  const text = bytes.toString('utf8')
  const blocks = readPem(text, 'the text')
  demand(splitPem(text).length <= blocks.length, 'there are more certificates than blocks')
  for (const { label, der, text: strict } of blocks) {
    const [again] = readPem(strict, 'our text')
    demand(again?.label === label && Buffer.from(der).equals(again.der), 'a block reads differently when written again')
  }
}

const KEY_SIGNER = { name: distinguishedName('CA'), key: goodKey('P-256').privateKey }

let identity: Awaited<ReturnType<typeof issue>> | undefined

/** One of the three parts of an identity is foreign. */
function readIdentity(bytes: Buffer): void {
  const { ca = '', client: cert = '', key = '' } = identity ?? {}
  // The text before a block is ignored: here it says which part it is.
  const part = bytes[0] === 0x61 ? 'ca' : bytes[0] === 0x63 ? 'cert' : 'key'
  readSet(readValues({ ca, cert, key, [part]: bytes }), { foreignClientCa: true }, { now: Date.now() })
}

async function identitySeeds(): Promise<string[]> {
  identity ??= await issue()
  const { ca, client, key } = identity
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs1', format: 'pem' })
    .toString()
  return [`a\n${ca}`, `c\n${client}`, `k\n${key}`, `k\n${rsa}`, `a\n${client}${ca}`]
}

const PEM_WORDS = [
  '-----BEGIN CERTIFICATE-----\n',
  '-----END CERTIFICATE-----\n',
  '-----',
  'Proc-Type: 4,ENCRYPTED\n',
  '=',
]

export const targets: readonly Target[] = [
  { name: 'public-key', seeds: () => Object.values(KEYS), format: 'der', read: readKey, pace: 2 },
  { name: 'certificate', seeds: derSeeds, format: 'der', read: inspect, pace: 2 },
  {
    name: 'distinguished-name',
    seeds: async () => (await derSeeds()).map(subjectOf),
    format: 'der',
    read: (bytes) => demand(!readDistinguishedName(bytes).name.includes('\n'), 'the name has several lines'),
  },
  { name: 'pem', seeds: pemSeeds, read: readPemText, format: 'pem', words: PEM_WORDS },
  { name: 'identity', seeds: identitySeeds, read: readIdentity, format: 'pem', words: PEM_WORDS, pace: 2 },
  {
    name: 'signed-answer',
    seeds: pemSeeds,
    read: (bytes) => demand(readAnswer(bytes, 'alice.pem').ca.includes('BEGIN'), 'there is no CA'),
    format: 'pem',
    words: PEM_WORDS,
    pace: 4,
  },
  {
    name: 'ca-files',
    seeds: async () => [...(await identitySeeds()), `k\n${identity?.caKey}`],
    read: (bytes) => {
      const files = { certificate: identity?.ca ?? '', key: identity?.caKey ?? '' }
      return loadAuthority({ ...files, [bytes[0] === 0x6b ? 'key' : 'certificate']: bytes })
    },
    format: 'pem',
    words: PEM_WORDS,
    pace: 4,
  },
]
