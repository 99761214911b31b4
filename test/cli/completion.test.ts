import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { KEY_TYPES } from '../../lib/pki/key-type.ts'
import { KEY_TYPES as OFFERED_KEY_TYPES } from '../../lib/cli/command-line/options.ts'
import { COMMANDS } from '../../lib/cli/commands.ts'
import { renderBash } from '../../lib/cli/completion/bash.ts'
import { renderFish } from '../../lib/cli/completion/fish.ts'
import { renderPowerShell } from '../../lib/cli/completion/powershell.ts'
import type { KnownCommand } from '../../lib/cli/completion/tree.ts'
import { renderZsh } from '../../lib/cli/completion/zsh.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { COMPLETE } from './support/completions.ts'
import { runCli } from './support/run-cli.ts'

const cwd = await temporaryFolder()
const bin = join(cwd, 'bin')
const path = `${bin}:/usr/bin:/bin`
const SHELLS = ['bash', 'zsh', 'fish'] as const
const RENDERERS = { bash: renderBash, zsh: renderZsh, fish: renderFish }

/** A name that becomes a command wherever something evaluates it. */
const HOSTILE = '$(touch pwned)`touch pwned`'

async function program(name: string, text: string): Promise<void> {
  await writeFile(join(bin, name), `#!/bin/sh\n${text}\n`)
  await chmod(join(bin, name), 0o755)
}

async function scriptOf(shell: string): Promise<string> {
  const { code, stdout, stderr } = await runCli(['completion', shell])
  assert.deepEqual([code, stderr], [0, ''])
  return stdout
}

/** Without descriptions. zsh adds some matches in two groups. */
function wordsOf(found: readonly string[]): string[] {
  return [...new Set(found.map((line) => line.replace(/ .*/, '')))]
}

before(async () => {
  for (const name of ['bin', 'docs', 'other/clients/carol', 'docker-mtls/clients/alice', 'docker-mtls/clients/bob']) {
    await mkdir(join(cwd, name), { recursive: true })
  }
  await mkdir(join(cwd, 'docker-mtls/clients', HOSTILE))
  await mkdir(join(cwd, 'docker-mtls/hosts/web.example.com'), { recursive: true })
  await mkdir(join(cwd, 'docker-mtls/hosts', HOSTILE))
  await writeFile(join(cwd, 'dotenv.txt'), '')
  await program('docker', `[ "$*" = 'context ls -q' ] && printf '%s\\n' default prod '${HOSTILE}'`)
  for (const name of ['node', 'npx', 'docker-mtls']) await program(name, 'touch started')
})

