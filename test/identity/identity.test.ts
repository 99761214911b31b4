import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { loadIdentity, type IdentityValues } from '../../lib/identity/identity.ts'
import { lacks } from '../support/requirements.ts'
import {
  daysFromNow,
  encryptKey,
  makeCa,
  makeCertificate,
  makeClient,
  makeServer,
  TEST_KEY_TYPES,
  traditionalKey,
  type CertificateOptions,
  type Made,
  type TestKeyType,
} from '../support/openssl-certs.ts'
import { refused, type Refusal } from './support/refusals.ts'

const needs = { skip: lacks('openssl') }
const DOCKERD_VERIFIES = new Set<TestKeyType>(['rsa2048', 'rsa3072', 'p256', 'p384', 'p521', 'ed25519'])

let ca: Made
let alice: Made
before(async () => {
  if (needs.skip !== false) return
  ca = await makeCa()
  alice = await makeClient(ca)
})

/** What a row of a table gives: values to load, and the code of the refusal, if any. */
interface Row {
  readonly what: string
  readonly values: () => Promise<IdentityValues> | IdentityValues
  readonly options?: Parameters<typeof loadIdentity>[1]
  readonly refusal?: Refusal
}

function judge(rows: readonly Row[]): void {
  for (const { what, values, options, refusal } of rows) {
    test(`${what}: ${refusal?.code ?? 'taken'}`, async () => {
      const given = await values()
      if (refusal) await refused(() => loadIdentity(given, options), refusal)
      else assert.equal((await loadIdentity(given, options)).warnings.length, 0)
    })
  }
}

/** The common case of a row: alice's certificate, made with these options by this CA. */
async function client(options: CertificateOptions, issuer = ca): Promise<IdentityValues> {
  return { ca: issuer.cert, ...(await makeClient(issuer, options)) }
}

function caRefusal(keyType: TestKeyType): Refusal {
  if (keyType === 'rsa1024')
    return { code: 'ERR_IDENTITY_CA_INVALID', says: /the key of this CA is RSA with 1024 bits/ }
  if (keyType === 'explicit')
    return { code: 'ERR_IDENTITY_CA_INVALID', says: /the key of this CA has an unnamed curve/ }
  if (keyType === 'ed448') return { code: 'ERR_IDENTITY_SIGNATURE', says: /signed with Ed448/ }
  return { code: 'ERR_IDENTITY_KEY_TYPE', says: /the option ca \(CN=Test CA\).*--replace-ca$/s }
}

async function pair(keyType: TestKeyType): Promise<Made & { ca: string }> {
  return { ca: ca.cert, ...(await makeClient(ca, { keyType })) }
}

const purpose = (says: RegExp): Refusal => ({ code: 'ERR_IDENTITY_PURPOSE', says })

const mismatch = (...says: RegExp[]): Refusal => ({ code: 'ERR_IDENTITY_KEY_MISMATCH', says })

function makeBob(): Promise<Made> {
  return makeClient(ca, { commonName: 'bob' })
}

const argument = (says: RegExp): Refusal => ({ code: 'ERR_ARGUMENT_INVALID', says })

describe('key types', needs, () => {
  for (const keyType of TEST_KEY_TYPES) {
    const taken = DOCKERD_VERIFIES.has(keyType)
    judge([
      {
        what: `a client's key ${keyType}`,
        values: () => client({ keyType }),
        ...(taken
          ? {}
          : {
              refusal: {
                code: 'ERR_IDENTITY_KEY_TYPE',
                says: [/the option cert \(CN=alice\): its key/, /docker-mtls cert client alice$/],
              },
            }),
      },
      {
        what: `a CA's key ${keyType}`,
        values: async () => client({}, await makeCa({ keyType })),
        ...(taken ? {} : { refusal: caRefusal(keyType) }),
      },
    ])
  }
})

