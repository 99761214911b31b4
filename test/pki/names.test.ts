import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { describe, test } from 'node:test'
import { normaliseAddress, addressBytes } from '../../lib/pki/address.ts'
import { parseClientName, suggestClientName } from '../../lib/pki/client-name.ts'
import { createAuthority, issueServer, parseServerName, parseServerNames } from '../../lib/pki.ts'
import { requestedNames } from '../../lib/pki/recertify.ts'
import { readCertificate } from '../../lib/identity/certificate.ts'
import { quoted } from '../../lib/base/text.ts'
import { withCode } from './support/expect.ts'
import { assertProperty, fc } from '../support/properties.ts'

const label63 = 'a'.repeat(63)

/** Given, kind, value. */
const GOOD = [
  ['build01', 'dns', 'build01'],
  ['Build01.Example.COM', 'dns', 'build01.example.com'],
  ['build01.example.com.', 'dns', 'build01.example.com'],
  ['*.example.com', 'dns', '*.example.com'],
  ['my_host', 'dns', 'my_host'],
  ['1host.x1', 'dns', '1host.x1'],
  ['bücher.example', 'dns', 'xn--bcher-kva.example'],
  ['BÜCHER.example', 'dns', 'xn--bcher-kva.example'],
  ['*.bücher.example', 'dns', '*.xn--bcher-kva.example'],
  ['xn--bcher-kva.example', 'dns', 'xn--bcher-kva.example'],
  ['日本語。jp', 'dns', 'xn--wgv71a119e.jp'],
  [`${label63}.example`, 'dns', `${label63}.example`],
  ['10.0.0.4', 'ip', '10.0.0.4'],
  ['255.255.255.255', 'ip', '255.255.255.255'],
  ['::1', 'ip', '::1'],
  ['[::1]', 'ip', '::1'],
  ['2001:DB8:0:0:0:0:0:1', 'ip', '2001:db8::1'],
  ['1:2:3:4:5:6:7::', 'ip', '1:2:3:4:5:6:7:0'],
  ['64:ff9b::1.2.3.4', 'ip', '64:ff9b::102:304'],
  ['日本語．jp', 'dns', 'xn--wgv71a119e.jp'],
  ['น้ำ.example', 'dns', 'xn--q3c4c8cq.example'],
  ['ΟΔΟΣ.example', 'dns', 'xn--pxavbq.example'],
  ['stra\u00dfe.example', 'dns', 'xn--strae-oqa.example'],
  ['bu\u0308cher.example', 'dns', 'xn--bcher-kva.example'],
] as const

