import assert from 'node:assert/strict'
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import type { Readable } from 'node:stream'
import { before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ATTACKS } from '../../examples/attacks/attacks.ts'
import { attackAll, judge, type Outcome, type Row } from '../../examples/attacks/replay.ts'
import { renderTable } from '../../examples/attacks/report.ts'
import { ask } from '../../examples/attacks/stage/ask.ts'
import { makeNaiveCertificates } from '../../examples/attacks/stage/certificates.ts'
import { startOurs } from '../../examples/attacks/stage/ours.ts'
import { CHECK_FACTS } from '../../lib/audit/facts.ts'
import { processesLeft } from '../support/processes.ts'
import { TYPESCRIPT } from '../support/programs.ts'
import { lacks } from '../support/requirements.ts'

const MAIN = fileURLToPath(new URL('../../examples/attacks/main.ts', import.meta.url))
const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'openssl', 'ip', '/usr/bin/perl')

interface Report {
  readonly ok: boolean
  readonly attacks: readonly {
    readonly id: string
    readonly wrong: Outcome
    readonly ours: Outcome
    readonly problems: readonly string[]
  }[]
}

type Child = ChildProcessByStdio<null, Readable, Readable>

function start(args: readonly string[] = [], prefix: readonly string[] = []): Child {
  const [file = '', ...rest] = [...prefix, process.execPath, ...TYPESCRIPT, MAIN, ...args]
  return spawn(file, rest, { stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Collects what it says, and how it ends. */
async function watch(child: Child, onProgress: (text: string) => void = () => undefined): Promise<Ended> {
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => onProgress((output[name] += chunk)))
  }
  const [code] = (await once(child, 'close')) as [number]
  return { code, ...output }
}

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** The demonstration runs while other tests do: it mostly waits, and its namespaces are its own. */
let whole: Promise<Ended> | undefined
let files: readonly string[] = []
before(async () => {
  if (skip !== false) return
  files = await readdir(tmpdir())
  whole = watch(start(['--json']))
})

describe('a weakened set-up', { skip }, () => {
  const expected = {
    'open-port': [],
    'server-certificate': [/^works at ours: logged in/, /^T-EKU-S is fail at ours, and should be pass$/],
    'docker-socket': [/^works at ours/, /^D-USERNS is fail at ours/, /^C-SOCK is fail at ours, and should be warn$/],
    'host-folder': [/^works at ours/, /^D-USERNS is fail at ours/, /^C-HOSTDIR is fail at ours/],
    privileged: [/^works at ours/, /^D-USERNS is fail at ours/, /^C-PRIV is fail at ours, and should be absent$/],
  }
  let rows: readonly Row[]
  before(async () => {
    const stage = await startOurs(await makeNaiveCertificates(), { serverCertificate: true, userNamespaces: true })
    const attacks = ATTACKS.filter(({ id }) => id in expected)
    const ours = await attackAll(stage, attacks)
    const wrong = { result: 'works', evidence: '', milliseconds: 0 } as const
    rows = attacks.map((attack) => {
      const signs = Object.fromEntries(attack.signs.map((sign) => ['check' in sign ? sign.check : '', 'fail']))
      return judge(attack, { ...wrong, signs }, ours.get(attack.id))
    })
  })

  for (const [id, problems] of Object.entries(expected)) {
    test(`${id}: ${problems.length === 0 ? 'is stopped nevertheless' : 'works, and that is noticed'}`, () => {
      const found = rows.find(({ attack }) => attack.id === id)?.problems ?? ['not tried']
      assert.equal(found.length, problems.length, found.join('\n'))
      for (const [index, words] of problems.entries()) assert.match(found[index] ?? '', words)
    })
  }

  test('is in the table', () => {
    const [head = '', first = '', second = ''] = renderTable(rows).split('\n')
    assert.match(head, /^attack +wrong  ours +stopped by +checks that tell of the wrong set-up$/)
    assert.match(first, /^open-port +works  stopped  TLS with client certificates +D-TLS-PLAIN, C-HOSTDIR$/)
    assert.match(second, /^✖ server-certificate +works  works /)
  })
})

describe('npm run attacks -- --json', { skip }, () => {
  let ended: Ended
  let report: Report
  let left: string[]
  before(async () => {
    ended = (await whole) ?? assert.fail('it was not started')
    report = JSON.parse(ended.stdout) as Report
    left = (await readdir(tmpdir())).filter((name) => !files.includes(name))
  })

  for (const { id, title, refusal } of ATTACKS) {
    test(`${id}: ${title}, ${refusal ? 'and is stopped by our set-up' : 'and nothing stops it'}`, () => {
      const row = report.attacks.find((one) => one.id === id)
      assert.ok(row)
      assert.deepEqual(row.problems, [])
      assert.equal(row.wrong.result, 'works')
      assert.equal(row.ours.result, refusal ? 'stopped' : 'works', row.ours.evidence)
    })
  }

  test('says so, with every attack, and leaves nothing', async () => {
    assert.equal(ended.code, 0, ended.stderr)
    assert.equal(report.ok, true)
    assert.deepEqual(
      report.attacks.map(({ id }) => id),
      ATTACKS.map(({ id }) => id),
    )
    assert.match(ended.stderr, /✔ stopped A container ends processes of the host/)
    assert.match(ended.stderr, /\nNothing was left behind\.\n$/)
    assert.deepEqual(left, [])
    assert.deepEqual(await processesLeft('attacks/inside.ts'), [])
  })
})

describe('judging an attack', () => {
  const attack = ATTACKS.find(({ id }) => id === 'server-certificate')
  assert.ok(attack)
  const wrong: Outcome = { result: 'works', evidence: '', milliseconds: 1, signs: { 'T-EKU-S': 'fail' } }
  const evidence = 'TLS alert, bad certificate'
  const ours: Outcome = { result: 'stopped', evidence, milliseconds: 1, signs: { 'T-EKU-S': 'pass' } }
  const rows: readonly (readonly [what: string, wrong: Outcome, ours: Outcome, problem: RegExp | undefined])[] = [
    ['all as expected', wrong, ours, undefined],
    ['no attack', { ...wrong, result: 'stopped' }, ours, /^stopped at the wrong set-up/],
    ['a broken attack', { ...wrong, result: 'broken' }, ours, /^broken at the wrong set-up/],
    ['a broken attack at ours', wrong, { ...ours, result: 'broken' }, /^broken at ours/],
    ['stopped by chance', wrong, { ...ours, evidence: 'HTTP 500' }, /^stopped by something else: HTTP 500$/],
    ['a silent check', { ...wrong, signs: { 'T-EKU-S': 'unknown' } }, ours, /^T-EKU-S is unknown at the wrong set-up/],
    ['a missing check', { ...wrong, signs: {} }, ours, /^T-EKU-S is absent at the wrong set-up/],
    ['a false alarm', wrong, { ...ours, signs: { 'T-EKU-S': 'fail' } }, /^T-EKU-S is fail at ours/],
  ]
  for (const [what, there, here, problem] of rows) {
    test(what, () => {
      const { problems } = judge(attack, there, here)
      assert.equal(problems.length, problem === undefined ? 0 : 1, problems.join('\n'))
      if (problem) assert.match(problems[0] ?? '', problem)
    })
  }

  test('every check exists', () => {
    const known = new Set(CHECK_FACTS.map(({ id }) => id))
    const named = ATTACKS.flatMap(({ signs }) => signs.flatMap((sign) => ('check' in sign ? sign.check : [])))
    assert.deepEqual(
      named.filter((id) => !known.has(id)),
      [],
    )
  })
})

describe('attacks go nowhere else', () => {
  test('not without namespaces', async () => {
    const outside = process.env['DOCKER_MTLS_OUTSIDE']
    delete process.env['DOCKER_MTLS_OUTSIDE']
    try {
      await assert.rejects(ask({ name: 'anyone', port: 9 }, { path: '/info' }), /only in namespaces of their own/)
    } finally {
      if (outside !== undefined) process.env['DOCKER_MTLS_OUTSIDE'] = outside
    }
  })

  test('not to an address', async () => {
    const { code, stderr } = await watch(start(['tcp://192.0.2.1:2375']))
    assert.equal(code, 1)
    assert.match(stderr, /Unexpected argument 'tcp:\/\/192\.0\.2\.1:2375'/)
  })

  test('and not where namespaces are not allowed', { skip }, async () => {
    const { code, stdout, stderr } = await watch(start([], ['setpriv', '--bounding-set=-sys_admin']))
    assert.equal(code, 1)
    assert.match(stderr, /^The attacks run only in namespaces of their own, as root on Linux: root may not create/)
    assert.doesNotMatch(stdout, /Started/)
  })
})

test('Ctrl-C ends everything', { skip }, async () => {
  const child = start()
  let sent = false
  const { code, stdout } = await watch(child, (text) => {
    if (sent || !text.includes('Started 4 daemons')) return
    sent = true
    child.kill('SIGINT')
  })
  assert.equal(code, 130)
  assert.match(stdout, /Interrupted\. All started processes have ended\. Nothing was left behind\./)
  assert.deepEqual(await processesLeft('attacks/inside.ts'), [])
  assert.deepEqual(await processesLeft('dockerd'), [])
  assert.deepEqual(await readdir(tmpdir()), files)
})
