import assert from 'node:assert/strict'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import {
  createAuthority,
  inspectCertificate,
  issueClient,
  issueServer,
  loadAuthority,
  type Role,
} from '../../lib/pki.ts'
import { encode, nothing, sequence } from '../../lib/pki/der.ts'
import { EXTENSION } from '../../lib/pki/extensions.ts'
import { readSubject } from '../../lib/pki/read-extensions.ts'
import type { ErrorCode } from '../../lib/base/errors.ts'
import { quoted } from '../../lib/base/text.ts'
import { runCommand } from '../support/command.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { withCode } from './support/expect.ts'
import { extension, odd, pairOf, smallRsaKeys, type Oddity } from './support/odd.ts'

const DAY = 86_400_000
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'

describe('createAuthority', () => {
  test('is named after its key, or as it was told', async () => {
    const [one, other] = [await createAuthority(), await createAuthority()]
    assert.match(one.facts.commonName ?? '', /^docker-mtls CA [\da-f]{8}$/)
    assert.notEqual(one.facts.commonName, other.facts.commonName)
    for (const commonName of ['Acme Docker CA', 'Bücher', 'a'.repeat(64), '😀'.repeat(64)]) {
      assert.equal((await createAuthority({ commonName })).facts.commonName, commonName)
    }
  })

  test('refuses what can not be meant', async () => {
    for (const commonName of ['', ' ', 'a ', 'a\nb', 'a\0', 'a'.repeat(65)]) {
      await assert.rejects(createAuthority({ commonName }), withCode('ERR_NAME_INVALID', quoted(commonName)))
    }
    for (const keyType of ['RSA', 'P256', '', 'toString', 'rsa1024', null, 2048]) {
      await assert.rejects(
        createAuthority({ keyType: keyType as never }),
        withCode('ERR_KEY_TYPE_INVALID', 'p256, p384'),
      )
    }
    await assert.rejects(createAuthority({ commonName: 7 as never }), withCode('ERR_ARGUMENT_INVALID'))
    await assert.rejects(createAuthority({ keytype: 'p256' } as never), withCode('ERR_OPTION_UNKNOWN', '"keytype"'))
    await assert.rejects(createAuthority(null as never), withCode('ERR_ARGUMENT_INVALID', 'null'))
  })
})

