import assert from 'node:assert/strict'
import { once } from 'node:events'
import { X509Certificate } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { connect, createServer, type TLSSocket, type TlsOptions } from 'node:tls'
import {
  createAuthority,
  inspectCertificate,
  issueClient,
  issueServer,
  KEY_TYPES,
  type Authority,
  type IssuedCertificate,
  type KeyType,
} from '../../lib/pki.ts'
import { decode, encode, integer, time } from '../../lib/pki/der.ts'
import { usageBits } from '../../lib/pki/extensions.ts'
import { newSerial } from '../../lib/pki/sign.ts'
import { runCommand } from '../support/command.ts'
import { makeCertificate, type CertificateOptions } from '../support/openssl-certs.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder, type Cleanable } from '../support/temporary.ts'
import { withCode } from './support/expect.ts'
import { assertProperty, fc } from '../support/properties.ts'

const NAMES = ['build01.example.com', '*.build.example.com', 'bücher.example', 'my_host', '10.0.0.4', '2001:db8::1']

interface KeySet {
  readonly authority: Authority
  readonly server: IssuedCertificate
  readonly client: IssuedCertificate
}

async function newSet(keyType: KeyType): Promise<KeySet> {
  const authority = await createAuthority({ keyType })
  const [server, client] = await Promise.all([
    issueServer(authority, { names: NAMES, keyType }),
    issueClient(authority, { name: 'alice', keyType }),
  ])
  return { authority, server, client }
}

/** A folder with the set's files, as the judges want them. */
async function folderOf(t: Cleanable, { authority, server, client }: KeySet): Promise<string> {
  const folder = await temporaryFolder(t)
  await writeFile(join(folder, 'ca.pem'), authority.certificate)
  await writeFile(join(folder, 'server.pem'), server.cert)
  await writeFile(join(folder, 'client.pem'), client.cert)
  return folder
}

/** Does the judge take it? */
async function takes(tool: string, ...args: string[]): Promise<boolean> {
  return (await runCommand(tool, args)).code === 0
}

/** Who may be whom. */
const ROLES = [
  ['server', 'server', true],
  ['client', 'client', true],
  ['server', 'client', false],
  ['client', 'server', false],
] as const

const OIDS = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' } as const
const NSS_USAGES = { server: 'V', client: 'C' } as const

const RSA_SHA256 = '300d06092a864886f70d01010b0500'

/** The whole AlgorithmIdentifier in DER (RFC 4055 section 5, RFC 5758 section 3.2, RFC 8410 section 3). */
const ALGORITHMS: Readonly<Record<KeyType, string>> = {
  p256: '300a06082a8648ce3d040302',
  p384: '300a06082a8648ce3d040303',
  ed25519: '300506032b6570',
  rsa2048: RSA_SHA256,
  rsa3072: RSA_SHA256,
  rsa4096: RSA_SHA256,
}

