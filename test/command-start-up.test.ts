import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { runCli } from './cli/support/run-cli.ts'
import { runCommand } from './support/command.ts'
import { buildPackage } from './runner/package.ts'

/** Prints what a process has loaded when it ends: files, as CommonJS knows them, and modules of Node.js. */
const REPORTER = `process.on('exit', () => {
  const files = Object.keys(require.cache).filter((path) => path !== __filename)
  const builtins = process.moduleLoadList.flatMap((name) => /^NativeModule (.*)/.exec(name)?.[1] ?? [])
  process.stderr.write('LOADED ' + JSON.stringify({ files, builtins }) + '\\n')
})`

interface Expected {
  /** The most files of ours, two more than there are, and their size with a tenth more. */
  readonly files: number
  readonly kilobytes: number
  readonly packages?: readonly string[]
}

/** Each command that reads or renders, in a folder with the CA `keys`. */
const COMMAND_LINES: Readonly<Record<string, Expected>> = {
  '--version': { files: 8, kilobytes: 97 },
  '--help': { files: 8, kilobytes: 97 },
  'cert list --help': { files: 10, kilobytes: 112 },
  'cert list --dir keys': { files: 31, kilobytes: 260 },
  'cert show keys/ca/ca.pem': { files: 15, kilobytes: 150 },
  'client env alice --dir keys': { files: 31, kilobytes: 214, packages: ['dotenv'] },
  'context ls': { files: 21, kilobytes: 138 },
  explain: { files: 21, kilobytes: 143 },
  'daemon render': { files: 19, kilobytes: 168 },
  'completion bash': { files: 16, kilobytes: 130 },
}

/** Modules of Node.js that these commands can do without, and that take milliseconds to load. */
const SLOW = /^(?:child_process|cluster|dgram|dns|fs\/promises|http|http2|https|inspector|readline|tls|worker_threads)$/

let main: string
let folder: string
before(async () => {
  main = await buildPackage()
  folder = mkdtempSync(join(tmpdir(), 'start-up-'))
  writeFileSync(join(folder, 'reporter.cjs'), REPORTER)
  const args = ['init', 'build01.example.com', '--client', 'alice', '--out', 'keys']
  const { code, stderr } = await runCommand(process.execPath, [main, ...args], { cwd: folder, env: { HOME: folder } })
  assert.equal(code, 0, stderr)
})
after(() => rmSync(folder, { recursive: true, force: true }))

async function loadedBy(words: string): Promise<{ own: string[]; packages: string[]; builtins: string[] }> {
  const args = ['--require', join(folder, 'reporter.cjs'), main, ...words.split(' ')]
  const { code, stderr } = await runCommand(process.execPath, args, { cwd: folder, env: { HOME: folder } })
  assert.equal(code, 0, stderr)
  const { files, builtins } = JSON.parse(/^LOADED (.*)$/m.exec(stderr)?.[1] ?? '{}') as Record<string, string[]>
  const packages = (files ?? []).flatMap((path) => /\/node_modules\/([^/]+)\//.exec(path)?.[1] ?? [])
  const own = (files ?? []).filter((path) => dirname(path) === dirname(main))
  return { own, packages: [...new Set(packages)], builtins: builtins ?? [] }
}

for (const [words, { files, kilobytes, packages = [] }] of Object.entries(COMMAND_LINES)) {
  test(`docker-mtls ${words} loads little more than it needs`, async () => {
    const loaded = await loadedBy(words)
    const names = loaded.own.map((path) => basename(path))
    assert.ok(names.includes('main.js') && names.length > 3, 'the reporter finds nothing')
    assert.ok(names.length <= files, `${names.length} files: ${names.join(', ')}`)
    const size = loaded.own.reduce((sum, path) => sum + statSync(path).size, 0) / 1024
    assert.ok(size <= kilobytes, `${size} kB: ${names.join(', ')}`)
    assert.deepEqual(loaded.packages, packages)
    assert.deepEqual(
      loaded.builtins.filter((name) => SLOW.test(name)),
      [],
    )
  })
}

test('the built command prints the same completion script as the sources', async () => {
  const args = [main, 'completion', 'zsh']
  const { code, stdout } = await runCommand(process.execPath, args, { cwd: folder, env: { HOME: folder } })
  assert.deepEqual([code, stdout], [0, (await runCli(['completion', 'zsh'])).stdout])
  assert.match(stdout, /--rollback-after/)
})
