import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { COMMANDS } from '../../lib/cli/commands.ts'
import { runCli } from './support/run-cli.ts'

/** Commands that create keys or certificates: nobody is sent to them by a slip. `cert sign` needs a request for that. */
const ISSUING =
  /docker-mtls (?:(?:init|setup|cert (?:ca|server|client|rotate-ca)|client request|grant)\b|[^?]*, (?:init|setup|ca|server|client|rotate-ca|request|grant)\b)/

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

/** Words that people type from habit, and what the error tells them to run. */
const HABITS: readonly (readonly [typed: string, says: RegExp])[] = [
  ['cert sing', /Did you mean {2}docker-mtls cert sign \?/],
  ['cert sgin', /Did you mean {2}docker-mtls cert sign \?/],
  [
    'cert rotate',
    /To renew certificates: {2}docker-mtls cert renew {2}To replace the CA in phases: .* cert rotate-ca$/m,
  ],
  ['cert delete', /docker-mtls cert revoke {2}.*docker-mtls client rm$/m],
  ['cert rm', /docker-mtls cert revoke {2}.*docker-mtls client rm$/m],
  ['cert create', /Name what to issue: {2}docker-mtls cert client {2}or {2}docker-mtls cert server$/m],
  ['cert export', /Did you mean {2}docker-mtls client export \?/],
  ['client add', /docker-mtls cert client NAME$/m],
  ['client add dave', /docker-mtls cert client dave$/m],
  ['client add a/b', /docker-mtls cert client NAME$/m],
  ['client add --force', /docker-mtls cert client NAME$/m],
  ['cert info', /To show a certificate: {2}docker-mtls cert show {2}/],
  ['client info ann', /To show a certificate: {2}docker-mtls cert show {2}/],
  ['client create', /docker-mtls cert client NAME$/m],
  ['client remove', /Did you mean {2}docker-mtls client rm \?/],
  ['client delete', /Did you mean {2}docker-mtls client rm \?/],
  ['client revoke', /Did you mean {2}docker-mtls cert revoke \?/],
  ['client renew ann', /on the machine with the CA: {2}docker-mtls cert renew ann$/m],
  ['client sign', /Did you mean {2}docker-mtls cert sign \?/],
  ['daemon undo', /Did you mean {2}docker-mtls daemon rollback \?/],
  ['daemon rm', /Did you mean {2}docker-mtls daemon remove \?/],
  ['plugin rm', /Did you mean {2}docker-mtls plugin remove \?/],
  ['context add', /Did you mean {2}docker-mtls context create \?/],
  ['context remove', /Did you mean {2}docker-mtls context rm \?/],
  ['context inspect', /Use the docker command: {2}docker context inspect$/m],
  ['renew', /Did you mean {2}docker-mtls cert renew, client renew \?/],
  ['list', /Did you mean {2}docker-mtls cert list, client ls, context ls \?/],
  ['undo', /docker-mtls setup --undo {2}.*docker-mtls daemon rollback$/m],
  ['version', /Did you mean {2}docker-mtls --version \?/],
  // Nobody is sent from one group to an unrelated one, or to a command that issues something new.
  ['daemon list', /^See: {2}docker-mtls daemon --help$/m],
  ['cert rotat', /^See: {2}docker-mtls cert --help$/m],
  ['cert request', /^See: {2}docker-mtls cert --help$/m],
  ['server', /^See: {2}docker-mtls --help$/m],
  ['rotate-ca', /^See: {2}docker-mtls --help$/m],
  ['remove', /^See: {2}docker-mtls --help$/m],
]

describe('a command by another name', () => {
  for (const [typed, says] of HABITS) {
    test(typed, async () => {
      const { code, stdout, stderr } = await runCli(typed.split(' '))
      assert.deepEqual([code, stdout], [2, ''])
      assert.match(stderr, says)
    })
  }
})