/** Given, words of the message, and what to write instead where that can be known. */
const BAD = [
  ['', 'empty'],
  [' ', 'white space'],
  ['build 01', 'white space'],
  [' build01', 'white space', 'build01'],
  ['build01\n', 'white space', 'build01'],
  ['build01\u0000', 'control character'],
  ['build01\u00a0', 'white space', 'build01'],
  ['build\u200b01', 'control character'],
  ['tcp://build01:2376', 'URL', 'build01'],
  ['https://build01.example.com/prefix?x#y', 'URL', 'build01.example.com'],
  ['tcp://user@10.0.0.5:2376', 'URL', '10.0.0.5'],
  ['tcp://[::1]:2376', 'URL', '::1'],
  ['build01:2376', 'port', 'build01'],
  ['build01:', 'port', 'build01'],
  ['10.0.0.4:2376', 'port', '10.0.0.4'],
  ['[::1]:2376', 'port', '::1'],
  ['::1:2376', 'port', '::1'],
  ['me@build01', 'user', 'build01'],
  ['10.0.0.0/24', 'network', '10.0.0.0'],
  ['a,b', 'list'],
  ['fe80::1%eth0', 'zone', 'fe80::1'],
  ['[fe80::1%25eth0]', 'zone', 'fe80::1'],
  ['ex%41mple.com', '%'],
  ['1::2::3', 'IPv6'],
  ['[build01]', 'letters'],
  ['::', 'to listen on'],
  ['0.0.0.0', 'to listen on'],
  ['300.1.2.3', 'IPv4'],
  ['1.2.3', 'IPv4'],
  ['10.0.0.4.5', 'IPv4'],
  ['010.0.0.1', 'IPv4'],
  ['0x7f000001', 'IPv4'],
  ['12345', 'IPv4'],
  ['*', 'wildcard'],
  ['*.com', 'wildcard'],
  ['*.10.0.0.1', 'IPv4'],
  ['a*.example.com', 'a * can only'],
  ['*.*.example.com', 'a * can only'],
  ['a.*.example.com', 'a * can only'],
  ['.example.com', 'begins with a dot', 'example.com'],
  ['.', 'dot'],
  ['a..b', 'two dots'],
  ['a..', 'two dots'],
  ['-a.example', 'begins or ends with a -'],
  ['a-.example', 'begins or ends with a -'],
  ['a!b', 'letters'],
  ['bücher\u200d.example', 'control character'],
  ['a℀b.example', '℀ stands for a/c'],
  ['①.②', '① stands for 1'],
  ['①②.com', '① stands for 1', '12.com'],
  ['Ｂuild01.example.com', 'Ｂ stands for B', 'Build01.example.com'],
  ['b\u00fc①.example', '① stands for 1', 'b\u00fc1.example'],
  ['\u212Aelvin.example', 'stands for K', 'Kelvin.example'],
  ['\ufb01sch.example', 'stands for fi', 'fisch.example'],
  ['build\ufe0f01', 'control character'],
  ['::ffff:1.2.3.4', 'it is the IPv4 address 1.2.3.4', '1.2.3.4'],
  ['[::FFFF:0102:0304]', 'it is the IPv4 address 1.2.3.4', '1.2.3.4'],
  ['tcp://[::ffff:1.2.3.4]:2376', 'URL', '1.2.3.4'],
  [`${label63}a.example`, '64 characters'],
  [`${'ü'.repeat(60)}.example`, 'DNS name'],
  [`${label63}.${label63}.${label63}.${label63}`, '255 characters'],
  ['/var/run/docker.sock', 'path'],
] as const

