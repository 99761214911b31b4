import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bypassOf } from '../../lib/authz-plugin/bypass.ts'

test('versions of dockerd that show plugins less than all', () => {
  for (const version of ['26.1.5', '26.1.5+dfsg1', 'v29.3.0', '29.2.9', '19.3.1', '2.99.99'])
    assert.match(bypassOf(version) ?? '', /older than 29\.3\.1.*CVE-2026-34040/, version)
  for (const version of ['29.3.1', '29.3.1-rc.1', '29.3.10', '29.4.0', '30.0.0', '100.0.0', 'dev', ''])
    assert.equal(bypassOf(version), undefined, version)
})