for (const keyType of KEY_TYPES) {
  describe(keyType, () => {
    let set: KeySet
    before(async () => {
      set = await newSet(keyType)
    })

    test('openssl verify -x509_strict', { skip: lacks('openssl') }, async (t) => {
      const folder = await folderOf(t, set)
      const args = ['verify', '-x509_strict', '-CAfile', `${folder}/ca.pem`, '-purpose']
      assert.ok(await takes('openssl', ...args, 'any', `${folder}/ca.pem`))
      for (const [file, role, good] of ROLES) {
        assert.equal(await takes('openssl', ...args, `ssl${role}`, `${folder}/${file}.pem`), good, `${file} as ${role}`)
      }
    })

    test('certtool --verify', { skip: lacks('certtool') }, async (t) => {
      const folder = await folderOf(t, set)
      const args = ['--verify', '--verify-profile', 'medium', '--load-ca-certificate', `${folder}/ca.pem`]
      for (const [file, role, good] of ROLES) {
        const judged = await takes(
          'certtool',
          ...args,
          '--verify-purpose',
          OIDS[role],
          '--infile',
          `${folder}/${file}.pem`,
        )
        assert.equal(judged, good, `${file} as ${role}`)
      }
    })

    test('NSS: certutil -V', { skip: lacks('certutil') }, async (t) => {
      const folder = await folderOf(t, set)
      const store = ['-d', `sql:${folder}`]
      assert.ok(await takes('certutil', '-N', '--empty-password', ...store))
      for (const [name, trust] of Object.entries({ ca: 'CT,,', server: ',,', client: ',,' })) {
        assert.ok(await takes('certutil', '-A', '-n', name, '-t', trust, '-i', `${folder}/${name}.pem`, ...store))
      }
      for (const [file, role, good] of ROLES) {
        const judged = await takes('certutil', '-V', '-e', '-n', file, '-u', NSS_USAGES[role], ...store)
        // NSS can't verify an Ed25519 signature.
        assert.equal(judged, good && keyType !== 'ed25519', `${file} as ${role}`)
      }
    })

    test('says what it should, in the extensions that node:crypto does not show', () => {
      const ca = inspectCertificate(set.authority.certificate)
      const server = inspectCertificate(set.server.cert)
      const client = inspectCertificate(set.client.cert)
      assert.deepEqual(ca.keyUsage, ['keyCertSign', 'cRLSign'])
      assert.equal(ca.pathLength, 0)
      assert.equal(ca.commonName, `docker-mtls CA ${ca.subjectKeyId?.slice(0, 8)}`)
      assert.deepEqual(ca.criticalExtensions, ['basicConstraints', 'keyUsage'])
      const usage = keyType.startsWith('rsa') ? ['digitalSignature', 'keyEncipherment'] : ['digitalSignature']
      for (const leaf of [server, client]) {
        assert.deepEqual(leaf.keyUsage, usage)
        assert.equal(leaf.pathLength, undefined)
        assert.equal(leaf.isCa, false)
        assert.equal(leaf.authorityKeyId, ca.subjectKeyId)
        assert.notEqual(leaf.subjectKeyId, ca.subjectKeyId)
        assert.equal(leaf.nameConstraints, false)
      }
      assert.deepEqual(server.purposes, ['serverAuth'])
      assert.deepEqual(client.purposes, ['clientAuth'])
      assert.equal(client.commonName, 'alice')
      assert.deepEqual(client.names, { dns: [], ip: [] })
      const roles = (of: typeof ca): string[] => of.verdicts.filter(({ ok }) => ok).map(({ role }) => role)
      // Go lets a CA log in with its own certificate: its key opens every door anyway.
      assert.deepEqual([roles(ca), roles(server), roles(client)], [['client', 'ca'], ['server'], ['client']])
    })

    test('names its signature twice, with NULL parameters for RSA and none for the others', () => {
      const identifier = Buffer.from(ALGORITHMS[keyType], 'hex')
      for (const text of [set.authority.certificate, set.server.cert, set.client.cert]) {
        const { raw } = new X509Certificate(text)
        const first = raw.indexOf(identifier)
        assert.ok(first > 0 && raw.indexOf(identifier, first + 1) > first)
      }
    })

    test('a handshake, with each in its own role', async () => {
      const { server, client } = set
      assert.equal(await handshake(server, client), 'authorized as alice')
      assert.equal(await handshake(server, server), 'server refuses: INVALID_PURPOSE')
      assert.equal(await handshake(client, client), 'client refuses: INVALID_PURPOSE')
      const stranger = await issueClient(await createAuthority({ commonName: 'stranger' }), { name: 'alice' })
      assert.match(
        await handshake(server, { ...pem(stranger), ca: server.ca }),
        /^server refuses: (?:UNABLE|SELF|DEPTH)/,
      )
    })
  })
}

