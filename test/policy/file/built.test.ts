import assert from 'node:assert/strict'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import * as source from '../../../lib/policy.ts'
import { buildPackage } from '../../runner/package.ts'

const RULES = 'rules: [{name: a, who: {commonName: ann}, level: baseline, only: {images: [alpine]}}]'
const TEXTS = [
  `version: 1\n${RULES}`,
  `version: 1\n${RULES}\n# \u00eb`,
  'version: 1\nrules:\n  - name: >-\n      a\n    who: { "any": true }\n    level: |-\n      baseline\n',
  '',
  'version: 1\n  rules: []',
  'rules: [',
  'a: b: c',
  '"\\x"',
  'version: *a',
  'version: 1\n---\nversion: 1',
  `version: 0x1\n${RULES}`,
  `version: 1\n${RULES.replace('ann', '.inf')}`,
  `version: 1\n${RULES.replace('baseline', 'bseline')}`,
]

/** The policy in a text, or the message of its error. */
function outcome({ parsePolicy }: Pick<typeof source, 'parsePolicy'>, text: string): unknown {
  try {
    return parsePolicy(text, 'policy.yaml')
  } catch (error) {
    assert.ok(source.isDockerMtlsError(error, 'ERR_POLICY_INVALID'))
    return error.message
  }
}

test('the built package, which has the ES modules of yaml, reads policies as the sources do', async () => {
  const path = join(dirname(await buildPackage()), '../policy.js')
  const built = (await import(pathToFileURL(path).href)) as typeof source
  for (const text of TEXTS) assert.deepEqual(outcome(built, text), outcome(source, text), text)
  assert.equal(TEXTS.filter((text) => typeof outcome(built, text) === 'object').length, 4)
})