describe('the authority and its key on paper', () => {
  test('come back, plain and encrypted', async () => {
    const authority = await createAuthority()
    const { certificate } = authority
    const again = await loadAuthority({ certificate: Buffer.from(certificate), key: await authority.exportKey() })
    assert.deepEqual(again.facts, authority.facts)
    for (const passphrase of ['open sesame', Buffer.from([0xff, 0, 0x80, 0x0a]), 'ü'.repeat(512)]) {
      const key = await authority.exportKey({ passphrase })
      assert.match(key, /^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/)
      const loaded = await loadAuthority({ certificate, key: Buffer.from(key), passphrase })
      assert.equal(loaded.certificate, certificate)
    }
  })

  test('a passphrase that is wrong, missing, empty, or longer than OpenSSL reads', async () => {
    const authority = await createAuthority()
    const { certificate } = authority
    const key = await authority.exportKey({ passphrase: 'right-secret' })
    const refused = withCode('ERR_CA_PASSPHRASE')
    await assert.rejects(loadAuthority({ certificate, key }), withCode('ERR_CA_PASSPHRASE', 'no passphrase'))
    for (const passphrase of ['wrong', '', 'x'.repeat(2000)]) {
      await assert.rejects(loadAuthority({ certificate, key, passphrase }), (error: Error) => {
        assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /right-secret|xxxx/)
        return refused(error)
      })
    }
    await assert.rejects(authority.exportKey({ passphrase: '' }), withCode('ERR_CA_PASSPHRASE', 'empty'))
    await assert.rejects(authority.exportKey({ passphrase: 'x'.repeat(1025) }), withCode('ERR_CA_PASSPHRASE', '1025'))
    await assert.rejects(authority.exportKey({ passphrase: 7 as never }), withCode('ERR_ARGUMENT_INVALID'))
    // A passphrase for a key that has none does no harm here; PkiFolder says so.
    await loadAuthority({ certificate, key: await authority.exportKey(), passphrase: 'needless' })
  })

  test('openssl opens the encrypted key, which costs 600,000 rounds', { skip: lacks('openssl') }, async (t) => {
    const folder = await temporaryFolder(t)
    const authority = await createAuthority({ keyType: 'p384' })
    await writeFile(`${folder}/key.pem`, await authority.exportKey({ passphrase: 'open sesame' }))
    const opened = await runCommand('openssl', [
      'pkey',
      '-in',
      `${folder}/key.pem`,
      '-passin',
      'pass:open sesame',
      '-noout',
    ])
    assert.equal(opened.code, 0)
    const { stdout } = await runCommand('openssl', ['asn1parse', '-in', `${folder}/key.pem`])
    for (const part of ['PBES2', 'PBKDF2', 'INTEGER           :0927C0', 'hmacWithSHA256', 'aes-256-cbc']) {
      assert.ok(stdout.includes(part), part)
    }
  })

  test('never show in print', async () => {
    const authority = await createAuthority()
    const issued = await issueClient(authority, { name: 'alice' })
    const secrets = [await authority.exportKey(), issued.key].map((key) => key.split('\n')[1] ?? 'missing')
    const shown = [authority, issued, Object.assign({}, issued), [issued], { authority }].flatMap((value) => [
      inspect(value, { depth: Infinity, showHidden: true, customInspect: true }),
      inspect(value, { depth: Infinity, showHidden: true, customInspect: false }),
      JSON.stringify(value),
      String(Object.entries(value)),
    ])
    for (const text of shown) for (const secret of secrets) assert.ok(!text.includes(secret), text)
    assert.ok(!Object.keys(issued).includes('key'))
    assert.match(issued.key, /^-----BEGIN PRIVATE KEY-----\n/)
    const { ca, cert, key } = issued
    assert.ok(new X509Certificate(cert).checkIssued(new X509Certificate(ca)) && key.length > 0)
  })
})

const CA: Oddity = { ca: true, keyUsage: ['keyCertSign'] }