type Pem = Pick<IssuedCertificate, 'ca' | 'cert' | 'key'>

function pem({ ca, cert, key }: Pem): Pem {
  return { ca, cert, key }
}

/** One TLS handshake: who didn't take whose certificate, and why, in OpenSSL's words. */
async function handshake(serverSide: Pem, clientSide: Pem): Promise<string> {
  // The server asks and looks, and leaves it to us what follows: Node's own refusal doesn't say why.
  const options: TlsOptions = { ...pem(serverSide), requestCert: true, rejectUnauthorized: false }
  const server = createServer(options).listen(0, '127.0.0.1')
  server.on('tlsClientError', () => undefined)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>
  const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ...pem(clientSide) })
  try {
    await once(socket, 'secureConnect')
    const [peer] = await accepted
    peer.on('error', () => undefined)
    if (!peer.authorized) return `server refuses: ${String(peer.authorizationError)}`
    return `authorized as ${String(peer.getPeerCertificate().subject.CN)}`
  } catch (error) {
    return `client refuses: ${(error as NodeJS.ErrnoException).code ?? ''}`
  } finally {
    socket.destroy()
    server.close()
  }
}

function assertNear(date: Date, wanted: number): void {
  assert.ok(Math.abs(date.getTime() - wanted) < 60_000, date.toISOString())
}

describe('encoding', () => {
  test('a serial is positive, and of 20 bytes', () => {
    for (let round = 0; round < 500; round++) {
      const serial = newSerial()
      assert.equal(serial.length, 20)
      assert.ok((serial[0] ?? 0) > 0 && (serial[0] ?? 0) < 0x80)
      assert.equal(encode(integer(serial)).length, 22)
    }
  })

  test('numbers are as short as they can be, and positive', () => {
    const rows = [
      [0, '020100'],
      [127, '02017f'],
      [128, '02020080'],
      [256, '02020100'],
      [600_000, '02030927c0'],
    ] as const
    for (const [number, hex] of rows) assert.equal(encode(integer(number)).toString('hex'), hex)
  })

  test('UTCTime through 2049, GeneralizedTime from 2050 on', () => {
    const rows = [
      ['1950-01-01T00:00:00Z', '170d3530303130313030303030305a'],
      ['2049-12-31T23:59:59Z', '170d3439313233313233353935395a'],
      ['2050-01-01T00:00:00Z', '180f32303530303130313030303030305a'],
      ['1949-12-31T23:59:59Z', '180f31393439313233313233353935395a'],
    ] as const
    for (const [date, hex] of rows) assert.equal(encode(time(new Date(date))).toString('hex'), hex)
  })

  test('a key usage has no zero bits at its end', () => {
    const rows = [
      [['digitalSignature'], '03020780'],
      [['digitalSignature', 'keyEncipherment'], '030205a0'],
      [['keyCertSign', 'cRLSign'], '03020106'],
      [['decipherOnly'], '0303070080'],
    ] as const
    for (const [usages, hex] of rows) assert.equal(encode(usageBits(...usages)).toString('hex'), hex)
  })

  test('what is read and written again has the same bytes', async () => {
    const { authority, server } = await newSet('p256')
    for (const text of [authority.certificate, server.cert]) {
      const { raw } = new X509Certificate(text)
      assert.deepEqual(encode(decode(raw)), raw)
    }
  })

  test('any life ends to the second where it should, for every reader', async (t) => {
    const days = fc.integer({ min: 1, max: 36_500 })
    await assertProperty(
      t,
      fc.asyncProperty(days, async (life) => {
        const { certificate, facts } = await createAuthority({ days: life })
        const seconds = (facts.validTo.getTime() - facts.validFrom.getTime()) / 1000
        assert.equal(seconds, life * 86_400 + 3600)
        assert.equal(new Date(new X509Certificate(certificate).validTo).getTime(), facts.validTo.getTime())
      }),
      { numRuns: 40, examples: [[8500], [8437], [8438], [36_500], [1]] },
    )
  })

  test('openssl verifies a CA and a leaf that end beyond 2050', { skip: lacks('openssl') }, async (t) => {
    const folder = await temporaryFolder(t)
    const authority = await createAuthority({ days: 36_500 })
    const server = await issueServer(authority, { names: ['build01'] })
    await writeFile(join(folder, 'ca.pem'), authority.certificate)
    await writeFile(join(folder, 'server.pem'), server.cert)
    const args = ['verify', '-x509_strict', '-CAfile', join(folder, 'ca.pem'), join(folder, 'server.pem')]
    assert.equal((await runCommand('openssl', args)).code, 0)
  })
})