describe('forms of the key', needs, () => {
  const secret = 'correct horse battery staple'

  const encrypted: [keyType: TestKeyType, form: 'pkcs8' | 'legacy'][] = [
    ['p256', 'pkcs8'],
    ['p256', 'legacy'],
    ['ed25519', 'pkcs8'],
    ['rsa2048', 'pkcs8'],
    ['rsa2048', 'legacy'],
  ]
  for (const [keyType, form] of encrypted) {
    test(`${keyType} encrypted as ${form}: with, without and with a wrong passphrase`, async () => {
      const made = await pair(keyType)
      const values = { ...made, key: await encryptKey(made.key, secret, form) }
      assert.match(values.key, form === 'pkcs8' ? /BEGIN ENCRYPTED PRIVATE KEY/ : /Proc-Type: 4,ENCRYPTED/)
      const identity = await loadIdentity(values, { passphrase: secret })
      assert.match(identity.warnings.join(), /the option key is encrypted: .* the Docker CLI/)
      await loadIdentity({ ...values, passphrase: Buffer.from(secret) })
      await loadIdentity({ ...values, passphrase: 'not this one' }, { passphrase: new TextEncoder().encode(secret) })
      await refused(() => loadIdentity(values), {
        code: 'ERR_IDENTITY_KEY_ENCRYPTED',
        says: /the option key.*passphrase/s,
      })
      for (const passphrase of ['wrong', '', `${secret}\n`, 'x'.repeat(2000)]) {
        await refused(() => loadIdentity(values, { passphrase }), {
          code: 'ERR_IDENTITY_PASSPHRASE',
          says: /decrypting the option key/,
        })
      }
    })
  }

  const plain: [what: string, change: (made: Made) => Promise<Partial<IdentityValues>> | Partial<IdentityValues>][] = [
    ['the older form of an EC key', async ({ key }) => ({ key: await traditionalKey(key) })],
    [
      'EC PARAMETERS before the key',
      ({ key }) => ({ key: `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${key}` }),
    ],
    [
      'bytes',
      ({ cert, key }) => ({ ca: Buffer.from(ca.cert), cert: new TextEncoder().encode(cert), key: Buffer.from(key) }),
    ],
    [
      'CRLF, a byte order mark and text before',
      ({ cert, key }) => ({
        cert: `\uFEFFsubject=CN=alice\r\n${cert.replaceAll('\n', '\r\n')}`,
        key: key.replaceAll('\n', '\r\n'),
      }),
    ],
    [
      'no line break at the end, and blanks',
      ({ cert, key }) => ({ cert: cert.trimEnd(), key: `  ${key.trimEnd().replaceAll('\n', ' \n')}` }),
    ],
    ['a passphrase that no key needs', () => ({ passphrase: 'unused' })],
  ]
  judge(
    plain.map(([what, change]) => ({
      what,
      values: async () => ({ ca: ca.cert, ...alice, ...(await change(alice)) }),
    })),
  )
  judge([
    {
      what: 'the older form of an RSA key',
      values: async () => {
        const made = await pair('rsa2048')
        return { ...made, key: await traditionalKey(made.key) }
      },
    },
  ])
})

