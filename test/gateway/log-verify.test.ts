import assert from 'node:assert/strict'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { openAuditLog, verifyAuditLog } from '../../lib/gateway.ts'
import { renderHead, START } from '../../lib/gateway/log/chain.ts'
import { runCli, runJson } from '../cli/support/run-cli.ts'
import { temporaryFolder } from '../support/temporary.ts'

const folder = await temporaryFolder()
const path = join(folder, 'audit.log')
const other = join(folder, 'other.log')
const LINES = 40
let whole = ''
let lines: string[] = []

before(async () => {
  for (const file of [path, other]) {
    const log = await openAuditLog({ path: file })
    for (let index = 0; index < LINES - 2; index++)
      await log.record({ event: 'cut', identity: `CN=client ${index}`, reason: 'CERTIFICATE_REVOKED' })
    await log.close()
  }
  whole = await readFile(path, 'utf8')
  lines = whole.trimEnd().split('\n')
})

/** Numbers that are the same in each run. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const textOf = (changed: readonly string[]): string => changed.map((line) => `${line}\n`).join('')

/** Ways to tamper with a log, and what is then found: the kind and the line, or only that something is. */
const WAYS: Readonly<Record<string, (next: (below: number) => number) => readonly [text: string, finds: RegExp]>> = {
  'change a byte': (next) => {
    const at = next(whole.length)
    const byte = String.fromCharCode(32 + ((whole.charCodeAt(at) - 32 + 1 + next(93)) % 95))
    const line = whole.slice(0, at).split('\n').length
    // Without a line feed, two lines become one. A changed number also looks like missing lines.
    return [whole.slice(0, at) + byte + whole.slice(at + 1), new RegExp(`:(?:${line}|${line + 1}):`)]
  },
  'take a line out': (next) => {
    const at = next(LINES)
    return [textOf(lines.toSpliced(at, 1)), new RegExp(`:${at + 1}: missing`)]
  },
  'take lines out': (next) => {
    const at = next(LINES - 5)
    return [textOf(lines.toSpliced(at, 1 + next(5))), new RegExp(`:${at + 1}: missing`)]
  },
  'swap two lines': (next) => {
    const one = next(LINES)
    const two = (one + 1 + next(LINES - 1)) % LINES
    const swapped = lines.with(one, lines[two] ?? '').with(two, lines[one] ?? '')
    return [textOf(swapped), /: (?:reordered|missing|inserted)/]
  },
  'insert a line': (next) => {
    const line = lines[next(LINES)] ?? ''
    return [textOf(lines.toSpliced(next(LINES + 1), 0, line)), /:\d+: /]
  },
  'insert a new line': (next) => {
    const at = next(LINES)
    const line = (lines[at] ?? '').replace('client', 'nobody').replace('open', 'opened').replace('close', 'closed')
    return [textOf(lines.toSpliced(at, 0, line)), /:\d+: /]
  },
  'cut the end': (next) => {
    const at = 1 + next(LINES - 1)
    return [textOf(lines.slice(0, at)), new RegExp(`:${at + 1}: missing`)]
  },
  'cut the end in a line': (next) => {
    const text = whole.slice(0, 1 + next(whole.length - 1))
    return [text, text.endsWith('\n') ? /: missing/ : new RegExp(`:${text.split('\n').length}: torn`)]
  },
  'cut the beginning': (next) => [textOf(lines.slice(1 + next(LINES - 2))), /:1: missing/],
  'take everything out': () => ['', /:1: missing/],
}

describe('verifying an audit log', () => {
  test('an untouched one is whole', async () => {
    const { faults, lines: count, first, last, hash, hasHead } = await verifyAuditLog([path])
    assert.deepEqual([faults, count, first?.n, last?.n, hasHead], [[], LINES, 1, LINES, true])
    assert.deepEqual((await verifyAuditLog([path], { hash })).faults, [])
  })

  for (const [way, tamper] of Object.entries(WAYS)) {
    test(`${way}: found each of 120 times`, async () => {
      const next = numbers(way.length)
      const file = join(folder, 'tampered.log')
      await copyFile(`${path}.head`, `${file}.head`)
      for (let round = 0; round < 120; round++) {
        const [text, finds] = tamper(next)
        if (text === whole) continue
        await writeFile(file, text)
        const { faults } = await verifyAuditLog([file])
        const found = faults.map(({ file: name, line, kind }) => `${name}:${line}: ${kind}`)
        assert.ok(found.length > 0, `${round}: nothing was found in\n${text}`)
        assert.match(found.join('\n'), finds, `${round}:\n${text}`)
      }
    })
  }

  test('a log that was written anew is found only by a hash that was kept', async () => {
    const kept = (await verifyAuditLog([path])).hash
    assert.deepEqual((await verifyAuditLog([other])).faults, [])
    assert.deepEqual(
      (await verifyAuditLog([other], { hash: kept })).faults.map(({ kind }) => kind),
      ['missing'],
    )
  })

  test('a head that is changed, and one that is missing', async () => {
    const file = join(folder, 'headless.log')
    await writeFile(file, whole)
    const { faults, hasHead } = await verifyAuditLog([file])
    assert.deepEqual([faults, hasHead], [[], false])
    await writeFile(`${file}.head`, 'nonsense')
    assert.deepEqual(
      (await verifyAuditLog([file])).faults.map((fault) => fault.file),
      [`${file}.head`],
    )
    await copyFile(`${other}.head`, `${file}.head`)
    assert.deepEqual(
      (await verifyAuditLog([file])).faults.map(({ kind, line }) => [kind, line]),
      [['changed', LINES]],
    )
  })
})