describe('lives', () => {
  const DAY = 86_400_000

  test('a CA ten years, a leaf 397 days, from an hour ago on', async () => {
    const { authority, server, client } = await newSet('p256')
    const now = Date.now()
    for (const { facts } of [authority, server, client]) assertNear(facts.validFrom, now - 3_600_000)
    assertNear(authority.facts.validTo, now + 3650 * DAY)
    assertNear(server.facts.validTo, now + 397 * DAY)
    assertNear(client.facts.validTo, now + 397 * DAY)
    assert.equal(server.cutToAuthority, false)
  })

  test('a leaf never outlives its CA, nor begins before it', async () => {
    const authority = await createAuthority({ days: 30 })
    const leaf = await issueServer(authority, { names: ['b'], days: 31 })
    assert.equal(leaf.cutToAuthority, true)
    assert.deepEqual(leaf.facts.validTo, authority.facts.validTo)
    assert.ok(leaf.facts.validFrom >= authority.facts.validFrom)
    const short = await issueClient(authority, { name: 'b', days: 29 })
    assert.equal(short.cutToAuthority, false)
  })

  test('days that can not be meant', async () => {
    const authority = await createAuthority()
    for (const days of [0, -1, 1.5, NaN, Infinity, 3651, '30' as never, null as never, 10n as never]) {
      await assert.rejects(issueServer(authority, { names: ['b'], days }), withCode('ERR_DAYS_INVALID', '1 to 3650'))
      await assert.rejects(issueClient(authority, { name: 'b', days }), withCode('ERR_DAYS_INVALID'))
    }
    await assert.rejects(createAuthority({ days: 36_501 }), withCode('ERR_DAYS_INVALID', '36501', '1 to 36500'))
  })
})

describe('the common name of a server', () => {
  test('is its first name that fits', async () => {
    const authority = await createAuthority()
    const long = `${'a'.repeat(60)}.example.com`
    const of = async (...names: string[]): Promise<string | undefined> =>
      (await issueServer(authority, { names })).facts.commonName
    assert.equal(await of('10.0.0.4', 'b'), '10.0.0.4')
    assert.equal(await of(long, 'b'), 'b')
    assert.equal(await of(long), 'localhost')
  })
})

describe('a signature that Go can not verify', { skip: lacks('openssl') }, () => {
  const rows: readonly (readonly [options: CertificateOptions, algorithm: string])[] = [
    [{ keyType: 'rsa2048', digest: 'sha1' }, 'sha1WithRSAEncryption'],
    [{ keyType: 'rsa2048', digest: 'sha224' }, 'sha224WithRSAEncryption'],
    [{ keyType: 'p256', digest: 'sha224' }, 'ecdsa-with-SHA224'],
  ]
  for (const [options, algorithm] of rows) {
    test(algorithm, async () => {
      const { cert } = await makeCertificate({ ...options, commonName: 'alice', purposes: ['clientAuth'] })
      const verdict = inspectCertificate(cert).verdicts.find(({ role }) => role === 'client')
      assert.deepEqual(verdict, {
        role: 'client',
        ok: false,
        because: `it is signed with ${algorithm}, which Go rejects`,
      })
    })
  }
})
