import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { runCli } from './support/run-cli.ts'

describe('a word too many at daemon apply', () => {
  const rows: readonly (readonly [words: string[], remedy: RegExp])[] = [
    [['--userns-remap', 'nosuch'], /docker-mtls daemon apply --userns-remap=nosuch$/m],
    [['server'], /docker-mtls daemon apply --from server$/m],
  ]
  for (const [words, remedy] of rows) {
    test(words.join(' '), async () => {
      const { code, stderr } = await runCli(['daemon', 'apply', ...words])
      assert.equal(code, 2)
      assert.match(stderr, /the argument ".*" is unexpected/)
      assert.match(stderr, remedy)
    })
  }
})