/** A line, words that must be offered, and words that must not. */
const ROWS: readonly (readonly [line: string, offered: readonly string[], not: readonly string[]])[] = [
  ['docker-mtls ', ['init', 'cert', 'ping', 'completion', 'plugin'], ['ca', 'alice', 'docs', 'docs/']],
  ['docker-mtls c', ['cert', 'client', 'context', 'completion'], ['init', 'ping']],
  ['docker-mtls --v', ['--version'], ['--help', 'init']],
  ['docker-mtls cert ', ['ca', 'rotate-ca', 'list'], ['init', 'env', 'cert']],
  ['docker-mtls cert re', ['renew'], ['rotate-ca', 'ca']],
  ['docker-mtls cert --', ['--help'], ['--key-type', 'ca']],
  ['docker-mtls ping --', ['--host', '--timeout', '--json', '--help'], ['--out', '--version', 'alice']],
  ['docker-mtls ping --host x --j', ['--json'], ['--host']],
  ['docker-mtls init x --no', ['--no-userns-remap'], ['--no-live-restore']],
  ['docker-mtls init --key-type ', KEY_TYPES, ['--json', 'docs', 'alice']],
  ['docker-mtls init --key-type rsa', ['rsa2048', 'rsa3072', 'rsa4096'], ['p256']],
  ['docker-mtls audit --fail-on ', ['critical', 'high', 'medium', 'low'], ['--json']],
  ['docker-mtls audit --profile cis', ['cis-1.8', 'cis-1.6'], ['docker-mtls']],
  ['docker-mtls cert rotate-ca --phase ', ['trust', 'server', 'clients', 'finish'], ['abort']],
  ['docker-mtls client env --shell ', ['bash', 'zsh', 'sh', 'fish', 'powershell', 'cmd', 'dotenv'], ['pwsh']],
  ['docker-mtls completion ', ['bash', 'zsh', 'fish', 'powershell'], ['sh', 'docs']],
  ['docker-mtls ping --dotenv do', ['dotenv.txt', 'docs/', 'docker-mtls/'], []],
  ['docker-mtls ping --cert-path do', ['docs/', 'docker-mtls/'], ['dotenv.txt']],
  ['docker-mtls cert show do', ['dotenv.txt', 'docs/'], ['--json']],
  ['docker-mtls ping --host do', [], ['docs/', 'dotenv.txt']],
  ['docker-mtls client export ', ['alice', 'bob'], ['carol', '--json', 'docs/']],
  ['docker-mtls client export --dir other ', ['carol'], ['alice']],
  ['docker-mtls cert renew alice b', ['bob'], ['alice']],
  ['docker-mtls client rm alice ', ['bob'], ['alice']],
  ['docker-mtls client rm alice', ['alice'], ['bob']],
  ['docker-mtls context rm prod ', ['default'], ['prod']],
  ['docker-mtls cert renew --host ', ['server', 'web.example.com'], ['alice', 'docs/']],
  ['docker-mtls cert revoke --host w', ['web.example.com'], ['server']],
  ['docker-mtls cert revoke ann --reason k', ['keyCompromise'], ['superseded']],
  ['docker-mtls audit --skip ', ['container', 'tls'], ['alice', 'docs/']],
  ['docker-mtls audit --only cont', ['container'], ['tls']],
  ['docker-mtls help ', ['cert', 'ping', 'init'], ['--json', 'alice']],
  ['docker-mtls help cert re', ['renew', 'revoke'], ['ca']],
  ['docker-mtls help context ', ['ls', 'rm'], ['cert']],
  ['docker-mtls context create x --client a', ['alice'], ['bob']],
  ['docker-mtls ping --context ', ['default', 'prod'], ['docs/', 'alice']],
  ['docker-mtls context rm p', ['prod'], ['default']],
  ['docker-mtls nonsense ', [], ['init', 'alice', '--json']],
  ['npx docker-mtls cert re', ['renew'], ['rotate-ca']],
  ['npx -y docker-mtls ping --ho', ['--host'], ['--json']],
]
/** With = the shells offer the value alone, or the whole word. */
const EQUALS: (typeof ROWS)[number] = ['docker-mtls audit --format=j', ['json', 'junit'], ['text', 'sarif']]

for (const shell of SHELLS) {
  describe(shell, { skip: lacks(shell) }, () => {
    test('completes commands, options, values, files, clients and contexts, without starting Node', async () => {
      const rows = [...ROWS, EQUALS]
      const script = await scriptOf(shell)
      const results = await COMPLETE[shell](
        { script, cwd, path },
        rows.map(([line]) => line),
      )
      for (const [index, [line, offered, not]] of rows.entries()) {
        const offers = wordsOf(results[index] ?? []).map((word) => word.replace(/^--format=/, ''))
        // bash and zsh add the slash of a folder later.
        const has = (word: string): boolean => offers.includes(word) || offers.includes(word.replace(/\/$/, ''))
        const seen = `${JSON.stringify(line)} offers ${offers.join(' ')}`
        for (const word of offered) assert.ok(has(word), `${seen}, without ${word}`)
        for (const word of not) assert.ok(!has(word), `${seen}, with ${word}`)
      }
      assert.ok(!existsSync(join(cwd, 'started')), 'it started node')
      assert.ok(!existsSync(join(cwd, 'pwned')), 'it ran a name')
    })

    test('never runs what a description or a name contains, and shows descriptions as they are', async () => {
      const description = `it's "$HOME" $(touch pwned) \`touch pwned\` \\ [x] {a,b} %d: ;& *`
      const top: KnownCommand = {
        words: [],
        commands: [{ name: 'odd', summary: description }],
        options: [{ flag: '--help', description: 'help' }],
        operands: [],
      }
      const odd: KnownCommand = {
        words: ['odd'],
        commands: [],
        options: [
          {
            flag: '--value',
            description: `1 ${description}`,
            value: { name: 'a:b', kind: ['one', 'two'], optional: false },
          },
          { flag: '--maybe', description: `2 ${description}`, value: { name: 'user', kind: 'text', optional: true } },
          { flag: '--switch', description: `3 ${description}` },
        ],
        operands: [{ name: 'client', kind: 'client' }],
      }
      const script = RENDERERS[shell]([top, odd])
      const lines = ['docker-mtls ', 'docker-mtls odd --', 'docker-mtls odd --value ', 'docker-mtls odd ']
      const [commands = [], options = [], values = [], names = []] = await COMPLETE[shell]({ script, cwd, path }, lines)
      assert.ok(!existsSync(join(cwd, 'pwned')), 'it ran a description')
      assert.deepEqual(
        wordsOf(commands).filter((word) => word !== '--help'),
        ['odd'],
      )
      assert.deepEqual(wordsOf(options).toSorted(), ['--maybe', '--switch', '--value'])
      assert.deepEqual(wordsOf(values), ['one', 'two'])
      assert.ok(names.some((name) => name.startsWith('alice')))
      if (shell === 'bash') return
      for (const shown of [...commands, ...options]) assert.ok(shown.endsWith(` ${description}`), shown)
    })
  })
}

