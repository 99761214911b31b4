import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { appendFile, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import {
  acceptLedger,
  appendRevocations,
  appendToLedger,
  readLedger,
  readRevocations,
  verifyLedger,
} from '../../lib/keystore/ledger.ts'
import { adoptCertificates } from '../../lib/keystore/adopt.ts'
import type { LedgerEntry } from '../../lib/keystore/ledger-line.ts'
import type { LedgerRevocation } from '../../lib/keystore/ledger-revocation.ts'
import { PkiFolder } from '../../lib/pki.ts'
import { runCli, runJson } from '../cli/support/run-cli.ts'
import { killedBefore } from '../contexts/support/crash.ts'
import { certificateFor, SMALL_ORDER } from '../support/broken-keys.ts'
import { TYPESCRIPT } from '../support/programs.ts'
import { temporaryFolder } from '../support/temporary.ts'

function entry(name: string): LedgerEntry {
  const date = '2026-11-26T00:00:00.000Z'
  const dates = { notBefore: date, notAfter: date, issuedAt: date }
  return { serial: `0${name}`, kind: 'client', name, sans: [], fingerprint256: name, ...dates, keyType: 'p256' }
}

function revocation(serial: string): LedgerRevocation {
  const date = '2026-11-26T00:00:00.000Z'
  return { revokedAt: date, kind: 'client', name: serial, serial, fingerprint256: serial, notAfter: date }
}

async function ledgerOf(t: TestContext, ...names: readonly string[]): Promise<string> {
  const path = join(await temporaryFolder(t), 'ledger.jsonl')
  for (const name of names) await appendToLedger(path, entry(name))
  return path
}

const headOf = (path: string): string => join(path, '..', 'ledger-heads.jsonl')
const faultsIn = async (path: string): Promise<string[]> => (await verifyLedger(path)).faults.map(({ got }) => got)
const namesIn = async (path: string): Promise<string[]> => (await readLedger(path)).map(({ name }) => name)

async function change(path: string, edit: (lines: string[]) => string[]): Promise<void> {
  const lines = (await readFile(path, 'utf8')).split('\n').slice(0, -1)
  await writeFile(
    path,
    edit(lines)
      .map((line) => `${line}\n`)
      .join(''),
  )
}

/** An independent calculation from the page in docs/. */
function stateOf(text: string): string {
  let state = createHash('sha256').update('docker-mtls ledger 1').digest()
  for (const line of text.split('\n').slice(0, -1)) {
    state = createHash('sha256').update(state).update(line, 'utf8').digest()
  }
  return state.toString('hex')
}

const rename = (line = ''): string => line.replace(/"name":"\w"/, '"name":"x"')
const unchained = (line = ''): string => JSON.stringify({ ...(JSON.parse(line) as object), chain: undefined })

describe('the chain of the ledger', () => {
  test('is as the documentation says, and whole', async (t) => {
    const path = await ledgerOf(t, 'a', 'b', 'ü', 'd')
    const text = await readFile(path, 'utf8')
    const { faults, accepted, ...rest } = await verifyLedger(path)
    assert.deepEqual([faults, accepted, rest], [[], [], { entries: 4, state: stateOf(text), chained: 4 }])
    const lines = text.split('\n')
    const { chain } = JSON.parse(lines[3] ?? '') as { chain: object }
    assert.deepEqual(chain, { version: 1, entry: 4, previous: stateOf(`${lines.slice(0, 3).join('\n')}\n`) })
    const heads = (await readFile(headOf(path), 'utf8')).split('\n')
    assert.equal(heads.length, 5)
    assert.deepEqual(JSON.parse(heads[3] ?? ''), { version: 1, entries: 4, state: rest.state })
    assert.ok((await readLedger(path)).every((one) => !('chain' in one)))
  })

  const all = ['a', 'b', 'c', 'd', 'e']
  const ROWS: readonly (readonly [string, (lines: string[]) => string[], readonly string[]])[] = [
    ['the first line changed', ([first, ...rest]) => [rename(first), ...rest], ['line 1 was changed']],
    ['a line changed', (lines) => lines.with(2, rename(lines[2])), ['line 3 was changed']],
    [
      'two lines changed',
      (lines) => lines.with(0, rename(lines[0])).with(3, rename(lines[3])),
      ['line 1 was changed', 'line 4 was changed'],
    ],
    ['a space added', (lines) => lines.with(1, `${lines[1]} `), ['line 2 was changed']],
    [
      'the last line changed',
      (lines) => lines.with(4, rename(lines[4])),
      ['the last line was changed, or one before it'],
    ],
    [
      'a line and its chain changed',
      (lines) => lines.with(2, unchained(rename(lines[2]))),
      ['one of the lines 2 to 3 was changed'],
    ],
    ['the first line removed', (lines) => lines.slice(1), ['1 line before line 1 was removed']],
    ['a line removed', (lines) => lines.toSpliced(2, 1), ['1 line before line 3 was removed']],
    ['two lines removed', (lines) => lines.toSpliced(1, 2), ['2 lines before line 2 were removed']],
    ['the last line removed', (lines) => lines.slice(0, -1), ['1 line at the end was removed']],
    ['all but the first removed', (lines) => lines.slice(0, 1), ['4 lines at the end were removed']],
    ['all removed', () => [], ['5 lines at the end were removed']],
    ['a line added', (lines) => lines.toSpliced(2, 0, JSON.stringify(entry('x'))), ['1 line before line 4 was added']],
    ['an empty line added', (lines) => lines.toSpliced(2, 0, ''), ['one of the lines 2 to 3 was changed']],
  ]
  for (const [what, edit, expected] of ROWS) {
    test(`${what}: noticed, also after later lines, until it is accepted`, async (t) => {
      const path = await ledgerOf(t, ...all)
      await change(path, edit)
      const found = await faultsIn(path)
      assert.deepEqual(found, expected)
      await appendToLedger(path, entry('later'))
      await appendToLedger(path, entry('last'))
      assert.equal((await faultsIn(path)).length, expected.length, 'the evidence stays')
      assert.deepEqual((await namesIn(path)).slice(-2), ['later', 'last'])
      assert.equal((await acceptLedger(path)).length, expected.length)
      const { faults, accepted } = await verifyLedger(path)
      assert.deepEqual([faults, accepted.length], [[], 1])
      await appendToLedger(path, entry('z'))
      assert.deepEqual(await faultsIn(path), [])
      await change(path, (lines) => lines.toSpliced(-2, 1))
      assert.notDeepEqual(await faultsIn(path), [])
    })
  }

  test('two lines that change places, and one that is there twice', async (t) => {
    for (const edit of [
      ([a = '', b = '', ...rest]: string[]) => [b, a, ...rest],
      (lines: string[]) => [...lines.slice(0, 3), lines[2] ?? '', ...lines.slice(3)],
    ]) {
      const path = await ledgerOf(t, ...all)
      await change(path, edit)
      assert.notDeepEqual(await faultsIn(path), [])
    }
  })

  test('a head that is missing, damaged or of a later release stays a fault', async (t) => {
    for (const damage of [undefined, 'x', '{"version":2,"entries":5,"state":"00"}', '{"version":1,"entries":5}']) {
      const path = await ledgerOf(t, ...all)
      if (damage === undefined) await rm(headOf(path))
      else await appendFile(headOf(path), `${damage}\n`)
      await appendToLedger(path, entry('later'))
      const { faults } = await verifyLedger(path)
      assert.deepEqual(
        faults.map(({ kind }) => kind),
        ['head'],
      )
      await acceptLedger(path)
      assert.deepEqual(await faultsIn(path), [])
    }
  })

  test('an older copy of the ledger is noticed', async (t) => {
    const path = await ledgerOf(t, 'a', 'b')
    await copyFile(path, `${path}.old`)
    await appendToLedger(path, entry('c'))
    await copyFile(`${path}.old`, path)
    assert.deepEqual(await faultsIn(path), ['1 line at the end was removed'])
  })
})

describe('a ledger of an earlier release', () => {
  const old = `${['a', 'b', 'c'].map((name) => JSON.stringify(entry(name))).join('\n')}\n`

  test('is taken over as it is, and covered by the next line', async (t) => {
    const path = await ledgerOf(t)
    for (const before of [old, `${old}{"serial":"0\n{"cutOff":true}\n`, `${old}{"serial":"0`]) {
      await writeFile(path, before)
      await rm(headOf(path), { force: true })
      assert.deepEqual(await faultsIn(path), [])
      await appendToLedger(path, entry('d'))
      const text = await readFile(path, 'utf8')
      assert.ok(text.startsWith(before))
      assert.deepEqual([await namesIn(path), await faultsIn(path)], [['a', 'b', 'c', 'd'], []])
      assert.match(text, /"entry":4/)
      await change(path, (lines) => lines.with(1, (lines[1] ?? '').replace('"b"', '"x"')))
      assert.match(String(await faultsIn(path)), /^one of the lines 1 to \d was changed$/)
      await change(path, (lines) => lines.slice(1))
      assert.match(String(await faultsIn(path)), /^1 line before line \d was removed$/)
    }
  })

  test('that writes to a chained one is covered by the next line, too', async (t) => {
    const path = await ledgerOf(t, 'a', 'b')
    await appendFile(path, `${JSON.stringify(entry('c'))}\n`)
    assert.deepEqual([await faultsIn(path), (await verifyLedger(path)).entries], [[], 3])
    await appendToLedger(path, entry('d'))
    assert.deepEqual(await faultsIn(path), [])
    await change(path, (lines) => lines.toSpliced(2, 1))
    assert.deepEqual(await faultsIn(path), ['1 line before line 3 was removed'])
  })

  test('reads a chained one with an acceptance: every other line is an entry, or marked as cut off', async (t) => {
    const path = await ledgerOf(t, 'a', 'b')
    await change(path, (lines) => lines.slice(1))
    await acceptLedger(path)
    await appendToLedger(path, entry('c'))
    const lines = (await readFile(path, 'utf8')).split('\n').slice(0, -1)
    const isRead = lines.map((line, index) => {
      const { serial, cutOff } = JSON.parse(line) as { serial?: string; cutOff?: true }
      return serial !== undefined || line === '{"cutOff":true}' || (cutOff ?? lines[index + 1] === '{"cutOff":true}')
    })
    assert.deepEqual(isRead, [true, true, true, true])
  })
})

test('several revocations are written at once, with the chain of one after the other', async (t) => {
  const paths = [await ledgerOf(t, 'a', 'b'), await ledgerOf(t, 'a', 'b')] as const
  const lines = ['0A', '0B', '0C'].map(revocation)
  await appendRevocations(paths[0], lines)
  for (const line of lines) await appendRevocations(paths[1], [line])
  for (const path of paths) {
    await appendToLedger(path, entry('c'))
    assert.deepEqual([await readRevocations(path), await faultsIn(path)], [lines, []])
  }
  assert.equal(await readFile(paths[0], 'utf8'), await readFile(paths[1], 'utf8'))
  const heads = (await readFile(headOf(paths[0]), 'utf8')).split('\n')
  assert.equal(heads.length, 5)
})

describe('writers of the ledger', () => {
  test('processes and calls at once make one chain', { timeout: 60_000 }, async (t) => {
    const path = await ledgerOf(t, 'a')
    const code = `import { appendToLedger } from ${JSON.stringify(new URL('../../lib/keystore/ledger.ts', import.meta.url).href)}
      const entry = ${JSON.stringify(entry('n'))}
      await Promise.all(Array.from({ length: 5 }, () => appendToLedger(${JSON.stringify(path)}, entry)))`
    const children = Array.from({ length: 4 }, () =>
      spawn(process.execPath, [...TYPESCRIPT, '--input-type=module', '-e', code], { stdio: 'inherit' }),
    )
    const ends = await Promise.all(children.map((child) => once(child, 'close')))
    assert.deepEqual(
      ends.map(([end]) => end as unknown),
      [0, 0, 0, 0],
    )
    const { entries, chained, faults } = await verifyLedger(path)
    assert.deepEqual([entries, chained, faults], [21, 21, []])
  })

  test('that are killed at any step leave no fault, and the next line continues', async (t) => {
    for (const names of [[], ['a'], ['a', 'b']]) {
      for (let step = 1; ; step++) {
        const path = await ledgerOf(t, ...names)
        const ended = await killedBefore(step, () => appendToLedger(path, entry('killed')))
        await rm(join(path, '../.ledger.lock'), { force: true })
        assert.deepEqual(await faultsIn(path), [], `step ${step}`)
        await appendToLedger(path, entry('next'))
        assert.deepEqual(await faultsIn(path), [], `step ${step}`)
        assert.deepEqual(
          (await namesIn(path)).filter((name) => name !== 'killed'),
          [...names, 'next'],
        )
        if (ended) break
      }
    }
  })

  test('that are killed within a line of the heads', async (t) => {
    for (const rest of ['{', '{"version":1,"entries":3,"state":"0"}']) {
      const path = await ledgerOf(t, 'a', 'b')
      await appendFile(headOf(path), rest)
      assert.deepEqual(await faultsIn(path), [])
      await appendToLedger(path, entry('c'))
      assert.deepEqual(await faultsIn(path), [])
      await change(path, (lines) => lines.slice(0, -1))
      assert.deepEqual(await faultsIn(path), ['1 line at the end was removed'])
    }
  })

  test('that are killed within a line', async (t) => {
    const line = JSON.stringify({ ...entry('cut'), chain: { version: 1, entry: 3, previous: '0'.repeat(64) } })
    for (const length of [1, 20, line.length - 1]) {
      const path = await ledgerOf(t, 'a', 'b')
      await appendFile(path, line.slice(0, length))
      assert.deepEqual(await faultsIn(path), [])
      await appendToLedger(path, entry('c'))
      assert.deepEqual([await faultsIn(path), await namesIn(path)], [[], ['a', 'b', 'c']])
      await change(path, (lines) => lines.toSpliced(2, 1))
      assert.notDeepEqual(await faultsIn(path), [])
    }
  })
})

async function made(t: TestContext): Promise<{ root: string; ledger: string }> {
  const root = join(await temporaryFolder(t), 'keys')
  const folder = new PkiFolder(root)
  await folder.ensureAuthority()
  for (const name of ['alice', 'bob']) await folder.ensureClient(name)
  return { root, ledger: join(root, 'ca/ledger.jsonl') }
}

describe('cert list and cert adopt', () => {
  interface Listed {
    readonly ledger: {
      readonly entries: number
      readonly chained: number
      readonly faults: readonly { kind: string }[]
    }
  }

  test('say nothing about a whole one', async (t) => {
    const { root } = await made(t)
    const { code, stderr } = await runCli(['cert', 'list', '--expiring', '1h', '--dir', root])
    assert.deepEqual([code, stderr], [0, ''])
    const { ledger } = await runJson<Listed>(['cert', 'list', '--json', '--dir', root])
    assert.deepEqual([ledger.entries, ledger.chained, ledger.faults], [3, 3, []])
    assert.match((await runCli(['cert', 'adopt', '--accept-changes', '--dir', root])).stdout, /^The ledger is complete/)
  })

  test('name a line that was changed; it is accepted only on request', async (t) => {
    const { root, ledger } = await made(t)
    // A replaced certificate: no file contradicts the line.
    await new PkiFolder(root).ensureClient('alice', { renew: true })
    await change(ledger, (lines) => lines.with(1, (lines[1] ?? '').replace('"name":"alice"', '"name":"eve"')))
    const listed = await runCli(['cert', 'list', '--dir', root])
    assert.equal(listed.code, 0)
    assert.match(
      listed.stderr,
      /ledger\.jsonl is not as it was written: line 2 was changed.*cert adopt --accept-changes/,
    )
    assert.equal((await runCli(['cert', 'list', '--expiring', '1h', '--dir', root])).code, 1)
    assert.match((await runCli(['cert', 'adopt', '--dir', root])).stdout, /^The ledger is complete/)
    const accept = ['cert', 'adopt', '--accept-changes', '--dir', root]
    assert.match(
      (await runCli([...accept, '--dry-run'])).stdout,
      /^would accept {2}the ledger, although line 2 was changed/,
    )
    assert.match((await runCli(accept)).stdout, /^accepted {2}the ledger, although line 2 was changed/)
    assert.deepEqual(await runCli(['cert', 'list', '--expiring', '1h', '--dir', root]).then(({ code }) => code), 0)
  })

  test('a certificate with a key that is none is not adopted, while the others are', async (t) => {
    const root = join(await temporaryFolder(t), 'keys')
    const pki = new PkiFolder(root)
    await pki.ensureAuthority()
    await pki.ensureClient('alice')
    const bad = certificateFor(SMALL_ORDER, { purpose: 'clientAuth', commonName: 'eve' })
    await mkdir(join(root, 'clients/eve'))
    await writeFile(join(root, 'clients/eve/cert.pem'), bad)
    await rm(join(root, 'ca/ledger.jsonl'))
    const { adopted, refused } = await adoptCertificates(root, { dryRun: false, acceptChanges: false })
    assert.deepEqual(
      adopted.map(({ name }) => name).filter((name) => name === 'alice' || name === 'eve'),
      ['alice'],
    )
    assert.equal(refused.length, 1)
    assert.match(refused[0]?.got ?? '', /small order/)
  })

  test('a lost ledger is begun again by adopt, without a fault', async (t) => {
    const { root, ledger } = await made(t)
    await rm(ledger)
    assert.match((await runCli(['cert', 'list', '--dir', root])).stderr, /3 lines at the end were removed/)
    assert.equal((await runCli(['cert', 'adopt', '--dir', root])).code, 0)
    const { code, stderr } = await runCli(['cert', 'list', '--expiring', '1h', '--dir', root])
    assert.deepEqual([code, stderr], [0, ''])
  })
})

test('a lock that another process holds is named, with what to do about it', async (t) => {
  const path = await ledgerOf(t, 'a')
  const lock = join(path, '../.ledger.lock')
  await writeFile(lock, String(process.ppid))
  const { now } = Date
  let looks = 0
  t.mock.method(Date, 'now', () => now() + 6_000 * looks++)
  await assert.rejects(appendToLedger(path, entry('b')), {
    code: 'ERR_FILE_WRITE',
    tried: `writing the ledger ${path}`,
    got: `process ${process.ppid} is changing the ledger`,
    todo: `Nothing was issued. Wait until that process has ended. If it is not docker-mtls, remove its lock, ${lock}.`,
  })
})