describe('names of a server', () => {
  test('each kind is inferred and normalised', () => {
    for (const [given, kind, value] of GOOD) assert.deepEqual(parseServerName(given), { kind, value, given })
  })

  test('a bad one is refused, with what was probably meant', () => {
    for (const [given, words, instead] of BAD) {
      const expected = instead === undefined ? [words] : [words, `Use  ${instead}  instead.`]
      assert.throws(() => parseServerName(given), withCode('ERR_NAME_INVALID', quoted(given), ...expected))
    }
  })

  test("the machine's own names are added, and nothing comes twice", () => {
    const values = parseServerNames(['b', 'B', 'b.', '::1', '[::1]']).map(({ value }) => value)
    assert.deepEqual(values, ['b', '::1', 'localhost', '127.0.0.1'])
    assert.throws(() => parseServerNames([]), withCode('ERR_NAME_INVALID', 'there are none'))
    assert.throws(() => parseServerNames('build01' as never), withCode('ERR_NAME_INVALID'))
    assert.throws(() => parseServerNames([7 as never]), withCode('ERR_ARGUMENT_INVALID'))
  })

  test('a mapped address in an older certificate is renewed as the IPv4 address', () => {
    const names = requestedNames('build01', ['build01', '::ffff:102:304', '2001:db8::1', '127.0.0.1'])
    assert.deepEqual(names, ['build01', '1.2.3.4', '2001:db8::1'])
  })

  const dnsLabel = fc.stringMatching(/^[a-z](?:[a-z0-9_-]{0,20}[a-z0-9])?$/).filter((text) => !text.startsWith('xn--'))
  const dnsName = fc.array(dnsLabel, { minLength: 1, maxLength: 6 }).map((labels) => labels.join('.'))
  const address = fc
    .oneof(fc.ipV4(), fc.ipV6())
    .filter((text) => !['0.0.0.0', '::'].includes(normaliseAddress(text) ?? '::'))

  test('any valid names come back from the certificate, whoever reads it', async (t) => {
    const authority = await createAuthority()
    await assertProperty(
      t,
      fc.asyncProperty(fc.array(fc.oneof(dnsName, address), { minLength: 1, maxLength: 8 }), async (names) => {
        const { cert } = await issueServer(authority, { names })
        const wanted = parseServerNames(names).map(({ value }) => value)
        const { names: read } = readCertificate(cert)
        assert.deepEqual([...read.dns, ...read.ip].toSorted(), wanted.toSorted())
        const x509 = new X509Certificate(cert)
        for (const { kind, value } of parseServerNames(names)) {
          assert.ok(kind === 'ip' ? x509.checkIP(value) : x509.checkHost(value), value)
        }
      }),
      { numRuns: 60 },
    )
  })

  test('whatever the text, it is a name or our error', (t) => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.webUrl(),
      fc.string({ unit: fc.constantFrom('a', '.', '-', ':', '[', ']', '/', '*', '%', '1') }),
    )
    assertProperty(
      t,
      fc.property(text, (given) => {
        try {
          const { kind, value } = parseServerName(given)
          assert.deepEqual(parseServerName(value), { kind, value, given: value })
          assert.match(value, kind === 'dns' ? /^(?:\*\.)?[a-z0-9_.-]+$/ : /^[\da-f.:]+$/)
        } catch (error) {
          withCode('ERR_NAME_INVALID')(error)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('addresses have 4 or 16 bytes', () => {
    assert.deepEqual([...addressBytes('10.0.0.4')], [10, 0, 0, 4])
    assert.equal(addressBytes('2001:db8::1').toString('hex'), '20010db8000000000000000000000001')
    assert.equal(addressBytes('::').toString('hex'), '0'.repeat(32))
    assert.equal(addressBytes('::1').length, 16)
    assert.equal(addressBytes('1::').toString('hex'), `0001${'0'.repeat(28)}`)
  })
})

describe('the name of a client', () => {
  test('good ones', () => {
    for (const name of ['alice', 'CI', '7', 'ci-runner_2', 'a'.repeat(64)]) assert.equal(parseClientName(name), name)
  })

  test('bad ones, with a better one where there is one', () => {
    const rows = [
      ['', 'empty'],
      ['first.last', 'dot', 'first-last'],
      ['..', 'dot'],
      ['../../etc', 'dot', 'etc'],
      ['a/b', 'letters', 'a-b'],
      ['a\\b', 'letters', 'a-b'],
      ['-a', 'begins', 'a'],
      ['_a', 'begins', 'a'],
      ['a b', 'letters', 'a-b'],
      ['a\n', 'letters', 'a'],
      ['a\0b', 'letters', 'a-b'],
      ['café', 'letters', 'cafe'],
      ['你好', 'letters'],
      ['a'.repeat(65), '65 characters', 'a'.repeat(64)],
      ['NUL', 'Windows'],
      ['com1', 'Windows'],
    ] as const
    for (const [name, words, instead] of rows) {
      const expected = instead === undefined ? [words] : [words, `Use  ${instead}  instead.`]
      assert.throws(() => parseClientName(name), withCode('ERR_NAME_INVALID', ...expected))
    }
    assert.throws(() => parseClientName(undefined as never), withCode('ERR_ARGUMENT_INVALID'))
  })

  test('a suggestion is a name, or there is none', (t) => {
    assert.equal(suggestClientName('John.Doe'), 'John-Doe')
    assert.equal(suggestClientName('...'), undefined)
    assertProperty(
      t,
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const name = suggestClientName(text)
        if (name !== undefined) assert.equal(parseClientName(name), name)
      }),
    )
  })
})
