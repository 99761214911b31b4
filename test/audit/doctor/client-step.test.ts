import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { renderSentence } from '../../../lib/base/sentence.ts'
import { errorWithCode } from '../../../lib/base/system-error.ts'
import { clientStep } from '../../../lib/audit/doctor/client-step.ts'
import { plainStep, type StepCode } from '../../../lib/audit/doctor/step.ts'
import type { TlsEvidence } from '../../../lib/audit/doctor/tls-evidence.ts'
import { explainFault } from '../../../lib/transport/faults.ts'

/** A server that sends this alert, and accepts clients of these CAs. */
function seen(alert: string, accepted: readonly string[] | 'unknown'): TlsEvidence {
  const error = explainFault(errorWithCode(`ERR_SSL_SSLV3_ALERT_${alert}`, alert), {
    target: 'tcp://h:2376',
    kind: 'tls',
  })
  const client = {
    subject: 'CN=alice',
    issuer: 'CN=One CA',
    validFrom: new Date('2026-01-01'),
    validTo: new Date('2036-01-01'),
  }
  const acceptedAuthorities = accepted === 'unknown' ? accepted : accepted.map((name) => ({ name }))
  return {
    attempt: { error },
    identity: { client },
    server: { value: { acceptedAuthorities } },
  } as unknown as TlsEvidence
}

const ROWS: readonly (readonly [string, readonly string[] | 'unknown', StepCode, finding: RegExp, remedy: RegExp])[] = [
  [
    'CERTIFICATE_REQUIRED',
    ['CN=Two CA'],
    'ERR_CLIENT_CERT_REQUIRED',
    /accepts clients of CN=Two CA, but your certificate is of CN=One CA$/,
    /cert client NAME/,
  ],
  [
    'CERTIFICATE_REQUIRED',
    'unknown',
    'ERR_CLIENT_CERT_REQUIRED',
    /\(alert "certificate required"\)$/,
    /cert client NAME/,
  ],
  [
    'UNKNOWN_CA',
    ['CN=Two CA', 'CN=3'],
    'ERR_CLIENT_CERT_UNTRUSTED',
    /of CN=Two CA and CN=3, but your certificate/,
    /--tlscacert/,
  ],
  ['UNKNOWN_CA', ['CN=One CA'], 'ERR_CLIENT_CERT_UNTRUSTED', /with another key: the CA was replaced$/, /--tlscacert/],
  [
    'UNKNOWN_CA',
    [],
    'ERR_CLIENT_CERT_UNTRUSTED',
    /accepts only clients of CAs that its system trusts, and yours is not one of them$/,
    /--tlscacert/,
  ],
  [
    'CERTIFICATE_EXPIRED',
    ['CN=One CA'],
    'ERR_CLIENT_CERT_EXPIRED',
    /valid from 2026-01-01 until 2036-01-01.*one of the clocks is wrong/,
    /date -u/,
  ],
  ['BAD_CERTIFICATE', ['CN=One CA'], 'ERR_CLIENT_CERT_REFUSED', /isn't for clients/, /cert client NAME/],
  ['UNSUPPORTED_CERTIFICATE', ['CN=One CA'], 'ERR_CLIENT_CERT_REFUSED', /type of client certificate/, /P-256/],
  ['CERTIFICATE_REVOKED', ['CN=One CA'], 'ERR_CLIENT_CERT_REFUSED', /"certificate revoked"/, /journalctl -u docker/],
]

describe('what the alert of a server means', () => {
  for (const [alert, accepted, code, finding, remedy] of ROWS) {
    test(`${alert}, accepting ${accepted === 'unknown' ? accepted : accepted.join(', ') || 'any'}`, () => {
      const step = clientStep(seen(alert, accepted))
      assert.deepEqual([step.step, step.status, step.code], ['client', 'failed', code])
      assert.equal(step.facts['alert'], alert.toLowerCase().replaceAll('_', ' '))
      assert.match(renderSentence(step.finding), finding)
      assert.match(renderSentence(step.remedy ?? ''), remedy)
    })
  }

  test('names of a stranger are escaped where they are shown', () => {
    const step = plainStep(clientStep(seen('UNKNOWN_CA', ['CN=\u001b[31m\u202eevil\n'])))
    assert.match(step.finding, /CN=<U\+001B>\[31m<U\+202E>evil<U\+000A>/)
  })
})