describe('loadAuthority', () => {
  test('refuses what can not sign for us', async () => {
    const good = await odd(CA)
    const stranger = await odd({ ...CA, commonName: 'stranger' })
    const issued = await odd({ ...CA, issuer: stranger })
    const locked = await createAuthority().then((authority) => authority.exportKey({ passphrase: 'x' }))
    const leaf = await odd({ keyUsage: ['digitalSignature'] })
    const rows: (readonly [string, string, ErrorCode, string])[] = [
      [leaf.pem, leaf.key, 'ERR_CA_INVALID', 'not a CA'],
      ...(await rowsOf([
        [{ ca: true, keyUsage: ['cRLSign'] }, 'ERR_CA_INVALID', 'not a CA'],
        [{ ...CA, notAfter: new Date(Date.now() - 1000) }, 'ERR_CA_EXPIRED', 'expired on'],
        [{ ...CA, notBefore: new Date(Date.now() + DAY) }, 'ERR_CA_INVALID', 'not valid before'],
        [{ ...CA, keys: smallRsaKeys() }, 'ERR_CA_INVALID', '1024 bits'],
      ])),
      [issued.pem, issued.key, 'ERR_CA_INVALID', 'not a root'],
      [good.pem, stranger.key, 'ERR_CA_INVALID', 'does not match the certificate'],
      [good.pem, '', 'ERR_CA_INVALID', 'not a private key'],
      [good.pem, good.pem, 'ERR_CA_INVALID', 'not a private key'],
      [good.pem, good.key.slice(0, 80), 'ERR_CA_INVALID', 'not a private key'],
      [good.pem, locked, 'ERR_CA_PASSPHRASE', 'encrypted'],
      ['', good.key, 'ERR_CA_INVALID', 'no certificate'],
      [good.key, good.key, 'ERR_CA_INVALID', 'no certificate'],
      [good.pem.slice(0, 200), good.key, 'ERR_CA_INVALID', 'cut short'],
    ]
    for (const [certificate, key, code, words] of rows) {
      await assert.rejects(loadAuthority({ certificate, key }), (error: Error) => {
        assert.ok(!error.message.includes(key.split('\n')[1] || 'nothing'))
        return withCode(code, words)(error)
      })
    }
    const { pem: certificate, key } = good
    await assert.rejects(loadAuthority({ cert: 'x', key } as never), withCode('ERR_OPTION_UNKNOWN', '"cert"'))
    await assert.rejects(loadAuthority({ certificate } as never), withCode('ERR_ARGUMENT_INVALID', 'key'))
    await assert.rejects(loadAuthority({ certificate, key, passphrase: 7 as never }), withCode('ERR_ARGUMENT_INVALID'))
  })

  test('takes a CA without key usage, and finds the one that the key is for', async () => {
    const [old, current] = [await odd({ ...CA, commonName: 'old' }), await odd({ ca: true, commonName: 'current' })]
    const authority = await loadAuthority({ certificate: `${old.pem}between\n${current.pem}`, key: current.key })
    assert.equal(authority.facts.commonName, 'current')
    const leaf = await issueServer(authority, { names: ['b'] })
    assert.equal(leaf.ca, current.pem)
    // Without a key id of its own, leaves name the one that its key has.
    assert.match(inspectCertificate(leaf.cert).authorityKeyId ?? '', /^[\da-f]{40}$/)
  })

  test('holds its extended key usage against what it is to sign', async () => {
    const { pem, key } = await odd({ ...CA, purposes: [SERVER_AUTH] })
    const authority = await loadAuthority({ certificate: pem, key })
    await issueServer(authority, { names: ['b'] })
    await assert.rejects(issueClient(authority, { name: 'b' }), withCode('ERR_CA_INVALID', 'only sign for serverAuth'))
  })

  test(
    "takes openssl's CAs of every kind, and repeats their names byte for byte",
    { skip: lacks('openssl') },
    async (t) => {
      const folder = await temporaryFolder(t)
      const subject = '/C=DE/ST=Bayern/O=Acme, Inc. + Co/OU=x\\/y/CN=Bücher CA/emailAddress=ca@example.com'
      const kinds = ['EC -pkeyopt ec_paramgen_curve:P-521', 'RSA -pkeyopt rsa_keygen_bits:2048', 'ED25519']
      for (const kind of kinds) {
        const key = ['genpkey', '-algorithm', ...kind.split(' '), '-out', `${folder}/ca-key.pem`]
        const request = ['req', '-x509', '-utf8', '-key', `${folder}/ca-key.pem`, '-subj', subject, '-days', '10']
        const usage = ['-addext', 'keyUsage=critical,keyCertSign', '-out', `${folder}/ca.pem`]
        assert.equal((await runCommand('openssl', key)).code, 0)
        assert.equal((await runCommand('openssl', [...request, ...usage])).code, 0)
        const certificate = await readFile(`${folder}/ca.pem`, 'utf8')
        const authority = await loadAuthority({ certificate, key: await readFile(`${folder}/ca-key.pem`) })
        const { cert } = await issueServer(authority, { names: ['b'], days: 397 })
        await writeFile(`${folder}/server.pem`, cert)
        const name = readSubject(new X509Certificate(certificate))
        assert.ok(name && new X509Certificate(cert).raw.includes(encode(name)))
        const verify = [
          'verify',
          '-x509_strict',
          '-purpose',
          'sslserver',
          '-CAfile',
          `${folder}/ca.pem`,
          `${folder}/server.pem`,
        ]
        assert.equal((await runCommand('openssl', verify)).code, 0)
      }
    },
  )

  test("opens OpenSSL's older encrypted keys", async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const key = privateKey.export({ type: 'sec1', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'old' }).toString()
    assert.match(key, /Proc-Type: 4,ENCRYPTED/)
    const { pem } = await odd({ ...CA, keys: pairOf({ publicKey, privateKey }) })
    await loadAuthority({ certificate: pem, key, passphrase: 'old' })
    await assert.rejects(loadAuthority({ certificate: pem, key, passphrase: 'new' }), withCode('ERR_CA_PASSPHRASE'))
    await assert.rejects(loadAuthority({ certificate: pem, key }), withCode('ERR_CA_PASSPHRASE'))
  })
})

