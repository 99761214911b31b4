import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { renderReport } from '../../../lib/audit.ts'
import { GATEWAY } from '../../../lib/audit/checks/gateway.ts'
import { FORMATS } from '../../../lib/audit/names.ts'
import { auditSnapshot } from '../../../lib/audit/report.ts'
import type { Answer, TlsFacts } from '../../../lib/audit/snapshot/tls-schema.ts'
import { runCases, type Cases, type Row } from '../support/cases.ts'
import { changed, findingsOf, GOOD, type Change } from '../support/daemon-snapshot.ts'
import { goodTls } from '../support/tls-snapshots.ts'

const BEHIND: Change = { gateway: { value: { shows: 'all' } } }

function tls(changes: Partial<TlsFacts> = {}): Change {
  return { ...BEHIND, tls: { value: goodTls(changes) } }
}

/** The gateway's host, on which something answers so at a port. */
function beside(port: number, answer: Answer): Change {
  return tls({ neighbours: { value: [{ port, answer }] } })
}

const AROUND: readonly Row[] = [
  ['pass', 'all other ports are closed', tls()],
  ['pass', 'a firewall', beside(2376, 'filtered')],
  ['pass', 'a port of others', beside(5000, 'http')],
  ['fail', 'Docker without TLS', beside(2375, 'docker')],
  ['warn', 'TLS', beside(2376, 'refused')],
  ['unknown', 'silence', beside(2376, 'silent')],
  ['unknown', 'no look', tls({ neighbours: { unknown: 'no answer in time' } })],
  ['unknown', 'nobody knows whether there is a gateway', { ...tls(), gateway: { unknown: 'an older snapshot' } }],
  ['not-applicable', 'no gateway', { ...tls(), gateway: { value: null } }],
  ['not-applicable', 'a local socket of a gateway', BEHIND],
]
const CASES: Cases = { 'T-AROUND': AROUND }

describe('checks of what is beside a gateway', () => runCases(GATEWAY, CASES))

describe('a report about a daemon behind a gateway', () => {
  test('does not say that every client is root', () => {
    const info = { Plugins: { Authorization: [] } }
    const [finding] = findingsOf('D-AUTHZ', changed({ ...BEHIND, info }))
    assert.equal(finding?.status, 'pass')
    assert.match(finding.detail ?? '', /whose policy is not visible/)
    assert.equal(findingsOf('D-AUTHZ', changed({ info }))[0]?.status, 'warn')
    const nobodyKnows = changed({ info, gateway: { unknown: 'an older snapshot' } })
    assert.equal(findingsOf('D-AUTHZ', nobodyKnows)[0]?.status, 'unknown')
  })

  test('says so in every format that has notes, and in JSON', () => {
    const report = auditSnapshot(changed(BEHIND))
    for (const format of FORMATS) {
      const text = renderReport(report, format)
      if (['text', 'markdown', 'html'].includes(format))
        assert.match(text, /A\s+gateway\s+of\s+docker-mtls\s+answers/, format)
      assert.doesNotMatch(renderReport(auditSnapshot(GOOD), format), /gateway\s+of\s+docker-mtls\s+answers/)
    }
    assert.equal(JSON.parse(renderReport(report, 'json')).hosts[0].gateway, true)
    assert.equal(JSON.parse(renderReport(auditSnapshot(GOOD), 'json')).hosts[0].gateway, undefined)
  })
})