describe('dates', needs, () => {
  judge([
    { what: 'ends in 31 days', values: () => client({ to: daysFromNow(31) }) },
    { what: 'ends in 2061', values: () => client({ to: new Date('2061-01-01') }) },
    {
      what: 'expired an hour ago',
      values: () => client({ from: daysFromNow(-2), to: daysFromNow(-1 / 24) }),
      refusal: {
        code: 'ERR_IDENTITY_EXPIRED',
        says: [/expired 60 minutes ago, on \d{4}-/, /docker-mtls cert renew alice$/],
      },
    },
    {
      what: 'expired in March',
      values: () => client({ from: daysFromNow(-500), to: daysFromNow(-100) }),
      refusal: { code: 'ERR_IDENTITY_EXPIRED', says: /expired 100 days ago/ },
    },
    {
      what: 'begins in five hours',
      values: () => client({ from: daysFromNow(5 / 24) }),
      refusal: { code: 'ERR_IDENTITY_NOT_YET_VALID', says: [/begins in 5 hours, on/, /clock/] },
    },
    {
      what: 'the CA expired',
      values: async () => client({}, await makeCa({ from: daysFromNow(-9), to: daysFromNow(-4) })),
      refusal: {
        code: 'ERR_IDENTITY_CA_EXPIRED',
        says: [/the option ca \(CN=Test CA\): this CA expired 4 days ago/, /--replace-ca/],
      },
    },
    {
      what: 'the CA begins tomorrow',
      values: async () => client({}, await makeCa({ from: daysFromNow(1) })),
      refusal: { code: 'ERR_IDENTITY_NOT_YET_VALID', says: /the option ca/ },
    },
  ])

  test('one of several CAs expired: a warning; the one that signed the client: refused', async () => {
    const old = await makeCa({ commonName: 'Old CA', from: daysFromNow(-9), to: daysFromNow(-4) })
    const both = { ca: old.cert + ca.cert }
    const identity = await loadIdentity({ ...both, ...alice })
    assert.match(
      identity.warnings.join('\n'),
      /^certificate 1 of the option ca \(CN=Old CA\) expired 4 days ago.*--replace-ca$/,
    )
    assert.equal(identity.authorities.length, 2)
    const bob = await makeClient(old, { commonName: 'bob' })
    await refused(() => loadIdentity({ ...both, ...bob }), { code: 'ERR_IDENTITY_CA_EXPIRED', says: /Old CA/ })
    await refused(() => loadIdentity({ ...both, ...bob }, { foreignClientCa: true }), {
      code: 'ERR_IDENTITY_CA_EXPIRED',
    })
  })

  test('a renewed CA with the same name and key stands in for the expired one beside it', async () => {
    const old = await makeCa({ from: daysFromNow(-9), to: daysFromNow(-4) })
    const renewed = await makeCa({ key: old.key })
    const made = await makeClient(old)
    for (const both of [old.cert + renewed.cert, renewed.cert + old.cert]) {
      const identity = await loadIdentity({ ca: both, ...made })
      assert.equal(identity.warnings.length, 1)
    }
  })

  test('what has used two thirds of its lifetime and ends within 30 days is a warning that says how to renew it', async () => {
    const identity = await loadIdentity({
      ca: (await makeCa({ key: ca.key, from: daysFromNow(-27), to: daysFromNow(3) })).cert,
      ...(await makeClient(ca, { from: daysFromNow(-41), to: daysFromNow(20) })),
    })
    const [clients, authority] = identity.warnings
    assert.match(clients ?? '', /^the option cert \(CN=alice\) expires in 20 days, on .*docker-mtls cert renew alice$/)
    assert.match(authority ?? '', /^the option ca \(CN=Test CA\) expires in 3 days, on .*cert rotate-ca$/)
  })

  for (const [used, left] of [
    [300, 31],
    [1, 6],
  ] as const) {
    test(`after ${used} days, with ${left} left, nothing is said`, async () => {
      const made = await makeClient(ca, { from: daysFromNow(-used), to: daysFromNow(left) })
      assert.deepEqual((await loadIdentity({ ca: ca.cert, ...made })).warnings, [])
    })
  }
})

