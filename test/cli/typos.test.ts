import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { COMMANDS } from '../../lib/cli/commands.ts'
import { runCli } from './support/run-cli.ts'

/** Commands that create keys or certificates: nobody is sent to them by a slip. */
const ISSUING =
  /docker-mtls (?:(?:init|setup|cert (?:ca|server|client|sign|rotate-ca)|client request)\b|[^?]*, (?:init|setup|ca|server|client|sign|rotate-ca|request)\b)/

/** A letter that is missing, doubled, wrong, or swapped with the next one. */
function slips(word: string): string[] {
  const letters = Array.from(word)
  const all = letters.flatMap((letter, index) => [
    letters.toSpliced(index, 1),
    letters.toSpliced(index, 0, letter),
    letters.toSpliced(index, 1, 'x'),
    letters.toSpliced(index, 2, letters[index + 1] ?? '', letter),
  ])
  return [...new Set(all.map((slip) => slip.join('')))].filter((slip) => slip.length > 1)
}

describe('a slip in the name of a command', () => {
  for (const { words } of COMMANDS) {
    const name = words.join(' ')
    test(name, async () => {
      const group = words.slice(0, -1)
      const taken = new Set(COMMANDS.flatMap((other) => [other.words[0], other.words.join(' ')]))
      let corrected = 0
      for (const slip of slips(words.at(-1) ?? '').filter((one) => !taken.has([...group, one].join(' ')))) {
        const { code, stderr } = await runCli([...group, slip])
        const [, meant = ''] = /Did you mean ([^?]*)\?/.exec(stderr) ?? []
        assert.equal(code, 2, stderr)
        assert.doesNotMatch(meant, ISSUING)
        if (meant.includes(words.at(-1) ?? '')) corrected++
      }
      if (ISSUING.test(`docker-mtls ${name}`)) assert.equal(corrected, 0)
      else assert.ok(corrected > 0, 'no slip is corrected')
    })
  }
})