test('issuing takes an authority, and options that exist', async () => {
  const authority = await createAuthority()
  await assert.rejects(issueServer({} as never, { names: ['b'] }), withCode('ERR_ARGUMENT_INVALID', 'not an Authority'))
  await assert.rejects(issueServer(authority, { name: 'b' } as never), withCode('ERR_OPTION_UNKNOWN', '"name"'))
  await assert.rejects(issueServer(authority, {} as never), withCode('ERR_NAME_INVALID'))
  await assert.rejects(issueClient(authority, {} as never), withCode('ERR_ARGUMENT_INVALID'))
  await assert.rejects(
    issueClient(authority, { name: 'b', keyType: 'dsa' as never }),
    withCode('ERR_KEY_TYPE_INVALID', '"dsa"'),
  )
})

describe('inspectCertificate', () => {
  const unknown = extension('1.2.3.4', nothing(), true)
  const constraints = extension(EXTENSION.nameConstraints, sequence(), true)

  test('says what the other side would make of it', async () => {
    const rows: (readonly [string, Oddity, Record<Role, string>])[] = [
      ['for anything', { dnsName: 'b' }, { client: 'the user "odd"', server: 'as b', ca: 'not a CA' }],
      [
        'both purposes',
        { dnsName: 'b', purposes: [CLIENT_AUTH, SERVER_AUTH] },
        { client: 'user', server: 'as b', ca: 'not a CA' },
      ],
      ['any purpose', { dnsName: 'b', purposes: ['2.5.29.37.0'] }, { client: 'user', server: 'as b', ca: 'not a CA' }],
      [
        'a client',
        { purposes: [CLIENT_AUTH] },
        { client: 'user', server: 'is clientAuth, not serverAuth', ca: 'not a CA' },
      ],
      [
        'a server',
        { dnsName: 'b', purposes: [SERVER_AUTH] },
        { client: 'is serverAuth, not', server: 'as b', ca: 'not a CA' },
      ],
      [
        'no names',
        { purposes: [SERVER_AUTH] },
        { client: 'not', server: 'the Docker CLI ignores its common name', ca: 'not a CA' },
      ],
      [
        'another purpose',
        { dnsName: 'b', purposes: ['1.2.3'] },
        { client: 'is 1.2.3', server: 'is 1.2.3', ca: 'not a CA' },
      ],
      [
        'ended',
        { dnsName: 'b', notAfter: new Date(1e12) },
        { client: 'expired on 2001', server: 'expired', ca: 'not a CA' },
      ],
      [
        'not yet',
        { dnsName: 'b', notBefore: new Date(4e12), notAfter: new Date(5e12) },
        { client: 'not valid before 2096', server: 'not valid before', ca: 'not a CA' },
      ],
      [
        'a small key',
        { dnsName: 'b', keys: smallRsaKeys() },
        { client: '1024 bits', server: '1024 bits', ca: 'not a CA' },
      ],
      [
        'an unknown critical extension',
        { ...CA, keyUsage: ['keyCertSign', 'digitalSignature'], dnsName: 'b', extensions: [unknown] },
        { client: '1.2.3.4', server: '1.2.3.4', ca: '1.2.3.4' },
      ],
      [
        'a usage that serves nobody',
        { dnsName: 'b', keyUsage: ['cRLSign'] },
        { client: 'user', server: 'reject its key usage', ca: 'not a CA' },
      ],
      ['a CA', { ...CA }, { client: 'user', server: 'no subject alternative names', ca: 'signs' }],
      [
        'a CA that signs no certificates',
        { ca: true, keyUsage: ['cRLSign'] },
        { client: 'user', server: 'no subject alternative names', ca: 'not a CA' },
      ],
      ['a CA for mail', { ...CA, purposes: ['1.2.3'] }, { client: '1.2.3', server: '1.2.3', ca: '1.2.3' }],
    ]
    for (const [what, oddity, wanted] of rows) {
      for (const { role, ok, because } of inspectCertificate((await odd(oddity)).pem).verdicts) {
        assert.ok(because.includes(wanted[role]), `${what} as ${role}: ${because}`)
        const good = /^(?:dockerd accepts it|clients can connect to it|it signs certificates)/.test(because)
        assert.equal(ok, good, `${what} as ${role}: ${because}`)
      }
    }
  })

  test('reads what node:crypto does not show', async () => {
    const { pem, x509 } = await odd({ ...CA, keyUsage: ['decipherOnly', 'keyCertSign'], extensions: [constraints] })
    for (const input of [pem, Buffer.from(pem), x509.raw, x509]) {
      const facts = inspectCertificate(input)
      assert.deepEqual(facts.keyUsage, ['keyCertSign', 'decipherOnly'])
      assert.equal(facts.nameConstraints, true)
      assert.equal(facts.pathLength, undefined)
      assert.equal(facts.subjectKeyId, undefined)
      assert.deepEqual(facts.criticalExtensions, ['basicConstraints', 'keyUsage', 'nameConstraints'])
    }
    const bare = inspectCertificate((await odd()).pem)
    assert.equal(bare.keyUsage, undefined)
    assert.deepEqual(bare.criticalExtensions, [])
  })

  test('judges curves and digests that Go does not take', { skip: lacks('openssl') }, async (t) => {
    const folder = await temporaryFolder(t)
    const rows = [
      [['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1'], 'not accept secp256k1 keys'],
      [['-newkey', 'ed448'], 'not accept ed448 keys'],
      [['-newkey', 'rsa-pss', '-pkeyopt', 'rsa_keygen_bits:2048'], 'not accept rsa-pss keys'],
      [['-newkey', 'rsa:2048', '-sha1'], 'sha1WithRSAEncryption'],
      [['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-sha1'], 'ecdsa-with-SHA1'],
    ] as const
    for (const [args, words] of rows) {
      const common = ['req', '-x509', '-noenc', '-keyout', `${folder}/k`, '-out', `${folder}/c`, '-subj', '/CN=x']
      assert.equal((await runCommand('openssl', [...common, '-addext', 'subjectAltName=DNS:b', ...args])).code, 0)
      const { verdicts } = inspectCertificate(await readFile(`${folder}/c`, 'utf8'))
      for (const { role, ok, because } of verdicts) {
        if (role !== 'ca') assert.ok(!ok && because.includes(words), `${role}: ${because}`)
      }
    }
  })

  test('refuses what is no certificate, and names it', async () => {
    const { pem, key, x509 } = await odd()
    for (const input of [
      '',
      'x',
      key,
      pem.slice(0, 100),
      x509.raw.subarray(0, 50),
      Buffer.concat([x509.raw, x509.raw]),
    ]) {
      assert.throws(() => inspectCertificate(input, 'my.pem'), withCode('ERR_CERTIFICATE_INVALID', 'my.pem'))
    }
  })
})

async function rowsOf(
  rows: readonly (readonly [Oddity, ErrorCode, string])[],
): Promise<[string, string, ErrorCode, string][]> {
  const made: [string, string, ErrorCode, string][] = []
  for (const [oddity, ...rest] of rows) {
    const { pem, key } = await odd(oddity)
    made.push([pem, key, ...rest])
  }
  return made
}
