import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { matchRule } from '../../../lib/policy/who/match.ts'
import { definePolicy, type CertificateIdentity, type PolicyIdentity } from '../../../lib/policy.ts'

const FINGERPRINT = 'AB:'.repeat(31) + 'AB'
const ISSUER = 'CD:'.repeat(31) + 'CD'

const ANN: CertificateIdentity = {
  commonName: 'ann',
  organizationalUnits: ['ci', 'dev'],
  dns: ['build.example.com'],
  uris: ['spiffe://example.com/ci'],
  ips: ['10.0.0.1', '2001:db8::1'],
  fingerprint256: FINGERPRINT,
  issuerFingerprints256: [ISSUER],
}
const NOBODY: CertificateIdentity = {
  organizationalUnits: [],
  dns: [],
  uris: [],
  ips: [],
  fingerprint256: ISSUER,
  issuerFingerprints256: [],
}

/** The name of the rule that applies, of rules that are called by their index. */
function matched(whos: readonly object[], identity: PolicyIdentity): string | undefined {
  const rules = whos.map((who, index) => ({ name: String(index), who, level: 'restricted' }))
  return matchRule(definePolicy({ version: 1, rules }), identity)?.name
}

describe('a condition of a certificate', () => {
  const rows: [who: object, holds: boolean][] = [
    [{ commonName: 'ann' }, true],
    [{ commonName: ['bob', 'ann'] }, true],
    [{ commonName: 'Ann' }, false],
    [{ commonName: 'an' }, false],
    [{ commonName: 'ann*' }, false],
    [{ commonName: 'ci' }, false],
    [{ organizationalUnit: 'ci' }, true],
    [{ organizationalUnit: ['admins', 'dev'] }, true],
    [{ organizationalUnit: 'CI' }, false],
    [{ organizationalUnit: 'ann' }, false],
    [{ dns: 'BUILD.example.com' }, true],
    [{ dns: 'example.com' }, false],
    [{ dns: 'a.build.example.com' }, false],
    [{ uri: 'spiffe://example.com/ci' }, true],
    [{ uri: 'spiffe://example.com/ci/' }, false],
    [{ uri: 'spiffe://example.com/CI' }, false],
    [{ uri: 'spiffe://example.com/%63i' }, false],
    [{ ip: '10.0.0.1' }, true],
    [{ ip: '2001:DB8:0:0::1' }, true],
    [{ ip: '::ffff:10.0.0.1' }, false],
    [{ fingerprint: FINGERPRINT.toLowerCase() }, true],
    [{ fingerprint: FINGERPRINT.replaceAll(':', '') }, true],
    [{ fingerprint: ISSUER }, false],
    [{ issuer: ISSUER }, true],
    [{ issuer: FINGERPRINT }, false],
    [{ socket: 'ann' }, false],
    [{ any: true }, true],
    [{ commonName: 'ann', organizationalUnit: 'dev', ip: '10.0.0.1' }, true],
    [{ commonName: 'ann', organizationalUnit: 'admins' }, false],
    [{ commonName: 'bob', organizationalUnit: 'ci' }, false],
  ]
  for (const [who, holds] of rows) {
    test(`${JSON.stringify(who)} ${holds ? 'holds' : "doesn't hold"}`, () =>
      assert.equal(matched([who], { certificate: ANN }), holds ? '0' : undefined))
    if ('any' in who) continue
    test(`${JSON.stringify(who)} doesn't hold for a certificate without names`, () =>
      assert.equal(matched([who], { certificate: { ...NOBODY, fingerprint256: '' } }), undefined))
  }
})

describe('a caller on a local socket', () => {
  test('is meant by the name of the socket', () => {
    assert.equal(matched([{ socket: 'other' }, { socket: ['x', 'agent'] }], { socket: 'agent' }), '1')
  })
  test('is meant by any', () => assert.equal(matched([{ any: true }], { socket: 'agent' }), '0'))
  test('has no names of a certificate', () => {
    assert.equal(matched([{ commonName: 'agent' }, { organizationalUnit: 'agent' }], { socket: 'agent' }), undefined)
  })
  test('must have exactly this name', () => {
    assert.equal(matched([{ socket: 'agent' }], { socket: 'Agent' }), undefined)
  })
})

describe('of several rules', () => {
  test('the first decides', () => {
    const whos = [{ commonName: 'bob' }, { organizationalUnit: 'ci' }, { commonName: 'ann' }, { any: true }]
    assert.equal(matched(whos, { certificate: ANN }), '1')
    assert.equal(matched(whos, { certificate: { ...ANN, organizationalUnits: [] } }), '2')
    assert.equal(matched(whos, { certificate: NOBODY }), '3')
  })
  test('none decides about a stranger', () => {
    assert.equal(matched([{ commonName: 'ann' }], { certificate: NOBODY }), undefined)
  })
})