describe('purpose and signature', needs, () => {
  judge([
    { what: 'clientAuth', values: () => client({}) },
    {
      what: 'no extended key usage',
      values: async () => ({ ca: ca.cert, ...(await makeCertificate({ commonName: 'alice', issuer: ca })) }),
    },
    { what: 'clientAuth and serverAuth', values: () => client({ purposes: ['clientAuth', 'serverAuth'] }) },
    { what: 'anyExtendedKeyUsage', values: () => client({ purposes: ['anyExtendedKeyUsage'] }) },
    {
      what: 'serverAuth alone',
      values: async () => ({ ca: ca.cert, ...(await makeServer(ca)) }),
      refusal: purpose(/allows serverAuth and not clientAuth: it is a server's certificate/),
    },
    {
      what: 'codeSigning alone',
      values: () => client({ purposes: ['codeSigning'] }),
      refusal: purpose(/allows 1\.3\.6\.1\.5\.5\.7\.3\.3 and not/),
    },
    {
      what: 'a CA for servers alone',
      values: async () => client({}, await makeCa({ purposes: ['serverAuth'] })),
      refusal: purpose(/the option ca/),
    },
    { what: 'a CA for clients', values: async () => client({}, await makeCa({ purposes: ['clientAuth'] })) },
    { what: 'SHA-512', values: () => client({ digest: 'sha512' }) },
    {
      what: 'RSASSA-PSS by an RSA CA',
      values: async () => client({ pss: true }, await makeCa({ keyType: 'rsa2048' })),
    },
    {
      what: 'SHA-1 with ECDSA',
      values: () => client({ digest: 'sha1' }),
      refusal: { code: 'ERR_IDENTITY_SIGNATURE', says: /signed with ecdsa-with-SHA1, which dockerd refuses/ },
    },
    {
      what: 'SHA-1 with RSA',
      values: async () => client({ digest: 'sha1' }, await makeCa({ keyType: 'rsa2048' })),
      refusal: { code: 'ERR_IDENTITY_SIGNATURE', says: /sha1WithRSA/ },
    },
    {
      what: 'MD5 with RSA',
      values: async () => client({ digest: 'md5' }, await makeCa({ keyType: 'rsa2048' })),
      refusal: { code: 'ERR_IDENTITY_SIGNATURE', says: /md5WithRSA/ },
    },
    { what: 'SHA-224', values: () => client({ digest: 'sha224' }), refusal: { code: 'ERR_IDENTITY_SIGNATURE' } },
    {
      what: "SHA-1 on the CA's own certificate, which nobody verifies",
      values: async () => client({ digest: 'sha256' }, await makeCa({ digest: 'sha1' })),
    },
  ])

  test('a certificate without a common name is a warning', async () => {
    const identity = await loadIdentity(await client({ commonName: '' }))
    assert.match(identity.warnings.join(), /the option cert has no common name, so .* authorization plugins/)
  })
})

describe('the set: which belongs to which', needs, () => {
  judge([
    {
      what: "another's key",
      values: async () => ({ ca: ca.cert, cert: alice.cert, key: (await makeBob()).key }),
      refusal: mismatch(/checking the option key: it is not the key of the option cert \(CN=alice\)\./),
    },
    {
      what: "another's key of another type",
      values: async () => ({ ca: ca.cert, cert: alice.cert, key: (await makeClient(ca, { keyType: 'ed25519' })).key }),
      refusal: mismatch(),
    },
    {
      what: "the CA's own key",
      values: () => ({ ca: ca.cert, cert: alice.cert, key: ca.key }),
      refusal: mismatch(
        /but of the option ca \(CN=Test CA\): whoever can read this file can issue certificates/,
        /\nMove the CA/,
      ),
    },
    {
      what: 'ca and cert swapped',
      values: () => ({ ca: alice.cert, cert: ca.cert, key: alice.key }),
      refusal: mismatch(/but of the option ca \(CN=alice\)/, /and the CA into ca\.pem/),
    },
    {
      what: "a client's certificate as the CA",
      values: () => ({ ca: alice.cert, cert: alice.cert, key: alice.key }),
      refusal: { code: 'ERR_IDENTITY_CA_INVALID', says: /it is a client's certificate, not a CA's/ },
    },
    {
      what: "a server's certificate as the CA",
      values: async () => ({ ca: (await makeServer(ca)).cert, ...alice }),
      refusal: { code: 'ERR_IDENTITY_CA_INVALID', says: /it is a server's certificate/ },
    },
    {
      what: 'no basic constraints on the CA',
      values: async () => ({ ca: (await makeCertificate({ key: ca.key })).cert, ...alice }),
      refusal: { code: 'ERR_IDENTITY_CA_INVALID', says: /CA:TRUE/ },
    },
    {
      what: 'a CA that may not sign certificates',
      values: async () => ({ ca: (await makeCa({ key: ca.key, keyUsage: ['digitalSignature'] })).cert, ...alice }),
      refusal: { code: 'ERR_IDENTITY_CA_INVALID' },
    },
    {
      what: 'one of two is no CA',
      values: () => ({ ca: ca.cert + alice.cert, ...alice }),
      refusal: { code: 'ERR_IDENTITY_CA_INVALID', says: /certificate 2 of the option ca/ },
    },
    {
      what: 'another CA',
      values: async () => ({ ca: (await makeCa({ commonName: 'Other CA' })).cert, ...alice }),
      refusal: {
        code: 'ERR_IDENTITY_ISSUER',
        says: [/issued by CN=Test CA, and ca\.pem holds only the option ca \(CN=Other CA\)/, /foreignClientCa/],
      },
    },
    {
      what: 'a CA of the same name',
      values: async () => ({ ca: (await makeCa()).cert, ...alice }),
      refusal: {
        code: 'ERR_IDENTITY_ISSUER',
        says: [/has the name of the option ca \(CN=Test CA\), but another key/, /of one CA/],
      },
    },
    {
      what: 'two CAs of the same name, one of them right',
      values: async () => ({ ca: (await makeCa()).cert + ca.cert, ...alice }),
    },
    {
      what: 'self-signed',
      values: async () => ({ ca: ca.cert, ...(await makeCertificate({ commonName: 'alice' })) }),
      refusal: { code: 'ERR_IDENTITY_ISSUER', says: /it is self-signed/ },
    },
    {
      what: 'another CA, with foreignClientCa',
      values: async () => ({ ca: (await makeCa({ commonName: 'Other CA' })).cert, ...alice }),
      options: { foreignClientCa: true },
    },
    {
      what: 'another CA, which expired, with foreignClientCa',
      values: async () => ({ ca: (await makeCa({ from: daysFromNow(-9), to: daysFromNow(-4) })).cert, ...alice }),
      options: { foreignClientCa: true },
      refusal: { code: 'ERR_IDENTITY_CA_EXPIRED' },
    },
    {
      what: 'a server certificate, with foreignClientCa',
      values: async () => ({ ca: (await makeCa()).cert, ...(await makeServer(ca)) }),
      options: { foreignClientCa: true },
      refusal: { code: 'ERR_IDENTITY_PURPOSE' },
    },
  ])

  test('a private key in a public file is a warning', async () => {
    const identity = await loadIdentity({ ca: ca.cert, cert: alice.cert + alice.key, key: alice.key })
    assert.match(identity.warnings.join(), /the option cert also contains a private key/)
  })
})

describe('intermediate CAs', needs, () => {
  let middle: Made
  let lower: Made
  let carol: Made
  before(async () => {
    middle = await makeCa({ commonName: 'Middle CA', issuer: ca })
    lower = await makeCa({ commonName: 'Lower CA', issuer: middle })
    carol = await makeClient(lower, { commonName: 'carol' })
  })
  const chained = (cert: string, root: string = ca.cert): IdentityValues => ({ ca: root, cert, key: carol.key })
  judge([
    { what: 'the whole chain', values: () => chained(carol.cert + lower.cert + middle.cert) },
    {
      what: 'the chain in another order, and the root with it',
      values: () => chained(carol.cert + ca.cert + middle.cert + lower.cert),
    },
    { what: 'the issuer itself in ca.pem', values: () => chained(carol.cert, lower.cert) },
    { what: 'all of them in ca.pem', values: () => chained(carol.cert, ca.cert + middle.cert + lower.cert) },
    {
      what: 'one is missing',
      values: () => chained(carol.cert + lower.cert),
      refusal: { code: 'ERR_IDENTITY_ISSUER', says: /issued by CN=Middle CA \(through 1 intermediate CA\)/ },
    },
    {
      what: 'all are missing',
      values: () => chained(carol.cert),
      refusal: { code: 'ERR_IDENTITY_ISSUER', says: /issued by CN=Lower CA, and/ },
    },
    {
      what: 'upside down',
      values: () => chained(middle.cert + lower.cert + carol.cert),
      refusal: { code: 'ERR_IDENTITY_KEY_MISMATCH', says: /but of certificate 3 of the option cert \(CN=carol\)/ },
    },
    {
      what: 'the root made anew',
      values: async () => chained(carol.cert + lower.cert + middle.cert, (await makeCa()).cert),
      refusal: { code: 'ERR_IDENTITY_ISSUER', says: /\(through 2 intermediate CAs\) has the name of/ },
    },
    {
      what: 'an intermediate that expired',
      values: async () =>
        chained(
          carol.cert +
            lower.cert +
            (
              await makeCa({
                commonName: 'Middle CA',
                key: middle.key,
                issuer: ca,
                from: daysFromNow(-9),
                to: daysFromNow(-2),
              })
            ).cert,
        ),
      refusal: {
        code: 'ERR_IDENTITY_EXPIRED',
        says: /certificate 3 of the option cert \(CN=Middle CA\): it expired 2 days ago/,
      },
    },
    {
      what: 'an intermediate signed with SHA-1',
      values: async () =>
        chained(
          carol.cert +
            lower.cert +
            (await makeCa({ commonName: 'Middle CA', key: middle.key, issuer: ca, digest: 'sha1' })).cert,
        ),
      refusal: { code: 'ERR_IDENTITY_SIGNATURE', says: /certificate 3/ },
    },
    {
      what: 'an intermediate that is no CA',
      values: async () =>
        chained(
          carol.cert +
            lower.cert +
            (await makeCertificate({ commonName: 'Middle CA', key: middle.key, issuer: ca })).cert,
        ),
      refusal: { code: 'ERR_IDENTITY_ISSUER' },
    },
    {
      what: 'an intermediate for servers alone',
      values: async () =>
        chained(
          carol.cert +
            lower.cert +
            (await makeCa({ commonName: 'Middle CA', key: middle.key, issuer: ca, purposes: ['serverAuth'] })).cert,
        ),
      refusal: { code: 'ERR_IDENTITY_PURPOSE', says: /Middle CA/ },
    },
  ])
})

describe('the call itself', needs, () => {
  const rows: [what: string, call: () => unknown, refusal: Refusal][] = [
    ['no source', () => loadIdentity(undefined as never), argument(/are undefined, not an object/)],
    ['null', () => loadIdentity(null as never), argument(/are null, not an object/)],
    ['an empty path', () => loadIdentity(''), argument(/isn't a path/)],
    ['NUL in a path', () => loadIdentity('/a\0b'), argument(/isn't a path/)],
    [
      'no key',
      () => loadIdentity({ ca: ca.cert, cert: alice.cert } as never),
      argument(/the option key: it is missing/),
    ],
    [
      'a key that is a number',
      () => loadIdentity({ ca: ca.cert, cert: alice.cert, key: 5 } as never),
      argument(/of type number/),
    ],
    [
      'a misspelt value',
      () => loadIdentity({ ca: ca.cert, ...alice, passphrse: 'x' } as never),
      { code: 'ERR_OPTION_UNKNOWN', says: /"passphrse"/ },
    ],
    [
      'an unknown option',
      () => loadIdentity({ ca: ca.cert, ...alice }, { foreignClientCA: true } as never),
      { code: 'ERR_OPTION_UNKNOWN', says: /"foreignClientCA"/ },
    ],
    [
      'a passphrase that is a number',
      () => loadIdentity({ ca: ca.cert, ...alice }, { passphrase: 1234 } as never),
      argument(/passphrase.*number/),
    ],
    [
      'foreignClientCa as text',
      () => loadIdentity({ ca: ca.cert, ...alice }, { foreignClientCa: 'false' } as never),
      argument(/foreignClientCa.*string/),
    ],
  ]
  for (const [what, call, refusal] of rows) test(`${what}: ${refusal.code}`, () => refused(call, refusal))
})

describe('a path in the place of a text', needs, () => {
  const todo = /it is a path, .*\nPass the text of the file.*certPath\.$/s
  judge(
    (['ca', 'cert', 'key'] as const).flatMap((part) =>
      ['/x/ca.pem', './key.pem\n', 'C:\\certs\\ca.pem', 'cert.pem', 'ca.crt'].map((path) => ({
        what: `${part}: ${JSON.stringify(path)}`,
        values: () => ({ ca: ca.cert, ...alice, [part]: path }),
        refusal: { code: 'ERR_IDENTITY_NOT_PEM' as const, says: todo },
      })),
    ),
  )
  judge([
    {
      what: 'base64 of PEM, which is no path though it has slashes',
      values: () => ({ ca: Buffer.from(`${ca.cert}???`).toString('base64'), ...alice }),
      refusal: { code: 'ERR_IDENTITY_NOT_PEM', says: /it has no BEGIN line/ },
    },
  ])
})
