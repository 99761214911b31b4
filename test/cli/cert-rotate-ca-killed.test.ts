import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, test, type TestContext } from 'node:test'
import { PkiFolder } from '../../lib/pki.ts'
import { assertConsistent } from '../keystore/rotate/support/consistent.ts'
import { cleanEnvironment } from '../support/command.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { startFakeDaemon } from './support/fake-daemon.ts'
import { CLI, runCli, runJson } from './support/run-cli.ts'

/** What an administrator types from the beginning to the end; the daemon has each time what it was given. */
const COURSE: readonly (readonly string[])[] = [
  ['--name', 'B'],
  ['--phase', 'trust', '--confirm', 'alice', '--confirm', 'bob', '--host', 'DAEMON'],
  ['--phase', 'server', '--host', 'DAEMON'],
  ['--phase', 'clients', '--confirm', 'alice', '--confirm', 'bob', '--yes'],
  ['--phase', 'finish', '--host', 'DAEMON'],
]

/** Does something with a daemon that serves the files that are in the folder now. */
async function withDaemon<Result>(
  folder: string,
  words: readonly string[],
  act: (argv: string[]) => Promise<Result>,
): Promise<Result> {
  const daemon = await startFakeDaemon(folder)
  try {
    const meant = words.map((word) => (word === 'DAEMON' ? daemon.url : word))
    return await act(['cert', 'rotate-ca', ...meant, '--dir', folder])
  } finally {
    await daemon.close()
  }
}

/** A folder as it is before that line is typed. */
async function madeUpTo(index: number, t: TestContext): Promise<string> {
  const folder = join(await temporaryFolder(t), 'keys')
  const pki = new PkiFolder(folder)
  await pki.ensureAuthority({ commonName: 'A' })
  await pki.ensureServer(['build01.example.com'])
  for (const name of ['alice', 'bob']) await pki.ensureClient(name)
  for (const words of COURSE.slice(0, index)) {
    const { code, stderr } = await withDaemon(folder, words, (argv) => runCli(argv))
    assert.equal(code, 0, stderr)
  }
  return folder
}

async function copyOf(start: string, t: TestContext): Promise<string> {
  const folder = join(await temporaryFolder(t), 'keys')
  await cp(start, folder, { recursive: true })
  return folder
}

const NEVER = 0

/** What a line says, without times and dates: `certify alice done`. */
function eventOf(line = '{}'): string {
  const { type, step, subject, state } = JSON.parse(line) as Record<string, string>
  return type === 'step' ? [step, subject, state].filter((word) => word !== undefined).join(' ') : String(type)
}

/**
 * Runs the line as a process of its own, and ends it by kill -9 once it has printed this many lines.
 *
 * @returns all lines that it has printed
 */
async function killedAfter(count: number, argv: readonly string[]): Promise<string[]> {
  const [file = '', ...args] = CLI
  const child = spawn(file, [...args, ...argv, '--json'], {
    env: cleanEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const closed = once(child, 'close')
  const lines: string[] = []
  for await (const line of createInterface(child.stdout)) {
    lines.push(line)
    if (lines.length === count) child.kill('SIGKILL')
  }
  await closed
  return lines
}

interface Status {
  readonly type: string
  readonly phase: string
  readonly waiting: { readonly clients: readonly { name: string }[]; readonly servers: readonly { name: string }[] }
}

/** Goes on as somebody does who knows only what the command says: the same line again, then what is waited for. */
async function goOn(folder: string, words: readonly string[]): Promise<void> {
  const again = await withDaemon(folder, words, (argv) => runCli(argv))
  // It may have come further than it could say.
  if (again.code !== 0) assert.match(again.stderr, /^ERR_ROTATION_(?:PHASE|NONE|UNDERWAY)/m)
  for (let round = 0; round < 8; round++) {
    const status = await runJson<Status>(['cert', 'rotate-ca', '--status', '--dir', folder])
    if (status.type === 'error') return
    // What was not made yet is made first.
    await runCli(['cert', 'rotate-ca', '--dir', folder])
    const { phase, waiting } = await runJson<Status>(['cert', 'rotate-ca', '--status', '--dir', folder])
    const confirmed = waiting.clients.flatMap(({ name }) => ['--confirm', name])
    const next = ['--phase', phase, ...confirmed, ...(waiting.servers.length > 0 ? ['--host', 'DAEMON'] : []), '--yes']
    const { code, stderr } = await withDaemon(folder, next, (argv) => runCli(argv))
    assert.equal(code, 0, stderr)
  }
  throw new Error('it does not come to its end')
}

describe('kill -9 at each step: old or new, never between, and the next run goes on', () => {
  for (const [index, words] of COURSE.entries()) {
    test(`rotate-ca ${words.join(' ')}`, async (t) => {
      const start = await madeUpTo(index, t)
      const all = await withDaemon(await copyOf(start, t), words, (argv) => killedAfter(NEVER, argv))
      assert.match(all.at(-1) ?? '', /"type":"result"/)
      for (const [count, line] of all.entries()) {
        const folder = await copyOf(start, t)
        const lines = await withDaemon(folder, words, (argv) => killedAfter(count + 1, argv))
        assert.equal(eventOf(lines[count]), eventOf(line))
        await assertConsistent(folder)
        await goOn(folder, words)
        const { server, clients } = await assertConsistent(folder)
        assert.deepEqual([server, clients['alice'], clients['bob']], [{ issuer: 'B', trusts: ['B'] }, server, server])
        const rest = (await readdir(join(folder, 'ca'))).filter((name) => /next|lock/.test(name))
        assert.deepEqual(rest, [], line)
      }
      t.diagnostic(`killed at: ${all.map(eventOf).join(', ')}`)
    })
  }
})
