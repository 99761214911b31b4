import assert from 'node:assert/strict'
import {
  appendFile,
  chmod,
  chown,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { isDockerMtlsError, openAuditLog, verifyAuditLog } from '../../lib/gateway.ts'
import { chain, renderHead, START } from '../../lib/gateway/log/chain.ts'
import { runCli } from '../cli/support/run-cli.ts'
import { faultsOf, linesOf, pathIn, write } from './support/log-files.ts'

/** A log that somebody could have written. */
function chained(count: number): string {
  let last = START
  return Array.from({ length: count }, () => {
    const next = chain(JSON.stringify({ time: new Date().toISOString(), event: 'request' }), last)
    last = next.link
    return `${next.line}\n`
  }).join('')
}

/** Leaves that many lines. */
async function cut(path: string, count: number): Promise<void> {
  const lines = (await readFile(path, 'utf8')).split('\n')
  await writeFile(path, `${lines.slice(0, count).join('\n')}\n`)
}

async function asUser(work: () => Promise<void>): Promise<void> {
  process.seteuid?.(1000)
  try {
    await work()
  } finally {
    process.seteuid?.(0)
  }
}

describe('a start', () => {
  // The log has 5 lines: open, 3 of events, and close.
  const damages: Readonly<Record<string, readonly [damage: (path: string) => Promise<unknown>, line: number]>> = {
    'lines at the end and the head removed': [(path) => cut(path, 3).then(() => rm(`${path}.head`)), 4],
    'lines at the end removed, and a head without sense': [
      (path) => cut(path, 3).then(() => writeFile(`${path}.head`, '{}\n')),
      4,
    ],
    'all lines removed, and a head without sense': [
      (path) => writeFile(path, '').then(() => writeFile(`${path}.head`, '{}\n')),
      1,
    ],
    'another log, longer than the head says': [(path) => writeFile(path, chained(9)), 10],
    'a head with the number of a line, and another hash': [
      (path) => writeFile(`${path}.head`, JSON.stringify({ n: 2, hash: 'f'.repeat(64) })),
      6,
    ],
    'a head with a number before all lines, and another hash': [
      (path) => writeFile(`${path}.head`, JSON.stringify({ n: 0, hash: 'f'.repeat(64) })),
      6,
    ],
  }
  for (const [what, [damage, line]] of Object.entries(damages))
    test(`does not hide ${what}`, async (t) => {
      const path = await pathIn(t)
      await write(path, 3)
      await damage(path)
      const found = async (): Promise<unknown> => {
        const { faults, headless, hasHead } = await verifyAuditLog([path])
        return [faults.map((fault) => fault.kind), hasHead && headless.length === 0]
      }
      const before = await found()
      assert.notDeepEqual(before, [[], true])
      // Not even if it starts twice.
      for (const count of [1, 0]) {
        await write(path, count)
        assert.deepEqual(await found(), before)
      }
      const { faults, headless } = await verifyAuditLog([path])
      assert.deepEqual([...faults.map((fault) => fault.line), ...headless.map(({ n }) => n)], [line])
      const { code, stdout, stderr } = await runCli(['gateway', 'log', 'verify', path])
      assert.equal(code, faults.length > 0 ? 1 : 0)
      assert.match(
        stdout + stderr,
        faults.length > 0
          ? new RegExp(`:${line}: changed: when the gateway started here, the head `)
          : new RegExp(`without the head \\(\\.head\\) at line ${line}, so `),
      )
    })

  test('is not kept from starting by a line that no gateway has written', async (t) => {
    const path = await pathIn(t)
    await write(path, 1)
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n')
    await writeFile(path, `${lines.toSpliced(1, 0, 'x'.repeat(5 * 1024 * 1024)).join('\n')}\n`)
    await writeFile(`${path}.head`, JSON.stringify({ n: 1, hash: 'f'.repeat(64) }))
    await write(path, 0)
    assert.match((await readFile(path, 'utf8')).slice(-2000), /"event":"open","[^\n]*"head":"other"/)
  })

  const crashes: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
    'a head that is behind the lines': async (path) => {
      await write(path, 1)
      const head = await readFile(`${path}.head`)
      await write(path, 3_000)
      await writeFile(`${path}.head`, head)
    },
    'only the lines of the first start': async (path) => {
      await write(path, 0)
      await writeFile(`${path}.head`, renderHead(START))
      assert.deepEqual(await faultsOf(path), [])
    },
    'nothing but the empty files of a full disk': (path) =>
      writeFile(path, '').then(() => writeFile(`${path}.head`, '')),
    'an empty file': (path) => writeFile(path, ''),
    'a new file, and the head of the earlier one': async (path) => {
      await write(path, 9, { maxBytes: 1_000 })
      const [first] = await linesOf(path)
      assert.equal(first?.event, 'rotate')
      await writeFile(`${path}.head`, renderHead({ n: first.n - 1, hash: String(first['previous']) }))
      assert.deepEqual(await faultsOf(path), [])
    },
    'an earlier file alone': async (path) => {
      await write(path, 3)
      await rename(path, `${path}.000000000005`)
    },
    'a torn line in a file that is full': async (path) => {
      await write(path, 9)
      await appendFile(path, '{"n":12,')
    },
  }
  for (const [what, prepare] of Object.entries(crashes))
    test(`accuses nobody after a crash that left ${what}`, async (t) => {
      const path = await pathIn(t)
      await prepare(path)
      await write(path, 1, { maxBytes: 1_000 })
      const files = (await readdir(join(path, '..'))).map((name) => join(path, '..', name))
      const { faults, headless, hasHead } = await verifyAuditLog(files)
      assert.deepEqual([faults, headless, hasHead], [[], [], true])
    })

  test('after a crash of the machine that left a head without contents only says so', async (t) => {
    for (const contents of ['', '\0'.repeat(100)]) {
      const path = await pathIn(t)
      await write(path, 3)
      await writeFile(`${path}.head`, contents)
      assert.deepEqual((await verifyAuditLog([path])).faults, [])
      await write(path, 1)
      const { faults, headless } = await verifyAuditLog([path])
      assert.deepEqual([faults, headless.map(({ n }) => n)], [[], [6]])
    }
  })
})

describe(
  'a file of a log that belongs to another user',
  { skip: process.getuid?.() !== 0 && 'only root gives files away' },
  () => {
    for (const end of ['', '.head', '.lock', '.000000000005'])
      test(`audit.log${end} is refused, and stays as it is`, async (t) => {
        const path = await pathIn(t)
        await write(path, 3)
        if (end === '.lock') await writeFile(`${path}${end}`, '1')
        else if (end.length > 5) await copyFile(path, `${path}${end}`)
        await chmod(`${path}${end}`, 0o666)
        await chown(`${path}${end}`, 1000, 1000)
        const names = await readdir(join(path, '..'))
        const before = await readFile(`${path}${end}`)
        await assert.rejects(openAuditLog({ path }), (error) => {
          assert.ok(isDockerMtlsError(error, 'ERR_FILE_WRITE'), String(error))
          const [what = '', remedy] = error.message.split('\n')
          assert.ok(what.includes(`${path}${end}: it belongs to the user with the ID 1000`), what)
          assert.match(String(remedy), /^ *Move that file away\.$/)
          return true
        })
        assert.deepEqual(await readFile(`${path}${end}`), before)
        assert.equal((await stat(`${path}${end}`)).mode & 0o777, 0o666)
        assert.deepEqual(await readdir(join(path, '..')), names)
        if (end === '.lock') return
        await chown(`${path}${end}`, 0, 0)
        await write(path, 1)
      })

    test('nor is a file of root that a service may write; and in a folder of its own, it may have a log', async (t) => {
      const path = await pathIn(t)
      await chmod(join(path, '..'), 0o711)
      await chown(join(path, '..'), 1000, 1000)
      await asUser(() => write(path, 1))
      assert.equal((await stat(path)).uid, 1000)
      await chown(path, 0, 0)
      await chmod(path, 0o666)
      await asUser(() => assert.rejects(openAuditLog({ path }), /it belongs to the user with the ID 0/))
    })

    test('a folder of its own in a folder like /tmp is fine', async (t) => {
      const path = await pathIn(t)
      const open = join(path, '..', 'open')
      await mkdir(join(open, 'own'), { recursive: true })
      await chmod(open, 0o1777)
      await write(join(open, 'own', 'audit.log'), 1)
      await chown(join(open, 'own'), 1000, 1000)
      await assert.rejects(openAuditLog({ path: join(open, 'own', 'audit.log') }), /other users may write to .*own/)
    })
  },
)