test('npx completes as before with another package', { skip: lacks('bash') }, async () => {
  const [offers] = await COMPLETE.bash({ script: await scriptOf('bash'), cwd, path }, ['npx other '])
  assert.deepEqual(offers, [])
})

describe('PowerShell, which is not at hand here', () => {
  test('gets a table with a row for each command, option and argument, and nothing but ASCII', async () => {
    const script = await scriptOf('powershell')
    assert.doesNotMatch(script, /[^\n -~]|@@/)
    const [, table = ''] = /^\$DockerMtlsCommands = @\{\n([^]*?)\n\}\n/m.exec(script) ?? []
    const keys: string[] = []
    for (const line of table.split('\n')) {
      const [, key] = /^ {2}'([a-z -]*)' = @\($/.exec(line) ?? []
      if (key !== undefined) keys.push(key)
      else assert.match(line, /^(?: {2}\)| {4}, @\('[a-z0-9-]*', '[@A-Za-z0-9.,-]*', '(?:[^']|'')*'\))$/)
    }
    const groups = COMMANDS.flatMap(({ words }) => (words.length === 2 ? [words[0]] : []))
    const help = ['help', ...groups.map((group) => `help ${group}`)]
    const expected = ['', ...groups, ...help, ...COMMANDS.map(({ words }) => words.join(' '))]
    assert.deepEqual(keys.toSorted(), [...new Set(expected)].toSorted())
    assert.match(script, /^ {4}, @\('--key-type', 'p256,p384,.*', 'p256, p384, .*'\)$/m)
    assert.match(script, /^ {4}, @\('--no-client-proof', '', 'don''t fail if .*'\)$/m)
    assert.match(script, /^Register-ArgumentCompleter -Native -CommandName docker-mtls, npx /m)
  })

  test('has its brackets in pairs', async () => {
    const script = (await scriptOf('powershell')).replaceAll(/^\s*#.*$/gm, '').replaceAll(/'(?:[^']|'')*'|"[^"]*"/g, '')
    const open: string[] = []
    for (const [bracket] of script.matchAll(/[()[\]{}]/g)) {
      if ('([{'.includes(bracket)) open.push(bracket)
      else assert.equal(`${open.pop() ?? ''}${bracket}`.replace(/^(?:\(\)|\[\]|\{\})$/, ''), '')
    }
    assert.deepEqual(open, [])
  })

  test('doubles every kind of quote in a description', () => {
    const options = [{ flag: '--a', description: "it's $x ’ `" }]
    const script = renderPowerShell([{ words: [], commands: [], options, operands: [] }])
    assert.match(script, /^ {4}, @\('--a', '', 'it''s \$x ’’ `'\)$/m)
  })
})

test('another shell is a mistake in the command line', async () => {
  const { code, stdout, stderr } = await runCli(['completion', 'tcsh'])
  assert.deepEqual([code, stdout], [2, ''])
  assert.equal(
    stderr,
    'ERR_USAGE: the argument shell: "tcsh" is not one of its values.\nGive one of bash, zsh, fish, powershell.\n',
  )
})

test('the key types that are offered are those of the library', () => assert.deepEqual(OFFERED_KEY_TYPES, KEY_TYPES))