describe('gateway log verify', () => {
  test('says how many lines, from when to when, and ok', async () => {
    const { code, stdout, stderr } = await runCli(['gateway', 'log', 'verify', path, `${path}.head`])
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^40 lines, numbers 1 to 40, from \S+Z to \S+Z: ok\nHash of the last line: [0-9a-f]{64}\n$/)
    assert.equal(stderr, '')
  })

  test('names the line and what is wrong, and exits with 1; also as JSON', async () => {
    const file = join(folder, 'cli.log')
    await writeFile(file, textOf(lines.toSpliced(9, 1)))
    const { code, stdout, stderr } = await runCli(['gateway', 'log', 'verify', file])
    assert.equal(code, 1)
    assert.match(stdout, /^39 lines, .*: not as it was written\n.*cli\.log:10: missing: 1 line is missing before it\n$/)
    assert.match(stderr, /The head \(\.head\) is missing/)
    const { faults } = await runJson<{ faults: object[] }>(['gateway', 'log', 'verify', file])
    assert.deepEqual(faults, [{ kind: 'missing', file, line: 10, got: '1 line is missing before it' }])
  })

  test('exits with 1 if the head is missing: lines may have been removed at the end', async () => {
    const file = join(folder, 'cut.log')
    await writeFile(file, textOf(lines.slice(0, -3)))
    const { code, stdout, stderr } = await runCli(['gateway', 'log', 'verify', file])
    assert.equal(code, 1)
    assert.match(stdout, /^37 lines, .*: its end cannot be verified\nHash of the last line: /)
    assert.match(stderr, /The head \(\.head\) is missing, so lines that were removed at the end can't be detected/)
  })

  test('an empty log is only right if its head says so', async () => {
    const file = join(folder, 'empty.log')
    await writeFile(file, '')
    const verify = (): Promise<{ code: number; stdout: string }> => runCli(['gateway', 'log', 'verify', file])
    const { code, stdout } = await verify()
    assert.equal(code, 1)
    assert.match(
      stdout,
      /^0 lines: nothing to verify\n.*empty\.log:1: empty: no head says that there are no lines yet\n$/,
    )
    assert.deepEqual(
      (await verifyAuditLog([file, `${file}.head`])).faults.map(({ kind }) => kind),
      ['empty'],
    )
    await writeFile(`${file}.head`, '')
    assert.equal((await verify()).code, 1)
    await writeFile(`${file}.head`, renderHead(START))
    assert.deepEqual(await verify().then((found) => [found.code, found.stdout]), [0, '0 lines: ok\n'])
    for (const head of ['{}', JSON.stringify({ n: 0, hash: 'f'.repeat(64) }), JSON.stringify({ ...START, n: 1 })]) {
      await writeFile(`${file}.head`, head)
      const found = await verify()
      assert.deepEqual(
        [found.code, found.stdout.startsWith('0 lines: not as it was written\n')],
        [1, true],
        found.stdout,
      )
    }
  })

  test('mistakes', async () => {
    const none = await runCli(['gateway', 'log', 'verify', join(folder, 'none.log')])
    assert.deepEqual([none.code, /^ERR_FILE_READ: .*there is no such file/.test(none.stderr)], [1, true], none.stderr)
    const head = await runCli(['gateway', 'log', 'verify', `${path}.head`])
    assert.equal(head.code, 1, head.stdout)
    for (const words of [['verify'], ['check', path], []]) {
      const { code, stderr } = await runCli(['gateway', 'log', ...words])
      assert.deepEqual([code, stderr.split(':')[0]], [2, 'ERR_USAGE'], stderr)
    }
  })
})
